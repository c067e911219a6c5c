"""Which matching core runs: the one place that knows the implementations there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulator_engine.core.matching import MatchingCore, PythonMatchingCore

CoreFactory = Callable[[int], MatchingCore]
"""Makes a core with so many empty books."""

IMPLEMENTATIONS: Final[dict[str, CoreFactory]] = {"python": PythonMatchingCore}
"""Every implementation by name, slowest first; all print identical bytes."""


def default_implementation() -> str:
    """The name of the implementation that runs unless another is asked for: the fastest there is."""
    return list(IMPLEMENTATIONS)[-1]


def create_matching_core(books: int, *, implementation: str | None = None) -> MatchingCore:
    """A core with `books` empty books: the named implementation, or else the fastest there is.

    Raises KeyError for a name that is not there.
    """
    name = implementation or default_implementation()
    return IMPLEMENTATIONS[name](books)
