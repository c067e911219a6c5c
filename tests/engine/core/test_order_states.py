"""The order-state table, step by step, and as it shows in reports."""

from __future__ import annotations

import pytest

from simulator_engine.core.commands import CancelOrder, FlattenPosition, MassCancel, ReplaceOrder
from simulator_engine.core.events import AccountUpdated, PositionUpdated
from simulator_engine.core.orders import TRANSITIONS, ImpossibleTransition, Order
from simulator_engine.core.reasons import (
    ExecType,
    LastLiquidity,
    OrderType,
    OrdStatus,
    RejectCode,
    Side,
    TimeInForce,
)
from tests.engine.core.venues import BUY, MAKER, NOW, SELL, of, order, quote, refusal, reports, steps, venue

PART_FILLED = ("TRADE", "PARTIALLY_FILLED")

_RANK = {
    OrdStatus.PENDING_NEW: 0,
    OrdStatus.NEW: 1,
    OrdStatus.PARTIALLY_FILLED: 2,
    OrdStatus.PENDING_CANCEL: 3,
    OrdStatus.PENDING_REPLACE: 3,
}


def _order(status: OrdStatus) -> Order:
    return Order(1, "a", "ACME", Side.BUY, OrderType.LIMIT, TimeInForce.DAY, 10, 5000, status=status)


@pytest.mark.parametrize("status", list(OrdStatus))
def test_only_steps_of_the_table_are_possible(status: OrdStatus) -> None:
    for exec_type in ExecType:
        for after in OrdStatus:
            made = _order(status)
            if after in TRANSITIONS.get((status, exec_type), ()):
                made.move(exec_type, after)
                assert made.status is after
            else:
                with pytest.raises(ImpossibleTransition):
                    made.move(exec_type, after)
                assert made.status is status


def test_terminal_is_final_and_status_never_falls_back() -> None:
    for (before, exec_type), afters in TRANSITIONS.items():
        assert not before.terminal
        for after in afters:
            resolves = before in (OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE)
            assert after.terminal or resolves or _RANK[after] >= _RANK[before], (before, exec_type, after)


def test_a_limit_order_rests_and_is_filled_in_parts() -> None:
    made = venue()
    quote(made, bids=((4990, 30),))
    events = made.handle(order("a", BUY, 100, "49.90"), NOW)
    assert steps(events) == [("NEW", "NEW")]
    assert reports(events)[0].quantity_ahead_lots == 30
    made.drain()
    made.participant_market("ACME", SELL, 70, MAKER, NOW)
    first = reports(made.drain())
    assert [(r.last_lots, r.cum_lots, r.leaves_lots, r.status) for r in first] == [
        (40, 40, 60, OrdStatus.PARTIALLY_FILLED)
    ]
    assert first[0].last_liquidity is LastLiquidity.ADDED
    made.participant_market("ACME", SELL, 70, MAKER, NOW)
    last = reports(made.drain())[0]
    assert (last.last_lots, last.cum_lots, last.leaves_lots, last.status) == (60, 100, 0, OrdStatus.FILLED)
    assert not last.working


def test_a_marketable_limit_order_takes_then_rests() -> None:
    made = venue()
    quote(made, asks=((5001, 30), (5002, 30)))
    events = made.handle(order("a", BUY, 100, "50.01"), NOW)
    assert steps(events) == [("NEW", "NEW"), ("TRADE", "PARTIALLY_FILLED")]
    assert reports(events)[1].last_liquidity is LastLiquidity.REMOVED
    assert made.best_bid("ACME") == (5001, 70)


def test_positions_and_account_are_told_once_after_the_reports() -> None:
    made = venue()
    quote(made, asks=((5001, 30), (5002, 30)))
    events = made.handle(order("a", BUY, 60, "50.02"), NOW)
    assert [type(event).__name__ for event in events] == [
        "ExecutionReport", "ExecutionReport", "ExecutionReport", "PositionUpdated", "AccountUpdated",
    ]  # fmt: skip
    assert of(PositionUpdated, events)[0].quantity_lots == 60
    assert of(AccountUpdated, events)[0].reserved_minor == 0


@pytest.mark.parametrize(
    ("time_in_force", "price", "expected", "text"),
    [
        (TimeInForce.IMMEDIATE_OR_CANCEL, "50.01", [PART_FILLED, ("CANCELED", "CANCELED")], "UNFILLED_IOC"),
        (TimeInForce.IMMEDIATE_OR_CANCEL, "49.00", [("CANCELED", "CANCELED")], "UNFILLED_IOC"),
        (TimeInForce.FILL_OR_KILL, "50.01", [("CANCELED", "CANCELED")], "UNFILLED_FOK"),
        (TimeInForce.DAY, None, [PART_FILLED, ("CANCELED", "CANCELED")], "OUTSIDE_COLLAR"),
    ],
)  # fmt: skip
def test_what_never_rests_is_canceled_with_its_reason(
    time_in_force: TimeInForce, price: str | None, expected: list[tuple[str, str]], text: str
) -> None:
    made = venue()
    quote(made, asks=((5001, 30), (9000, 500)))
    events = made.handle(order("a", BUY, 100, price, time_in_force=time_in_force), NOW)
    assert steps(events) == [("NEW", "NEW"), *expected]
    assert reports(events)[-1].text == text
    assert reports(events)[-1].leaves_lots == 0
    assert made.account.reserved_minor == 0


def test_a_market_order_into_an_empty_book() -> None:
    made = venue()
    events = made.handle(order("a", BUY, 100), NOW)
    assert steps(events) == [("NEW", "NEW"), ("CANCELED", "CANCELED")]
    assert reports(events)[-1].text == "UNFILLED_MARKET"


def test_fill_or_kill_fills_whole() -> None:
    made = venue()
    quote(made, asks=((5001, 30), (5002, 70)))
    events = made.handle(order("a", BUY, 100, "50.02", time_in_force=TimeInForce.FILL_OR_KILL), NOW)
    assert steps(events)[-1] == ("TRADE", "FILLED")


def test_cancel_by_any_id_then_too_late() -> None:
    made = venue()
    made.handle(order("a", BUY, 100, "49.00"), NOW)
    made.handle(ReplaceOrder("b", "a", quantity="50"), NOW)
    events = made.handle(CancelOrder("x", "a"), NOW)
    assert steps(events) == [("CANCELED", "CANCELED")]
    assert reports(events)[0].client_order_id == "b"
    assert reports(events)[0].text == "REQUESTED"
    late = refusal(made.handle(CancelOrder("y", "b"), NOW))
    assert late.reject_code is RejectCode.TOO_LATE_TO_CANCEL
    assert late.status is OrdStatus.CANCELED
    assert not late.for_replace


def test_cancel_of_an_unknown_order() -> None:
    unknown = refusal(venue().handle(CancelOrder("x", "nothing"), NOW))
    assert (unknown.reject_code, unknown.order_id, unknown.status) == (RejectCode.UNKNOWN_ORDER, 0, None)


def test_mass_cancel_answers_per_order() -> None:
    made = venue(cash=100_000, holdings=(("ACME", 100, 5000),))
    for name, side, price in (("a", BUY, "49.00"), ("b", BUY, "48.00"), ("c", SELL, "51.00")):
        made.handle(order(name, side, 10, price), NOW)
    assert [r.client_order_id for r in reports(made.handle(MassCancel("m1", side=SELL), NOW))] == ["c"]
    assert made.handle(MassCancel("m2", symbol="OTHER"), NOW) == []
    assert [r.client_order_id for r in reports(made.handle(MassCancel("m3", symbol="ACME"), NOW))] == ["a", "b"]
    assert made.account.reserved_minor == 0


def test_day_orders_expire_and_gtc_orders_stay() -> None:
    made = venue()
    quote(made, asks=((5100, 10),))
    made.handle(order("day", BUY, 10, "49.00"), NOW)
    made.handle(order("gtc", BUY, 10, "48.00", time_in_force=TimeInForce.GOOD_TILL_CANCEL), NOW)
    made.drain()
    made.close_day(NOW + 1)
    ended = reports(made.drain())
    assert [(r.client_order_id, r.exec_type, r.status, r.text) for r in ended] == [
        ("day", ExecType.EXPIRED, OrdStatus.EXPIRED, "END_OF_DAY")
    ]
    assert made.best_ask("ACME") is None
    made.open_day("2026-01-06", NOW + 2)
    made.drain()
    made.participant_market("ACME", SELL, 4, MAKER, NOW + 3)
    assert [r.client_order_id for r in reports(made.drain())] == ["gtc"]


def test_flatten_cancels_and_trades_the_position_away() -> None:
    made = venue(cash=0, holdings=(("ACME", 100, 5000),))
    quote(made, bids=((4999, 60), (4998, 60)))
    made.handle(order("a", SELL, 40, "51.00"), NOW)
    events = made.handle(FlattenPosition("f", "ACME"), NOW)
    assert steps(events) == [
        ("CANCELED", "CANCELED"), ("NEW", "NEW"), ("TRADE", "PARTIALLY_FILLED"), ("TRADE", "FILLED"),
    ]  # fmt: skip
    assert made.account.held_lots("ACME") == 0
    again = reports(made.handle(FlattenPosition("g", "ACME"), NOW))[0]
    assert (again.status, again.reject_code) == (OrdStatus.REJECTED, RejectCode.NO_CHANGE)


def test_a_reversal_that_would_be_short_changes_nothing() -> None:
    made = venue(cash=0, holdings=(("ACME", 100, 5000),))
    quote(made, bids=((4999, 600),))
    made.handle(order("a", SELL, 40, "51.00"), NOW)
    events = made.handle(FlattenPosition("f", "ACME", reverse=True), NOW)
    assert [r.reject_code for r in reports(events)] == [RejectCode.SHORT_SELL_NOT_PERMITTED]
    assert made.account.held_lots("ACME") == 100
    assert len(made.working_orders()) == 1


def test_own_orders_never_trade_with_each_other() -> None:
    made = venue(holdings=(("ACME", 100, 5000),))
    made.handle(order("a", SELL, 50, "50.00"), NOW)
    events = made.handle(order("b", BUY, 50, "50.00"), NOW)
    assert steps(events) == [("NEW", "NEW"), ("CANCELED", "CANCELED")]
    assert reports(events)[-1].text == "SELF_MATCH_PREVENTION"
    assert made.best_ask("ACME") == (5000, 50)
    assert made.account.reserved_minor == 0
