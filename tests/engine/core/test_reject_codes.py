"""Every refusal of a new order, at the engine's own door: a stable code, a sentence with numbers, nothing changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator_engine.core.commands import CancelOrder, SubmitOrder
from simulator_engine.core.reasons import (
    MarketPhase,
    OrderType,
    OrdStatus,
    RejectCode,
    TimeInForce,
    TradingState,
)
from simulator_engine.core.tickets import TIMES_TAKEN, TYPES_TAKEN
from simulator_engine.core.venue import Venue
from tests.engine.core.venues import BUY, MAKER, NOW, SELL, instrument, order, quote, reports, steps, units, venue

Code = RejectCode


def refused(made: Venue, command: SubmitOrder) -> tuple[RejectCode | None, str]:
    """The code and text of the refusal, after checking that nothing else happened."""
    before = (made.account.cash_minor, made.account.reserved_minor, len(made.working_orders()))
    book = made.book("ACME", 10)
    events = made.handle(command, NOW)
    assert steps(events) == [("REJECTED", "REJECTED")]
    assert len(events) == 1
    report = reports(events)[0]
    assert report.leaves_lots == report.cum_lots == 0
    assert not report.working
    assert before == (made.account.cash_minor, made.account.reserved_minor, len(made.working_orders()))
    assert made.book("ACME", 10) == book
    return report.reject_code, report.text


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        (order("a", BUY, 1, "50.00", symbol="NONE"), Code.UNKNOWN_SYMBOL, "NONE is not traded here"),
        (order("a", BUY, 1, "50.00", symbol=""), Code.UNKNOWN_SYMBOL, " is not traded here"),
        (order("a", BUY, 0, "50.00"), Code.INCORRECT_QUANTITY, "quantity 0 is not above zero"),
        (order("a", BUY, -1, "50.00"), Code.INCORRECT_QUANTITY, "quantity -1 is not above zero"),
        (order("a", BUY, "1.5", "50.00"), Code.INCORRECT_QUANTITY, "quantity 1.5 is no multiple of 1"),
        (
            order("a", BUY, 1_000_001, "50.00"),
            Code.ORDER_EXCEEDS_LIMIT,
            "quantity 1000001 is above 1000000, the most allowed",
        ),
        (
            order("a", BUY, 10**17, "50.00"),
            Code.ORDER_EXCEEDS_LIMIT,
            f"quantity {10**17} is above 1000000, the most allowed",
        ),
        (order("a", BUY, 1, "50.001"), Code.INVALID_PRICE_INCREMENT, "price 50.001 is no multiple of 0.01"),
        (order("a", BUY, 1, "0.00"), Code.INVALID_PRICE_INCREMENT, "price 0.00 is not above zero"),
        (order("a", BUY, 1, "-50.00"), Code.INVALID_PRICE_INCREMENT, "price -50.00 is not above zero"),
        (
            order("a", BUY, 1, None, order_type=OrderType.LIMIT),
            Code.INVALID_PRICE_INCREMENT,
            "a LIMIT order needs a price",
        ),
        (order("a", BUY, 1, "60.01"), Code.PRICE_OUTSIDE_BAND, "60.01 is outside 40.00–60.00"),
        (order("a", BUY, 1, "39.99"), Code.PRICE_OUTSIDE_BAND, "39.99 is outside 40.00–60.00"),
        (
            order("a", BUY, 1, "999999999999999999"),
            Code.PRICE_OUTSIDE_BAND,
            "price 999999999999999999 is beyond any band",
        ),
        (order("a", BUY, 200, "50.00"), Code.INSUFFICIENT_BUYING_POWER, "needs 10 000.00, has 5 000.00"),
        (order("a", BUY, 100), Code.INSUFFICIENT_BUYING_POWER, "needs 5 250.00, has 5 000.00"),
        (order("a", SELL, 31, "50.00"), Code.SHORT_SELL_NOT_PERMITTED, "sells 31, holds 30"),
        (
            order("a", BUY, 1, "50.00", order_type=OrderType.MARKET),
            Code.UNSUPPORTED_ORDER_CHARACTERISTIC,
            "a MARKET order has no price",
        ),
        (
            order("a", BUY, 1, "50.00", stop_price="49.00"),
            Code.UNSUPPORTED_ORDER_CHARACTERISTIC,
            "a LIMIT order has no stop price",
        ),
        (
            order("a", BUY, 1, "50.00", display_quantity="1"),
            Code.UNSUPPORTED_ORDER_CHARACTERISTIC,
            "display_quantity is not taken here",
        ),
        (
            order("a", BUY, 1, "50.00", min_quantity="1"),
            Code.UNSUPPORTED_ORDER_CHARACTERISTIC,
            "min_quantity is not taken here",
        ),
        (
            order("a", BUY, 1, post_only=True),
            Code.UNSUPPORTED_ORDER_CHARACTERISTIC,
            "a post-only order must be able to rest",
        ),
        (
            order("a", BUY, 1, "50.00", reduce_only=True),
            Code.ORDER_EXCEEDS_LIMIT,
            "reduce-only, and there is nothing that a buy would reduce",
        ),
    ],
)
def test_refusals_say_what_is_wrong(command: SubmitOrder, code: RejectCode, text: str) -> None:
    made = venue(cash=5000, holdings=(("ACME", 30, 5000),))
    assert refused(made, command) == (code, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "-0",
        "1e3",
        "NaN",
        "Infinity",
        "01",
        "1.",
        ".5",
        "0x10",
        "１",
        "1_0",
        "9" * 40,
        None,
        5,
        1.5,
    ],
)
def test_what_is_no_plain_decimal_is_no_quantity_and_no_price(text: Any) -> None:
    made = venue()
    report = reports(made.handle(replace(order("a", BUY, 1, "50.00"), quantity=text), NOW))[0]
    assert report.reject_code is RejectCode.INCORRECT_QUANTITY
    assert report.raw_quantity == text
    if text is not None:
        report = reports(made.handle(order("b", BUY, 1, text), NOW))[0]
        assert report.reject_code is RejectCode.INVALID_PRICE_INCREMENT
        assert report.raw_price == text


@pytest.mark.parametrize("client_order_id", ["", "a" * 65, "a b", "ä", "a/b", "a\n", "１"])
def test_a_malformed_id_is_refused(client_order_id: str) -> None:
    code, _ = refused(venue(), order(client_order_id, BUY, 1, "50.00"))
    assert code is RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC


@pytest.mark.parametrize("client_order_id", ["a", "A" * 64, "0._:-"])
def test_a_well_formed_id_is_taken(client_order_id: str) -> None:
    assert steps(venue().handle(order(client_order_id, BUY, 1, "50.00"), NOW)) == [("NEW", "NEW")]


@pytest.mark.parametrize("order_type", sorted(set(OrderType) - TYPES_TAKEN))
def test_other_order_types_are_refused_by_name(order_type: OrderType) -> None:
    code, text = refused(venue(), order("a", BUY, 1, "50.00", order_type=order_type, stop_price="49.00"))
    assert code is RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC
    assert order_type.value in text


@pytest.mark.parametrize("time_in_force", sorted(set(TimeInForce) - TIMES_TAKEN))
def test_other_times_in_force_are_refused_by_name(time_in_force: TimeInForce) -> None:
    code, text = refused(venue(), order("a", BUY, 1, "50.00", time_in_force=time_in_force))
    assert code is RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC
    assert time_in_force.value in text


@pytest.mark.parametrize("spent", ["live", "canceled", "refused"])
def test_an_id_is_used_once(spent: str) -> None:
    made = venue()
    made.handle(order("a", BUY, 0 if spent == "refused" else 1, "50.00"), NOW)
    if spent == "canceled":
        made.handle(CancelOrder("x", "a"), NOW)
    first = made.find_order("a")
    assert refused(made, order("a", BUY, 1, "50.00"))[0] is RejectCode.DUPLICATE_ORDER
    assert made.find_order("a") is first


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        (MarketPhase.CLOSED, RejectCode.MARKET_CLOSED),
        (MarketPhase.PRE_OPEN, RejectCode.MARKET_CLOSED),
        (MarketPhase.HALT, RejectCode.HALTED),
    ],
)
def test_a_market_that_does_not_trade(phase: MarketPhase, code: RejectCode) -> None:
    made = venue()
    made.handle(order("a", BUY, 1, "50.00"), NOW)
    made.set_phase(phase, NOW)
    assert refused(made, order("b", BUY, 1, "50.00"))[0] is code
    assert steps(made.handle(CancelOrder("x", "a"), NOW)) == [("CANCELED", "CANCELED")]


def test_no_reference_price() -> None:
    made = venue(instruments=(instrument(previous_close_ticks=0),))
    code, text = refused(made, order("a", BUY, 1))
    assert (code, text) == (RejectCode.NO_REFERENCE_PRICE, "ACME has no reference price yet")


def test_the_band_follows_the_last_trade() -> None:
    made = venue()
    quote(made, asks=((5500, 10),))
    made.participant_market("ACME", BUY, 1, MAKER, NOW, limit_ticks=5500)
    assert refused(made, order("a", BUY, 1, "43.99"))[1] == "43.99 is outside 44.00–66.00"


def test_notional_out_of_range() -> None:
    made = venue(instruments=(instrument(min_notional_minor=units(100), max_notional_minor=units(1000)),))
    assert refused(made, order("a", BUY, 1, "50.00")) == (
        RejectCode.NOTIONAL_OUT_OF_RANGE, "worth 50.00, allowed are 100.00 to 1 000.00",
    )  # fmt: skip
    assert refused(made, order("b", BUY, 21, "50.00"))[0] is RejectCode.NOTIONAL_OUT_OF_RANGE
    assert steps(made.handle(order("c", BUY, 20, "50.00"), NOW)) == [("NEW", "NEW")]


def test_open_orders_are_limited() -> None:
    made = venue(instruments=(instrument(max_open_orders=2),))
    made.handle(order("a", BUY, 1, "50.00"), NOW)
    made.handle(order("b", BUY, 1, "50.00"), NOW)
    assert refused(made, order("c", BUY, 1, "50.00")) == (
        RejectCode.ORDER_EXCEEDS_LIMIT, "2 orders are open, the most allowed",
    )  # fmt: skip
    made.handle(CancelOrder("x", "a"), NOW)
    assert steps(made.handle(order("d", BUY, 1, "50.00"), NOW)) == [("NEW", "NEW")]


def test_open_sales_count_against_what_is_held() -> None:
    made = venue(holdings=(("ACME", 100, 5000),))
    made.handle(order("a", SELL, 70, "51.00"), NOW)
    assert refused(made, order("b", SELL, 31, "51.00")) == (
        RejectCode.SHORT_SELL_NOT_PERMITTED, "sells 31, holds 100 of which 70 in open orders",
    )  # fmt: skip
    assert steps(made.handle(order("c", SELL, 30, "51.00"), NOW)) == [("NEW", "NEW")]


def test_post_only_never_takes() -> None:
    made = venue()
    quote(made, asks=((5000, 10),), bids=((4998, 10),))
    assert refused(made, order("a", BUY, 1, "50.00", post_only=True))[0] is RejectCode.WOULD_TAKE
    assert steps(made.handle(order("b", BUY, 1, "49.99", post_only=True), NOW)) == [("NEW", "NEW")]


def test_limits_of_the_account() -> None:
    made = venue(
        instruments=(instrument(), instrument("OTHER")),
        max_order_notional_minor=units(2000),
        position_limit_minor=units(3000),
        exposure_limit_minor=units(4000),
        holdings=(("ACME", 30, 5000),),
    )
    assert refused(made, order("a", BUY, 41, "50.00")) == (
        RejectCode.ORDER_EXCEEDS_LIMIT, "worth 2 050.00, your limit is 2 000.00",
    )  # fmt: skip
    assert refused(made, order("b", BUY, 31, "50.00")) == (
        RejectCode.POSITION_LIMIT, "the position would be worth 3 050.00, limit 3 000.00",
    )  # fmt: skip
    made.handle(order("c", BUY, 20, "50.00", symbol="OTHER"), NOW)
    assert refused(made, order("d", BUY, 31, "50.00", symbol="OTHER")) == (
        RejectCode.EXPOSURE_LIMIT, "all positions would be worth 4 050.00, limit 4 000.00",
    )  # fmt: skip


def test_a_day_that_lost_enough_takes_only_sales() -> None:
    made = venue(daily_loss_limit_minor=units(100), holdings=(("ACME", 100, 5200),))
    quote(made, bids=((5000, 50),))
    made.handle(order("a", SELL, 50, "50.00"), NOW)
    assert refused(made, order("b", BUY, 1, "50.00")) == (
        RejectCode.DAILY_LOSS_LIMIT, "lost 100.00 today, the limit is 100.00",
    )  # fmt: skip
    assert steps(made.handle(order("c", SELL, 1, "50.00"), NOW)) == [("NEW", "NEW")]
    made.close_day(NOW)
    made.open_day("2026-01-06", NOW)
    assert steps(made.handle(order("d", BUY, 1, "50.00"), NOW)) == [("NEW", "NEW")]


def test_an_account_that_may_only_reduce_or_only_cancel() -> None:
    made = venue(holdings=(("ACME", 100, 5000),))
    made.handle(order("a", BUY, 1, "49.00"), NOW)
    made.set_trading_state(TradingState.REDUCING, NOW)
    assert refused(made, order("b", BUY, 1, "50.00"))[0] is RejectCode.TRADING_HALTED_BY_RISK
    assert steps(made.handle(order("c", SELL, 1, "50.00"), NOW)) == [("NEW", "NEW")]
    made.set_trading_state(TradingState.HALTED, NOW)
    assert refused(made, order("d", SELL, 1, "50.00"))[0] is RejectCode.TRADING_HALTED_BY_RISK
    assert steps(made.handle(CancelOrder("x", "a"), NOW)) == [("CANCELED", "CANCELED")]


@pytest.mark.parametrize("verdict", [RejectCode.STALE_ORDER, RejectCode.CONNECTION_QUALITY, RejectCode.RATE_LIMIT])
def test_a_verdict_passed_before_stands_alone(verdict: RejectCode) -> None:
    made = venue()
    assert refused(made, order("a", BUY, 0, "50.00", verdict=verdict))[0] is verdict
    found = made.find_order("a")
    assert found is not None
    assert found.status is OrdStatus.REJECTED
