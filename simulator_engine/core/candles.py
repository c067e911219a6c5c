"""Candles from the venue's own trades: one second for the last quarter of an hour, one minute for days, and
rollups.

A candle is a fact about trades; a span without any has none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

SECONDS_KEPT: Final = 900
MINUTES_KEPT: Final = 6_000
"""About fifteen trading days of six and a half hours."""

_SECOND_NS: Final = 1_000_000_000


@dataclass(slots=True)
class Candle:
    """`start_s` is seconds since the epoch on the simulated calendar; volume in lots."""

    start_s: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    trades: int

    def merge(self, later: Candle) -> None:
        """Take in a candle that follows this one."""
        self.high_ticks = max(self.high_ticks, later.high_ticks)
        self.low_ticks = min(self.low_ticks, later.low_ticks)
        self.close_ticks = later.close_ticks
        self.volume_lots += later.volume_lots
        self.trades += later.trades

    def row(self) -> list[int]:
        return [
            self.start_s, self.open_ticks, self.high_ticks, self.low_ticks, self.close_ticks,
            self.volume_lots, self.trades,
        ]  # fmt: skip


class CandleSeries:
    """The candles of one symbol."""

    __slots__ = ("_minute", "_second", "minutes", "seconds")

    def __init__(self) -> None:
        self.seconds: deque[Candle] = deque(maxlen=SECONDS_KEPT)
        self.minutes: deque[Candle] = deque(maxlen=MINUTES_KEPT)
        self._second: Candle | None = None
        self._minute: Candle | None = None

    def add(self, price: int, lots: int, sim_time_ns: int) -> None:
        second_s = sim_time_ns // _SECOND_NS
        candle = self._second
        if candle is None or candle.start_s != second_s:
            self._second = Candle(second_s, price, price, price, price, lots, 1)
            self.seconds.append(self._second)
            minute_s = second_s - second_s % 60
            minute = self._minute
            if minute is None or minute.start_s != minute_s:
                self._minute = Candle(minute_s, price, price, price, price, lots, 1)
                self.minutes.append(self._minute)
                return
            candle = minute
        else:
            _extend(candle, price, lots)
            assert self._minute is not None
            candle = self._minute
        _extend(candle, price, lots)

    def between(self, interval_s: int, start_s: int, end_s: int, limit: int) -> list[Candle]:
        """The last `limit` candles of an interval that start in [start_s, end_s), oldest first, as copies.

        Intervals under a minute are built from seconds, the others from minutes. Raises ValueError for an
        interval that divides neither.
        """
        if interval_s <= 0 or (60 % interval_s if interval_s < 60 else interval_s % 60):
            raise ValueError(f"no candles of {interval_s} s")
        found: list[Candle] = []
        for candle in self.seconds if interval_s < 60 else self.minutes:
            start = candle.start_s - candle.start_s % interval_s
            if not start_s <= start < end_s:
                continue
            if found and found[-1].start_s == start:
                found[-1].merge(candle)
            else:
                found.append(Candle(start, *candle.row()[1:]))
        return found[-limit:] if limit > 0 else []

    def latest(self, interval_s: int) -> list[Candle]:
        """The kept candles that fall into the interval of the last trade, oldest first; to read only."""
        source = self.seconds if interval_s < 60 else self.minutes
        found: list[Candle] = []
        for candle in reversed(source):
            if candle.start_s - candle.start_s % interval_s != source[-1].start_s - source[-1].start_s % interval_s:
                break
            found.append(candle)
        found.reverse()
        return found

    def to_state(self) -> list[list[list[int]]]:
        return [[candle.row() for candle in self.seconds], [candle.row() for candle in self.minutes]]

    def load_state(self, state: list[list[list[int]]]) -> None:
        seconds, minutes = state
        self.seconds = deque((Candle(*row) for row in seconds), maxlen=SECONDS_KEPT)
        self.minutes = deque((Candle(*row) for row in minutes), maxlen=MINUTES_KEPT)
        self._second = self.seconds[-1] if self.seconds else None
        self._minute = self.minutes[-1] if self.minutes else None


def _extend(candle: Candle, price: int, lots: int) -> None:
    if price > candle.high_ticks:
        candle.high_ticks = price
    elif price < candle.low_ticks:
        candle.low_ticks = price
    candle.close_ticks = price
    candle.volume_lots += lots
    candle.trades += 1
