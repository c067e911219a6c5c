"""The bars before a session: minutes that add up to their day, real days unchanged, and no seam to the live market."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from simulator_engine.core.candles import Candle
from simulator_engine.market.charts import INTERVALS, roll_up
from simulator_engine.market.history import PriceHistory
from simulator_engine.market.scenarios import resolve
from tests.engine.market.exchanges import SECOND_NS, make, opened, run

SCENARIOS = [("open-market", None), ("history", "2008-10-10"), ("history", "2000-07-03"), ("history", "2012-05-22")]


@pytest.mark.parametrize(("slug", "date"), SCENARIOS)
def test_minutes_add_up_to_their_day(slug: str, date: str | None) -> None:
    scenario = resolve(slug, date=date)
    history = PriceHistory(scenario, 7)
    for instrument in scenario.instruments:
        for bar in history.daily(instrument.symbol)[-12:]:
            minutes = history.minutes(instrument.symbol, bar)
            assert len(minutes) == 390
            assert minutes[0].start_s == scenario.calendar.open_ns(bar.date) // SECOND_NS
            assert minutes[-1].start_s == scenario.calendar.close_ns(bar.date) // SECOND_NS - 60
            assert minutes[0].open_ticks == bar.open
            assert minutes[-1].close_ticks == bar.close
            assert max(one.high_ticks for one in minutes) == bar.high
            assert min(one.low_ticks for one in minutes) == bar.low
            assert sum(one.volume_lots for one in minutes) == bar.volume
            _check_candles(minutes)


def _check_candles(candles: list[Candle]) -> None:
    for one in candles:
        assert 0 < one.low_ticks <= min(one.open_ticks, one.close_ticks)
        assert one.high_ticks >= max(one.open_ticks, one.close_ticks)
        assert one.trades > 0
    starts = [one.start_s for one in candles]
    assert starts == sorted(set(starts))


def test_two_synthetic_years_end_at_the_previous_close() -> None:
    scenario = resolve("open-market")
    history = PriceHistory(scenario, 7)
    for instrument, listing in zip(scenario.instruments, scenario.listings, strict=True):
        bars = history.daily(instrument.symbol)
        assert len(bars) == 504
        assert bars[-1].date == "2026-02-27"
        assert bars[-1].close == instrument.previous_close_ticks
        mean_range = sum((bar.high - bar.low) / bar.close for bar in bars) / len(bars)
        assert 0.7 < mean_range / (1.6 * listing.daily_volatility) < 1.4
    assert history.daily("ACME") != PriceHistory(scenario, 8).daily("ACME")


def test_real_days_are_the_real_ones() -> None:
    scenario = resolve("history", date="2005-03-01")
    exchange = make(1, scenario)
    days = exchange.candles("AAPL", 86_400, 0, 1 << 62, 1_000)
    assert [(one.open_ticks, one.high_ticks, one.low_ticks, one.close_ticks) for one in days[-3:-1]] == [
        # 2005-02-25, printed as 89.62 90.03 87.67? Halved, because the shares were split on the Monday after.
        tuple(_halved("2005-02-25")),
        tuple(_printed("2005-02-28")),
    ]
    assert len(days) == 505


def _printed(date: str) -> list[int]:
    from simulator_engine.market import real_bars

    bar = real_bars.load()["AAPL"].bars[real_bars.load()["AAPL"].index[date]]
    return [price // 100 for price in (bar.open, bar.high, bar.low, bar.close)]


def _halved(date: str) -> list[int]:
    return [round(price / 2) for price in _printed(date)]


def test_the_chart_has_no_seam() -> None:
    """Minutes before the session, the session's own, and no hole or jump between them."""
    exchange = opened()
    start = exchange.sim_time_ns
    run(exchange, 130)
    for symbol in ("ACME", "PIKE"):
        candles = exchange.candles(symbol, 60, start - 3_600 * SECOND_NS, exchange.sim_time_ns + 1, 100)
        _check_candles(candles)
        opening = start // SECOND_NS - 300
        today = [one for one in candles if one.start_s >= opening]
        # Without a hole before the book opened; then a minute without a trade has no candle.
        assert [one.start_s for one in today[:3]] == [opening, opening + 60, opening + 120]
        assert len(today) >= 5
        for before, after in pairwise(today):
            assert abs(after.open_ticks - before.close_ticks) <= max(6, before.close_ticks // 400)


def test_every_interval_is_served_and_limited() -> None:
    exchange = opened()
    run(exchange, 20)
    now = exchange.sim_time_ns
    for interval in INTERVALS:
        candles = exchange.candles("LUMA", interval, 0, now + 1, 250)
        _check_candles(candles)
        assert candles
        assert len(candles) == (211 if interval == 3_600 else 250) or interval < 60
        assert candles[-1].start_s <= now // SECOND_NS
        assert exchange.candles("LUMA", interval, 0, now + 1, 2) == candles[-2:]
        assert exchange.candles("LUMA", interval, 0, now + 1, 0) == []
    minutes = exchange.candles("LUMA", 60, 0, now + 1, 100_000)
    assert 30 * 390 < len(minutes) < 30 * 390 + 20
    assert roll_up(minutes, 900) == exchange.candles("LUMA", 900, 0, now + 1, 100_000)
    quarter = exchange.candles("LUMA", 900, 0, now + 1, 10)
    middle_ns = (quarter[4].start_s + 7) * SECOND_NS
    assert exchange.candles("LUMA", 900, middle_ns, now + 1, 100) == quarter[5:]
    assert exchange.candles("LUMA", 900, 0, middle_ns, 3) == quarter[2:5]
    with pytest.raises(ValueError, match="no candles"):
        exchange.candles("LUMA", 7, 0, now, 10)
    with pytest.raises(KeyError):
        exchange.candles("NOPE", 60, 0, now, 10)


def test_a_session_opens_and_its_history_comes_in_time() -> None:
    """Generous bounds for a busy machine; the figures themselves are printed by the benchmark."""
    began = time.process_time()
    exchange = make(11)
    assert time.process_time() - began < 3.0
    began = time.process_time()
    for one in resolve("open-market").instruments:
        exchange.candles(one.symbol, 86_400, 0, 1 << 62, 600)
        exchange.candles(one.symbol, 60, 0, 1 << 62, 12_000)
    assert time.process_time() - began < 4.0


def test_a_simulated_real_day_resembles_the_real_bar() -> None:
    """Its first minutes stay within the real day's range, give or take what the participants add."""
    scenario = resolve("history", date="2008-10-10")
    exchange = make(3, scenario)
    run(exchange, 240)
    history = PriceHistory(scenario, 3)
    for one in scenario.instruments:
        bar = history.bar_on(one.symbol, scenario.date)
        assert bar is not None
        low, high = 0.985 * bar.low, 1.015 * bar.high
        assert low < exchange.venue.last_price(one.symbol) < high
        today = exchange.candles(one.symbol, 86_400, 0, 1 << 62, 1)[0]
        assert today.open_ticks == bar.open
        assert low < today.low_ticks <= today.high_ticks < high
