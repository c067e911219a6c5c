"""Candles of any interval over the bars before a session, the minutes before its start, and the venue's
own trades.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator_engine.core.candles import Candle
from simulator_engine.market.history import MINUTE_DAYS, PriceHistory
from simulator_engine.market.real_bars import DailyBar
from simulator_engine.market.trading_calendar import SECOND_NS, TradingCalendar

DAY_S = 86_400
INTERVALS = (1, 5, 15, 60, 300, 900, 3_600, DAY_S)
"""Seconds a candle may span."""


def roll_up(candles: Iterable[Candle], interval_s: int) -> list[Candle]:
    """Candles of a longer interval out of ascending shorter ones; the given ones stay as they are."""
    rolled: list[Candle] = []
    for candle in candles:
        start = candle.start_s - candle.start_s % interval_s
        if rolled and rolled[-1].start_s == start:
            rolled[-1].merge(candle)
        else:
            rolled.append(Candle(start, *candle.row()[1:]))
    return rolled


def day_candle(bar: DailyBar, calendar: TradingCalendar) -> Candle:
    """A daily bar as a candle that starts at the day's open."""
    start = calendar.open_ns(bar.date) // SECOND_NS
    return Candle(start, bar.open, bar.high, bar.low, bar.close, bar.volume, max(1, bar.volume // 200))


def one_day(candles: list[Candle], start_s: int) -> Candle | None:
    """A day's candle out of its minutes, or None when there are none."""
    if not candles:
        return None
    first = Candle(start_s, *candles[0].row()[1:])
    for candle in candles[1:]:
        first.merge(candle)
    return first


def daily_candles(
    history: PriceHistory, symbol: str, calendar: TradingCalendar, lived: list[Candle], today: Candle | None
) -> list[Candle]:
    """The days before the session, those it lived through, and the one that is running."""
    candles = [day_candle(bar, calendar) for bar in history.daily(symbol)]
    candles += lived
    if today is not None:
        candles.append(today)
    return candles


def intraday_candles(
    history: PriceHistory,
    symbol: str,
    interval_s: int,
    *,
    recent: list[Candle],
    start_s: int,
    end_s: int,
    limit: int,
) -> list[Candle]:
    """The last `limit` candles in [start_s, end_s): `recent` minutes, and as many earlier days as it
    takes.
    """
    parts: list[list[Candle]] = [[candle for candle in recent if start_s <= candle.start_s < end_s]]
    known = len(parts[0])
    needed = limit * (interval_s // 60)
    for bar in reversed(history.daily(symbol)[-MINUTE_DAYS:]):
        if known >= needed:
            break
        minutes = history.minutes(symbol, bar)
        if minutes[-1].start_s < start_s:
            break
        part = [candle for candle in minutes if start_s <= candle.start_s < end_s]
        parts.append(part)
        known += len(part)
    parts.reverse()
    return roll_up((candle for part in parts for candle in part), interval_s)[-limit:]
