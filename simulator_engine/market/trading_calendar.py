"""When the simulated exchange is open: a list of days and the hours of a time zone, as UTC nanoseconds.

Pure functions of their arguments; the time-zone database decides about daylight saving, not the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND_NS = 1_000_000_000


@lru_cache(maxsize=4096)
def instant_ns(day: str, clock: str, timezone: str) -> int:
    """The instant at which the clock of a time zone shows `HH:MM` on a day, in ns since the Unix epoch."""
    hour, minute = clock.split(":")
    local = datetime.combine(date.fromisoformat(day), time(int(hour), int(minute)), ZoneInfo(timezone))
    return int(local.astimezone(UTC).timestamp()) * SECOND_NS


@lru_cache(maxsize=4096)
def next_weekday(day: str) -> str:
    following = date.fromisoformat(day) + timedelta(days=1)
    while following.weekday() >= 5:
        following += timedelta(days=1)
    return following.isoformat()


@lru_cache(maxsize=4096)
def previous_weekday(day: str) -> str:
    earlier = date.fromisoformat(day) - timedelta(days=1)
    while earlier.weekday() >= 5:
        earlier -= timedelta(days=1)
    return earlier.isoformat()


@dataclass(frozen=True, slots=True)
class TradingCalendar:
    """The opening hours of one exchange. `days` are its known trading days; weekdays follow the last one."""

    exchange: str
    timezone: str
    open: str
    close: str
    start_after_open_minutes: int
    first_day: str
    days: tuple[str, ...] = ()

    def open_ns(self, day: str) -> int:
        return instant_ns(day, self.open, self.timezone)

    def close_ns(self, day: str) -> int:
        return instant_ns(day, self.close, self.timezone)

    def start_ns(self, day: str) -> int:
        """A session's first instant on its first day: some minutes after the open."""
        return self.open_ns(day) + self.start_after_open_minutes * 60 * SECOND_NS

    def next_day(self, day: str) -> str:
        """The trading day after `day`: the next known one, else the next weekday."""
        if self.days and day < self.days[-1]:
            low, high = 0, len(self.days) - 1
            while low < high:
                middle = (low + high) // 2
                if self.days[middle] > day:
                    high = middle
                else:
                    low = middle + 1
            return self.days[low]
        return next_weekday(day)
