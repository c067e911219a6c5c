"""What a trading day is tied to: a real bar, or an overnight jump and nothing else; and its minutes
before a book.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator_engine.core.candles import Candle
from simulator_engine.market.day_path import Waypoint
from simulator_engine.market.history import OVERNIGHT_SHARE, PriceHistory, bar_volatility, day_plan
from simulator_engine.market.rng import Stream
from simulator_engine.market.scenarios import Listing

STEPS_A_MINUTE = 120
PATH_SHARE = 0.8
"""A real day's volatility is partly in its path between open, extremes and close; the rest is drawn."""


@dataclass(frozen=True, slots=True)
class DayTerms:
    """One symbol's day. `opening_ticks` is a real bar's open; without one, `gap` is the overnight log-ish
    return.
    """

    plan: list[Waypoint]
    daily_volatility: float
    volume_factor: float
    opening_ticks: int | None
    gap: float

    def opening_value(self, last_value: float) -> float:
        if self.opening_ticks is not None:
            return float(self.opening_ticks)
        return max(2.0, last_value * (1.0 + self.gap))


def day_terms(history: PriceHistory, listing: Listing, seed: int, symbol: str, day: str) -> DayTerms:
    """Derived from the session's scenario and seed alone, so it is never saved."""
    bar = history.bar_on(symbol, day)
    if bar is None:
        jump = Stream.named(seed, symbol, "night", day).student3()
        jump = 5.0 if jump > 5.0 else -5.0 if jump < -5.0 else jump
        gap = OVERNIGHT_SHARE * listing.daily_volatility * jump
        return DayTerms([], listing.daily_volatility, 1.0, None, gap)
    volatility = min(0.12, max(0.003, PATH_SHARE * bar_volatility(bar)))
    # Participants trade more by themselves on a volatile day; what the bar's volume asks beyond that is size.
    factor = bar.volume / listing.average_daily_volume / max(1.0, volatility / listing.daily_volatility)
    return DayTerms(
        plan=day_plan(seed, symbol, bar),
        daily_volatility=volatility,
        volume_factor=min(2.5, max(0.4, factor)),
        opening_ticks=bar.open,
        gap=0.0,
    )


class MinuteBuilder:
    """Makes one-minute candles out of values that come twice a second."""

    def __init__(self, start_s: int, listing: Listing, day_scale: float) -> None:
        self._start_s = start_s
        self._per_step = listing.average_daily_volume * day_scale / (390.0 * STEPS_A_MINUTE)
        self._candles: list[Candle] = []
        self._volume = 0.0
        self._count = 0

    def add(self, value: float, activity: float) -> None:
        price = max(1, int(value + 0.5))
        minute = self._count // STEPS_A_MINUTE
        self._count += 1
        if minute == len(self._candles):
            self._candles.append(Candle(self._start_s + 60 * minute, price, price, price, price, 0, 0))
            self._volume = 0.0
        candle = self._candles[-1]
        candle.high_ticks = max(candle.high_ticks, price)
        candle.low_ticks = min(candle.low_ticks, price)
        candle.close_ticks = price
        self._volume += self._per_step * activity
        candle.volume_lots = max(1, int(self._volume))
        candle.trades = 1 + candle.volume_lots // 200

    def candles(self) -> list[Candle]:
        return self._candles
