"""A preview changes nothing, and tells what then happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator_engine.core.fees import FeeSchedule
from simulator_engine.core.reasons import RejectCode, Side, TimeInForce
from tests.engine.core.venues import BUY, NOW, SELL, order, quote, reports, units, venue


def test_walking_the_book() -> None:
    made = venue(cash=10_000, fees=FeeSchedule(taker_basis_points_hundredths=1000))
    quote(made, asks=((5000, 50), (5010, 50)))
    preview = made.preview(order("a", BUY, 80))
    assert (preview.fill_lots, preview.fill_notional_minor) == (80, units(4003))
    assert (preview.worst_price_ticks, preview.resting_lots) == (5010, 0)
    assert preview.fee_minor == units("4.003")
    assert preview.cost_minor == units("4007.003")
    assert preview.position_after_lots == 80
    assert preview.buying_power_after_minor == units("5992.997")
    assert preview.refusals == ()


def test_every_broken_rule_is_told() -> None:
    preview = venue(cash=10).preview(order("a b", BUY, 100, "70.00", display_quantity="5"))
    assert [code for code, _ in preview.refusals] == [
        RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC,
        RejectCode.UNSUPPORTED_ORDER_CHARACTERISTIC,
        RejectCode.PRICE_OUTSIDE_BAND,
        RejectCode.INSUFFICIENT_BUYING_POWER,
    ]


def test_what_cannot_be_read_still_has_a_preview() -> None:
    made = venue(cash=10)
    preview = made.preview(order("a", BUY, "x", "y"))
    assert [code for code, _ in preview.refusals] == ["INCORRECT_QUANTITY", "INVALID_PRICE_INCREMENT"]
    assert preview.buying_power_minor == preview.buying_power_after_minor == units(10)
    assert made.preview(order("a", BUY, 1, "50.00", symbol="NONE")).refusals[0].code == "UNKNOWN_SYMBOL"


def test_an_own_order_in_the_way_stops_the_walk() -> None:
    made = venue(holdings=(("ACME", 50, 5000),))
    quote(made, asks=((5000, 10), (5001, 50)))
    made.handle(order("own", SELL, 50, "50.00"), NOW)
    command = order("a", BUY, 100, "50.05")
    preview = made.preview(command)
    assert (preview.fill_lots, preview.resting_lots) == (10, 0)
    told = reports(made.handle(command, NOW))
    assert (told[-1].cum_lots, told[-1].leaves_lots, told[-1].text) == (10, 0, "SELF_MATCH_PREVENTION")


@settings(max_examples=150, deadline=None)
@given(
    bids=st.lists(st.tuples(st.integers(4950, 4999), st.integers(1, 40)), max_size=5),
    asks=st.lists(st.tuples(st.integers(5000, 5050), st.integers(1, 40)), max_size=5),
    own=st.none() | st.tuples(st.sampled_from(list(Side)), st.integers(4990, 5010), st.integers(1, 20)),
    side=st.sampled_from(list(Side)),
    price=st.none() | st.integers(4940, 5060),
    lots=st.integers(1, 100),
    time_in_force=st.sampled_from([TimeInForce.DAY, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL]),
    minimum=st.sampled_from([0, 10_000]),
)
def test_it_tells_what_then_happens(
    bids: list[tuple[int, int]],
    asks: list[tuple[int, int]],
    own: tuple[Side, int, int] | None,
    side: Side,
    price: int | None,
    lots: int,
    time_in_force: TimeInForce,
    minimum: int,
) -> None:
    made = venue(
        cash=3_000,
        holdings=(("ACME", 80, 5000),),
        fees=FeeSchedule(maker_basis_points_hundredths=100, taker_basis_points_hundredths=300, minimum_minor=minimum),
    )
    if own is not None:
        made.handle(order("own", own[0], own[2], f"{own[1] / 100:.2f}"), NOW)
    quote(made, bids=tuple(bids), asks=tuple(asks))
    made.drain()
    made.take_records()
    command = order("a", side, lots, None if price is None else f"{price / 100:.2f}", time_in_force=time_in_force)
    before = made.snapshot()
    preview = made.preview(command)
    assert made.snapshot() == before
    assert made.drain() == made.take_records() == []

    told = [r for r in reports(made.handle(command, NOW)) if r.client_order_id == "a"]
    if preview.refusals:
        assert (told[0].reject_code, told[0].text) == preview.refusals[0]
        return
    assert told[0].reject_code is None
    assert (told[-1].cum_lots, told[-1].cum_notional_minor) == (preview.fill_lots, preview.fill_notional_minor)
    assert told[-1].leaves_lots == preview.resting_lots
    assert made.account.buying_power_minor == preview.buying_power_after_minor
    fills = [r.last_price_ticks for r in told if r.last_lots]
    assert (fills[-1] if fills else None) == preview.worst_price_ticks
    if preview.resting_lots:
        assert told[0].quantity_ahead_lots == preview.quantity_ahead_lots
