"""What a simulator says about itself: one JSON line an event, on standard error. Never a secret, never an order."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

import orjson


class Log(Protocol):
    def __call__(self, event: str, **fields: Any) -> None: ...


def wall_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def logger(**bound: Any) -> Log:
    """A log whose every line carries these fields."""

    def log(event: str, **fields: Any) -> None:
        line = orjson.dumps({"at_ms": wall_ms(), "event": event, **bound, **fields}, default=str)
        sys.stderr.write(line.decode() + "\n")
        sys.stderr.flush()

    return log
