"""A market that stays a market: two sides always, a spread of few ticks, and a floor under the heaviest seller."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.events import ExecutionReport, TradePrinted
from simulator_engine.core.reasons import Side, TimeInForce
from simulator_engine.market.exchange import Exchange
from simulator_engine.market.scenarios import Scenario, resolve
from tests.engine.market.exchanges import SECOND_NS, make, open_market, opened, order, run


def _check_both_sides(exchange: Exchange, seconds: int) -> dict[str, list[int]]:
    """Look once a second for so long; returns the spreads seen, by symbol."""
    spreads: dict[str, list[int]] = {one.symbol: [] for one in exchange.venue.instruments.values()}
    for _ in range(seconds):
        run(exchange, 1)
        exchange.drain()
        for symbol, seen in spreads.items():
            bid, ask = exchange.venue.best_bid(symbol), exchange.venue.best_ask(symbol)
            assert bid is not None, (symbol, exchange.sim_time_ns)
            assert ask is not None, (symbol, exchange.sim_time_ns)
            assert bid[0] < ask[0]
            seen.append(ask[0] - bid[0])
    return spreads


def test_the_market_trades_from_the_first_instant() -> None:
    exchange = make()
    assert exchange.drain() == []
    for one in open_market().instruments:
        book = exchange.book(one.symbol, 20)
        assert len(book.bids) == len(book.asks) == 20
        assert sum(lots for _, lots, _ in book.bids) > 5_000
        assert len(exchange.trades(one.symbol, 10)) >= 1
        assert exchange.dirty_levels(one.symbol).bids == ()
    run(exchange, 30)
    assert sum(isinstance(event, TradePrinted) for event in exchange.drain()) > 10


@pytest.mark.parametrize("seed", [1, 2])
def test_both_sides_for_six_minutes(seed: int) -> None:
    for symbol, spreads in _check_both_sides(make(seed), 360).items():
        spreads.sort()
        assert 1 <= spreads[180] <= 6, (symbol, spreads[180])
        assert spreads[-1] <= 80, (symbol, spreads[-1])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_both_sides_for_a_whole_day_and_the_next_morning(seed: int) -> None:
    _check_both_sides(make(seed), 23_400 + 600)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("date", ["2008-10-10", "2012-05-18"])
def test_both_sides_through_a_wild_real_day(date: str) -> None:
    _check_both_sides(make(7, resolve("history", date=date)), 23_400)


def _acme_alone() -> Scenario:
    """One share instead of five, to be quick."""
    scenario = open_market()
    return replace(scenario, instruments=scenario.instruments[:1], listings=scenario.listings[:1])


def _whale() -> AccountTerms:
    """Holds a fifth of a day's volume of ACME."""
    return AccountTerms(currency="USD", starting_cash_minor=10**10, holdings=(("ACME", 700_000, 14_820),))


@pytest.mark.parametrize("seed", [1, 5])
def test_heavy_selling_moves_the_price_and_does_not_break_it(seed: int) -> None:
    """12 % of a day's volume sold at market within four minutes, against the same market left alone."""
    scenario = _acme_alone()
    exchange = Exchange.create(scenario=scenario, seed=seed, account=_whale())
    alone = Exchange.create(scenario=scenario, seed=seed, account=_whale())
    before = exchange.venue.last_price("ACME")
    volume = int(0.12 * scenario.listings[0].average_daily_volume)
    child = volume // 120
    sold = 0
    for number in range(120):
        for event in exchange.handle(order(number, "ACME", Side.SELL, child)):
            if isinstance(event, ExecutionReport):
                sold += event.last_lots
        _check_both_sides(exchange, 2)
    run(alone, 240)
    sigma = scenario.listings[0].daily_volatility * before
    pushed = alone.venue.last_price("ACME") - exchange.venue.last_price("ACME")
    assert sold > 0.9 * volume
    assert 0.08 * sigma < pushed < 2.0 * sigma
    # Most of it is gone after four times as long.
    run(exchange, 960)
    run(alone, 960)
    left = alone.venue.last_price("ACME") - exchange.venue.last_price("ACME")
    assert left < 0.6 * pushed


def test_one_enormous_order_meets_patient_buyers() -> None:
    exchange = Exchange.create(scenario=open_market(), seed=1, account=_whale())
    before = exchange.venue.last_price("ACME")
    exchange.handle(order(1, "ACME", Side.SELL, 200_000))
    assert exchange.venue.best_bid("ACME") is not None
    assert exchange.venue.last_price("ACME") > 0.93 * before
    run(exchange, 30)
    assert exchange.venue.last_price("ACME") > 0.97 * before


def test_the_user_moves_the_market_and_the_next_order_meets_a_thinner_book() -> None:
    exchange = opened()
    first = _average(exchange, order(1, "HELX", Side.BUY, 700))
    second = _average(exchange, order(2, "HELX", Side.BUY, 700))
    assert second > first


def _average(exchange: Exchange, command: object) -> float:
    fills = [
        event
        for event in exchange.handle(command)  # type: ignore[arg-type]
        if isinstance(event, ExecutionReport) and event.last_lots
    ]
    assert sum(event.last_lots for event in fills) == 700
    return sum(event.last_lots * (event.last_price_ticks or 0) for event in fills) / 700


def test_resting_orders_at_the_touch_are_filled_by_the_market() -> None:
    """One order at the best bid of each share: some of them trade within ten minutes."""
    exchange = opened()
    for number, one in enumerate(open_market().instruments):
        bid = exchange.venue.best_bid(one.symbol)
        assert bid is not None
        exchange.handle(order(number, one.symbol, Side.BUY, 20, f"{bid[0] / 100:.2f}"))
    exchange.drain()
    run(exchange, 600)
    filled = {e.symbol for e in exchange.drain() if isinstance(e, ExecutionReport) and e.last_lots}
    assert len(filled) >= 2


def test_the_night_takes_no_time() -> None:
    scenario = open_market()
    exchange = make(2)
    bought = exchange.handle(order(1, "PIKE", Side.BUY, 10, "39.00", TimeInForce.DAY))
    kept = exchange.handle(order(2, "PIKE", Side.BUY, 10, "39.00", TimeInForce.GOOD_TILL_CANCEL))
    assert bought
    assert kept
    close = scenario.calendar.close_ns(scenario.date)
    # A cheat for speed: only the last seconds are lived through, from an emptied agenda.
    exchange._schedule.clear()
    exchange._schedule.add(close, 11, 0)
    assert exchange.advance(close + SECOND_NS)
    assert exchange.date == "2026-03-03"
    assert exchange.sim_time_ns == scenario.calendar.open_ns("2026-03-03")
    assert [one.client_order_id for one in exchange.venue.working_orders()] == ["order-2"]
    run(exchange, 60)
    assert exchange.sim_time_ns == scenario.calendar.open_ns("2026-03-03") + 60 * SECOND_NS
    days = exchange.candles("PIKE", 86_400, 0, exchange.sim_time_ns + 1, 3)
    assert [one.start_s for one in days[-2:]] == [
        scenario.calendar.open_ns(day) // SECOND_NS for day in ("2026-03-02", "2026-03-03")
    ]
