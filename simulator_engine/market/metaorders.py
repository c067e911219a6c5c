"""Large orders worked in many small children: what gives order signs their long memory."""

from __future__ import annotations

from typing import Final

from simulator_engine.market.rng import Stream

MEAN_WAIT_S: Final = 6.0
MOST_CHILDREN: Final = 900
PASSIVE: Final = 0.25


class Metaorders:
    """The metaorders of one symbol that are being worked, by number."""

    __slots__ = ("_number", "_working", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._number = 0
        self._working: dict[int, list[int]] = {}

    def start(self) -> int:
        """Begin one: a sign and a Pareto number of children, four at least."""
        stream = self.stream
        sign = 1 if stream.uniform() < 0.5 else -1
        children = int(4.0 * stream.pareto(1.5))
        self._number += 1
        self._working[self._number] = [sign, children if children < MOST_CHILDREN else MOST_CHILDREN]
        return self._number

    def child(self, number: int) -> tuple[int, bool]:
        """The next child: (sign, whether it waits in the book rather than takes)."""
        entry = self._working[number]
        entry[1] -= 1
        if entry[1] <= 0:
            del self._working[number]
        return entry[0], self.stream.uniform() < PASSIVE

    def alive(self, number: int) -> bool:
        return number in self._working

    def wait_ns(self, number: int, activity: float) -> int:
        """Until its next child; the longest orders are not worked much faster than the shortest."""
        return 1 + int(self.stream.exponential(MEAN_WAIT_S / activity) * 1e9)

    def forget(self) -> None:
        self._working = {}

    def state(self) -> list[object]:
        return [
            self.stream.state,
            self._number,
            [[number, sign, left] for number, (sign, left) in sorted(self._working.items())],
        ]

    def load(self, state: list[object]) -> None:
        stream, number, working = state
        assert isinstance(stream, int)
        assert isinstance(number, int)
        assert isinstance(working, list)
        self.stream.state, self._number = stream, number
        self._working = {key: [sign, left] for key, sign, left in working}
