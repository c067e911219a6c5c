"""The one queue of what the participants and the calendar will do next, in simulated time; ties keep
their order.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

STEP: Final = 1
"""The drivers of all symbols move on."""
WAKE: Final = 2
"""A market maker looks at its quotes (a: which)."""
HURRY: Final = 3
"""The touch has just moved: a market maker looks at once (a: which)."""
DEEP: Final = 4
"""The deep contrarians replenish."""
CANCEL: Final = 5
"""A noise limit order's life ends (a: order id)."""
LIMIT: Final = 6
"""A noise limit order comes."""
NOISE: Final = 7
"""A noise taker comes (a: sign, or 0 to draw one)."""
META: Final = 8
"""A metaorder's next child (a: metaorder)."""
VALUE: Final = 9
"""An arbitrageur comes."""
MOMENTUM: Final = 10
"""A trend follower comes (a: sign)."""
CLOSE: Final = 11
"""The trading day ends."""

Entry = tuple[int, int, int, int, int]
"""(when_ns, number, kind, symbol index, a)."""


class Schedule:
    """A heap of entries; `number` makes the order of equal instants that of their scheduling."""

    __slots__ = ("_entries", "_number")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._number = 0

    def add(self, when_ns: int, kind: int, symbol: int, a: int = 0) -> None:
        self._number += 1
        heappush(self._entries, (when_ns, self._number, kind, symbol, a))

    def next_ns(self) -> int:
        """When the next entry is due. Raises IndexError when there is none."""
        return self._entries[0][0]

    def pop(self) -> Entry:
        return heappop(self._entries)

    def clear(self) -> None:
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def state(self) -> list[object]:
        return [self._number, [list(entry) for entry in sorted(self._entries)]]

    def load(self, state: list[object]) -> None:
        number, entries = state
        assert isinstance(number, int)
        assert isinstance(entries, list)
        self._number = number
        self._entries = [(when, order, kind, symbol, a) for when, order, kind, symbol, a in entries]
        heapify(self._entries)
