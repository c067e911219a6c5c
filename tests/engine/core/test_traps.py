"""Traps seen in other simulators, each held shut by name."""

from __future__ import annotations

from simulator_engine.core.commands import CancelOrder, ReplaceOrder
from simulator_engine.core.reasons import OrdStatus, TimeInForce
from tests.engine.core.venues import BUY, MAKER, NOW, SELL, order, quote, reports, units, venue


def test_restored_orders_fill_and_cancel() -> None:
    made = venue()
    made.handle(order("a", BUY, 10, "49.00"), NOW)
    made.handle(order("b", BUY, 10, "48.00"), NOW)
    restored = venue()
    restored.restore(made.snapshot())
    restored.participant_market("ACME", SELL, 10, MAKER, NOW)
    assert reports(restored.drain())[0].status is OrdStatus.FILLED
    assert reports(restored.handle(CancelOrder("x", "b"), NOW))[0].status is OrdStatus.CANCELED
    assert restored.account.cash_minor == restored.account.buying_power_minor == units(1_000_000 - 490)


def test_a_partial_fill_is_credited_at_once() -> None:
    made = venue()
    made.handle(order("a", BUY, 10, "49.00"), NOW)
    made.participant_market("ACME", SELL, 3, MAKER, NOW)
    assert made.account.held_lots("ACME") == 3
    report = reports(made.drain())[-1]
    assert (report.last_lots, report.cum_lots) == (3, 3)
    made.participant_market("ACME", SELL, 4, MAKER, NOW)
    report = reports(made.drain())[-1]
    assert (report.last_lots, report.cum_lots) == (4, 7)


def test_liquidity_is_taken_once() -> None:
    made = venue()
    quote(made, asks=((5000, 10), (5001, 10)))
    prices = []
    for name in ("a", "b", "c"):
        told = reports(made.handle(order(name, BUY, 10, "50.01", time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL), NOW))
        prices.append([r.last_price_ticks for r in told if r.last_lots])
    assert prices == [[5000], [5001], []]


def test_no_absurd_price_from_a_thin_book() -> None:
    made = venue()
    quote(made, asks=((5000, 1), (50_000, 100)))
    told = reports(made.handle(order("a", BUY, 50), NOW))
    assert [r.last_price_ticks for r in told if r.last_lots] == [5000]
    assert told[-1].text == "OUTSIDE_COLLAR"


def test_filled_and_canceled_never_both() -> None:
    made = venue()
    made.handle(order("a", BUY, 10, "49.00"), NOW)
    made.handle(CancelOrder("x", "a"), NOW)
    made.drain()
    made.participant_limit("ACME", SELL, 4900, 10, MAKER, NOW)
    assert made.drain() == []
    assert made.account.held_lots("ACME") == 0


def test_a_fill_beside_a_replace_is_kept() -> None:
    made = venue()
    made.handle(order("a", BUY, 10, "49.00"), NOW)
    made.participant_market("ACME", SELL, 3, MAKER, NOW)
    made.handle(ReplaceOrder("b", "a", quantity="8"), NOW)
    made.participant_market("ACME", SELL, 50, MAKER, NOW)
    last = reports(made.drain())[-1]
    assert (last.client_order_id, last.cum_lots, last.status) == ("b", 8, OrdStatus.FILLED)
    assert made.account.held_lots("ACME") == 8


def test_no_order_is_left_pending() -> None:
    made = venue()
    quote(made, asks=((5000, 5),))
    for number, command in enumerate(
        (order("a", BUY, 10, "50.00"), order("b", BUY, 0, "50.00"), ReplaceOrder("c", "a", quantity="9"))
    ):
        made.handle(command, NOW + number)
    pending = {OrdStatus.PENDING_NEW, OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE}
    assert not [one for one in made.orders() if one.status in pending]
