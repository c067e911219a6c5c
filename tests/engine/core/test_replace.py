"""Changing a live order: totals, priority, ids, reservations, and what may overtake it."""

from __future__ import annotations

import pytest

from simulator_engine.core.commands import CancelOrder, ReplaceOrder
from simulator_engine.core.reasons import OrdStatus, RejectCode, TimeInForce
from tests.engine.core.venues import (
    BUY,
    MAKER,
    NOW,
    SELL,
    instrument,
    order,
    quote,
    refusal,
    reports,
    steps,
    units,
    venue,
)


def test_a_decrease_keeps_the_place_in_the_queue() -> None:
    made = venue()
    quote(made, bids=((4990, 30),))
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    quote(made, bids=((4990, 30),))
    report = reports(made.handle(ReplaceOrder("b", "a", quantity="60"), NOW))[0]
    assert (report.exec_type, report.status) == ("REPLACED", "NEW")
    assert (report.client_order_id, report.original_client_order_id) == ("b", "a")
    assert (report.quantity_lots, report.leaves_lots, report.quantity_ahead_lots) == (60, 60, 30)


@pytest.mark.parametrize("change", [{"quantity": "101"}, {"price": "49.89"}, {"quantity": "50", "price": "49.91"}])
def test_an_increase_or_another_price_goes_to_the_back(change: dict[str, str]) -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    for price in (4989, 4990, 4991):
        quote(made, bids=((price, 30),))
    report = reports(made.handle(ReplaceOrder("b", "a", **change), NOW))[0]
    assert report.quantity_ahead_lots == 30


def test_quantity_is_the_new_total() -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    made.participant_market("ACME", SELL, 40, MAKER, NOW)
    report = reports(made.handle(ReplaceOrder("b", "a", quantity="70"), NOW))[0]
    assert (report.cum_lots, report.leaves_lots, report.status) == (40, 30, OrdStatus.PARTIALLY_FILLED)


@pytest.mark.parametrize("total", ["40", "10", "1"])
def test_a_total_within_what_is_filled_closes_the_order(total: str) -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    made.participant_market("ACME", SELL, 40, MAKER, NOW)
    events = made.handle(ReplaceOrder("b", "a", quantity=total), NOW)
    report = reports(events)[0]
    assert (report.exec_type, report.status) == ("REPLACED", "FILLED")
    assert (report.quantity_lots, report.cum_lots, report.leaves_lots) == (40, 40, 0)
    assert made.best_bid("ACME") is None
    assert made.account.reserved_minor == 0
    assert made.working_orders() == []


def test_a_new_price_may_trade_at_once() -> None:
    made = venue()
    quote(made, asks=((5005, 30),))
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    events = made.handle(ReplaceOrder("b", "a", price="50.05"), NOW)
    assert steps(events) == [("REPLACED", "NEW"), ("TRADE", "PARTIALLY_FILLED")]
    assert reports(events)[1].client_order_id == "b"


def test_the_new_terms_are_reserved_and_a_refusal_keeps_the_old() -> None:
    made = venue(cash=10_000)
    made.handle(order("a", BUY, 100, "50.00"), NOW)
    assert made.account.reserved_minor == units(5000)
    refused = refusal(made.handle(ReplaceOrder("b", "a", quantity="201"), NOW))
    assert refused.reject_code is RejectCode.INSUFFICIENT_BUYING_POWER
    assert refused.text == "needs 10 050.00, has 10 000.00"
    assert made.account.reserved_minor == units(5000)
    made.handle(ReplaceOrder("c", "a", quantity="200"), NOW)
    assert made.account.buying_power_minor == 0
    made.handle(ReplaceOrder("d", "c", quantity="20"), NOW)
    assert made.account.reserved_minor == units(1000)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ReplaceOrder("b", "nothing", quantity="5"), RejectCode.UNKNOWN_ORDER),
        (ReplaceOrder("b", "a"), RejectCode.NO_CHANGE),
        (ReplaceOrder("b", "a", quantity="100", price="49.90"), RejectCode.NO_CHANGE),
        (ReplaceOrder("a", "a", quantity="50"), RejectCode.DUPLICATE_ORDER),
        (ReplaceOrder("b b", "a", quantity="50"), RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC),
        (ReplaceOrder("b", "a", quantity="0"), RejectCode.INCORRECT_QUANTITY),
        (ReplaceOrder("b", "a", quantity="-5"), RejectCode.INCORRECT_QUANTITY),
        (ReplaceOrder("b", "a", quantity="1e3"), RejectCode.INCORRECT_QUANTITY),
        (ReplaceOrder("b", "a", quantity="1.5"), RejectCode.INCORRECT_QUANTITY),
        (ReplaceOrder("b", "a", quantity="1000001"), RejectCode.ORDER_EXCEEDS_LIMIT),
        (ReplaceOrder("b", "a", price="49.905"), RejectCode.INVALID_PRICE_INCREMENT),
        (ReplaceOrder("b", "a", price="0"), RejectCode.INVALID_PRICE_INCREMENT),
        (ReplaceOrder("b", "a", price="500.00"), RejectCode.PRICE_OUTSIDE_BAND),
        (ReplaceOrder("b", "a", stop_price="48.00"), RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC),
        (ReplaceOrder("b", "a", quantity="900000"), RejectCode.INSUFFICIENT_BUYING_POWER),
    ],
)
def test_a_refused_replace_changes_nothing(command: ReplaceOrder, code: RejectCode) -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    refused = refusal(made.handle(command, NOW))
    assert refused.reject_code is code
    assert refused.for_replace
    assert refused.text
    found = made.find_order("a")
    assert found is not None
    assert (found.status, found.quantity_lots, found.price_ticks) == (OrdStatus.NEW, 100, 4990)
    assert made.best_bid("ACME") == (4990, 100)
    assert made.account.reserved_minor == units(4990)


def test_a_minimum_quantity_holds_for_a_new_total() -> None:
    made = venue(instruments=(instrument(min_quantity_lots=10),))
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    assert refusal(made.handle(ReplaceOrder("b", "a", quantity="9"), NOW)).reject_code == "INCORRECT_QUANTITY"


def test_only_the_current_id_is_replaced() -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    made.handle(ReplaceOrder("b", "a", quantity="90"), NOW)
    refused = refusal(made.handle(ReplaceOrder("c", "a", quantity="80"), NOW))
    assert refused.reject_code is RejectCode.SUPERSEDED
    assert "b" in refused.text
    assert made.find_order("a") is made.find_order("b")
    assert made.find_order("c") is None


def test_a_replace_overtaken_by_the_full_fill_is_too_late() -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90"), NOW)
    made.participant_market("ACME", SELL, 100, MAKER, NOW)
    refused = refusal(made.handle(ReplaceOrder("b", "a", quantity="90"), NOW))
    assert (refused.reject_code, refused.status) == (RejectCode.TOO_LATE_TO_CANCEL, OrdStatus.FILLED)
    late = refusal(made.handle(CancelOrder("x", "a"), NOW))
    assert late.reject_code is RejectCode.TOO_LATE_TO_CANCEL


def test_a_post_only_order_stays_passive_through_a_replace() -> None:
    made = venue()
    quote(made, asks=((5000, 10),))
    made.handle(order("a", BUY, 10, "49.90", post_only=True), NOW)
    assert refusal(made.handle(ReplaceOrder("b", "a", price="50.00"), NOW)).reject_code is RejectCode.WOULD_TAKE


def test_closed_markets_take_cancels_and_closing_totals_only() -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.90", time_in_force=TimeInForce.GOOD_TILL_CANCEL), NOW)
    made.participant_market("ACME", SELL, 40, MAKER, NOW)
    made.close_day(NOW + 1)
    assert refusal(made.handle(ReplaceOrder("b", "a", quantity="90"), NOW)).reject_code is RejectCode.MARKET_CLOSED
    assert steps(made.handle(ReplaceOrder("c", "a", quantity="40"), NOW)) == [("REPLACED", "FILLED")]


def test_a_sale_is_replaced_in_its_own_place() -> None:
    """What the replaced order sells is not counted twice against what is held."""
    made = venue(holdings=(("ACME", 100, 5000),))
    made.handle(order("a", SELL, 100, "51.00"), NOW)
    assert steps(made.handle(ReplaceOrder("b", "a", price="50.50"), NOW)) == [("REPLACED", "NEW")]
    assert steps(made.handle(ReplaceOrder("c", "b", quantity="80"), NOW)) == [("REPLACED", "NEW")]
    refused = refusal(made.handle(ReplaceOrder("d", "c", quantity="101"), NOW))
    assert refused.reject_code is RejectCode.SHORT_SELL_NOT_PERMITTED
    assert refused.text == "sells 101, holds 100"
