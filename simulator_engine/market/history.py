"""The bars before a session: real daily ones or two synthetic years, and minutes drawn through them on
demand.

Everything derives from (scenario, seed), lazily per symbol and day, and ends at the previous close the
market opens from.
"""

from __future__ import annotations

from math import sqrt

from simulator_engine.core.candles import Candle
from simulator_engine.market import real_bars
from simulator_engine.market.day_path import (
    Waypoint,
    bridge_extremes,
    bridge_step,
    volatility_shape,
    volume_shape,
    waypoints,
)
from simulator_engine.market.numeric import exp, log
from simulator_engine.market.real_bars import DailyBar
from simulator_engine.market.rng import Stream
from simulator_engine.market.scenarios import PRICE_MINOR_PER_UNIT, Listing, Scenario
from simulator_engine.market.trading_calendar import SECOND_NS, previous_weekday

DAYS_KEPT = 504
MINUTE_DAYS = 30
MINUTES = 390
DAYS_OF_MINUTES_KEPT = 64
"""How many drawn symbol-days stay in memory; others are drawn again when a chart asks, in some 3 ms each."""
OVERNIGHT_SHARE = 0.35
"""The night's standard deviation against the day's."""

_RANGE_TO_SD = 1.6651092223153954
"""Parkinson: the log range of a day is on average this many standard deviations (2 √ln 2)."""


class PriceHistory:
    """Bars of each symbol before the session's first day; they never change, so what is kept is only a cache."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._seed = seed
        self._listings = {listing.symbol: listing for listing in scenario.listings}
        self._instruments = {instrument.symbol: instrument for instrument in scenario.instruments}
        self._daily: dict[str, list[DailyBar]] = {}
        self._minutes: dict[tuple[str, str], list[Candle]] = {}
        self._market: list[float] | None = None

    def daily(self, symbol: str) -> list[DailyBar]:
        """Up to two years of daily bars, oldest first, the last one closing at the previous close."""
        bars = self._daily.get(symbol)
        if bars is None:
            bars = self._real(symbol) if self._scenario.kind == "history" else self._synthetic(symbol)
            self._daily[symbol] = bars
        return bars

    def minutes(self, symbol: str, bar: DailyBar) -> list[Candle]:
        """The minutes of one day before the session, drawn through its daily bar, which they add up to."""
        key = (symbol, bar.date)
        candles = self._minutes.get(key)
        if candles is None:
            stream = Stream.named(self._seed, symbol, "minutes", bar.date)
            open_s = self._scenario.calendar.open_ns(bar.date) // SECOND_NS
            candles = self._minutes[key] = draw_minutes(stream, bar, open_s)
            if len(self._minutes) > DAYS_OF_MINUTES_KEPT:
                del self._minutes[next(iter(self._minutes))]
        return candles

    def bar_on(self, symbol: str, day: str) -> DailyBar | None:
        """The real bar of a day of the session, counted in shares of its first day; None when there is
        none.
        """
        if self._scenario.kind != "history":
            return None
        share = real_bars.load()[symbol]
        index = share.index.get(day)
        if index is None:
            return None
        return share.adjusted(index, share.index[self._scenario.date], self._tick_minor(symbol))

    def _tick_minor(self, symbol: str) -> int:
        return int(self._instruments[symbol].tick_size * PRICE_MINOR_PER_UNIT)

    def _real(self, symbol: str) -> list[DailyBar]:
        share = real_bars.load()[symbol]
        basis = share.index[self._scenario.date]
        tick = self._tick_minor(symbol)
        return [share.adjusted(i, basis, tick) for i in range(max(0, basis - DAYS_KEPT), basis)]

    def _synthetic(self, symbol: str) -> list[DailyBar]:
        listing = self._listings[symbol]
        if self._market is None:
            shared = Stream.named(self._seed, "market", "daily")
            self._market = [shared.normal() for _ in range(DAYS_KEPT)]
        stream = Stream.named(self._seed, symbol, "daily")
        days = _weekdays_before(self._scenario.calendar.first_day)
        shapes = _daily_shapes(stream, listing, self._market)
        # The walk is drawn from its start and then moved, so that it ends at the previous close.
        last = shapes[-1][3]
        close = float(self._instruments[symbol].previous_close_ticks)
        bars = []
        for day, (first, low, high, end, volume) in zip(days, shapes, strict=True):
            o, c = _ticks(close * exp(first - last)), _ticks(close * exp(end - last))
            h, lo = _ticks(close * exp(high - last)), _ticks(close * exp(low - last))
            bars.append(DailyBar(day, o, max(o, h, c), min(o, lo, c), c, volume))
        return bars


def _ticks(price: float) -> int:
    return max(1, int(price + 0.5))


def _weekdays_before(day: str) -> list[str]:
    days = []
    for _ in range(DAYS_KEPT):
        day = previous_weekday(day)
        days.append(day)
    days.reverse()
    return days


def _daily_shapes(
    stream: Stream, listing: Listing, market: list[float]
) -> list[tuple[float, float, float, float, int]]:
    """Log open, low, high, close and volume of each day of a walk that starts at 0."""
    correlation = min(0.85, 0.65 * listing.beta)
    own = sqrt(1.0 - correlation * correlation)
    slow, at = 0.3 * stream.normal(), 0.0
    shapes = []
    for shared in market:
        slow = 0.975 * slow + 0.0667 * stream.normal()
        burst = 0.25 * stream.normal()
        sd = listing.daily_volatility * exp(slow + burst - 0.1525)
        start = at + OVERNIGHT_SHARE * sd * stream.student3()
        end = start + sd * (correlation * shared + own * stream.normal())
        low, high = bridge_extremes(stream, start, end, sd)
        volume = listing.average_daily_volume * exp(0.8 * (slow + burst) + 0.2 * stream.normal() - 0.06)
        shapes.append((start, low, high, end, max(1, int(volume))))
        at = end
    return shapes


def bar_volatility(bar: DailyBar) -> float:
    """The standard deviation of a day's log return that its range suggests."""
    if bar.high <= bar.low:
        return 0.001
    return min(0.2, max(0.001, log(bar.high / bar.low) / _RANGE_TO_SD))


def day_plan(seed: int, symbol: str, bar: DailyBar) -> list[Waypoint]:
    """The path of a real day's fundamental: the same for the same session, symbol and day."""
    return waypoints(Stream.named(seed, symbol, "plan", bar.date), bar)


def draw_minutes(stream: Stream, bar: DailyBar, open_s: int) -> list[Candle]:
    """390 one-minute candles whose open, high, low, close and volume add up to the bar's."""
    plan = waypoints(stream, bar)
    lowest, highest = float(bar.low), float(bar.high)
    sd_day = (highest - lowest) / _RANGE_TO_SD + 0.3
    root = sqrt(1.0 / MINUTES)
    step = 1.0 / MINUTES
    rows: list[tuple[int, int, int, int]] = []
    weights: list[float] = []
    price, index, total = plan[0][1], 1, 0.0
    for minute in range(MINUTES):
        at = minute * step
        start = price
        low = high = start
        sd = sd_day * root * volatility_shape(at)
        # A waypoint inside this minute is passed on the way.
        while index < len(plan) - 1 and plan[index][0] < at + step:
            price = plan[index][1]
            low, high = min(low, price), max(high, price)
            index += 1
        when, target = plan[index]
        price = bridge_step(price, target, when - at, step, sd * stream.normal())
        if price > highest:
            price = max(lowest, highest + highest - price)
        elif price < lowest:
            price = min(highest, lowest + lowest - price)
        down, up = bridge_extremes(stream, start, price, 0.8 * sd)
        low, high = max(lowest, min(low, down)), min(highest, max(high, up))
        o, c = int(start + 0.5), int(price + 0.5)
        floor = int(low) if low == int(low) else int(low) + 1
        rows.append((o, max(o, c, int(high)), min(o, c, floor), c))
        weight = volume_shape(at) * exp(0.45 * stream.normal()) * (0.6 + (high - low) / (sd + 0.5))
        weights.append(weight)
        total += weight
    return _with_volumes(rows, weights, total, bar, open_s)


def _with_volumes(
    rows: list[tuple[int, int, int, int]], weights: list[float], total: float, bar: DailyBar, open_s: int
) -> list[Candle]:
    candles = []
    left = bar.volume
    lot = max(1, bar.volume // 15_000)
    for minute, ((o, h, low, c), weight) in enumerate(zip(rows, weights, strict=True)):
        volume = left if minute == MINUTES - 1 else min(left, int(bar.volume * (weight / total)))
        left -= volume
        candles.append(Candle(open_s + 60 * minute, o, h, low, c, volume, max(1, volume // lot)))
    return candles
