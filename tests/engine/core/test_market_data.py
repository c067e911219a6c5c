"""What the public sees: views, deltas, checksums, trades and candles, all from the venue's own output."""

from __future__ import annotations

from decimal import Decimal
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator_engine.core.candles import SECONDS_KEPT, CandleSeries
from simulator_engine.core.events import LevelChanged, TradePrinted
from simulator_engine.core.market_data import book_checksum
from simulator_engine.core.reasons import Side
from tests.engine.core.venues import BUY, MAKER, NOW, SELL, instrument, of, order, quote, venue

SECOND = 1_000_000_000


def test_a_book_is_shown_best_first() -> None:
    made = venue()
    quote(made, bids=((4998, 5), (4999, 7), (4999, 1)), asks=((5002, 3), (5001, 4)))
    view = made.book("ACME", 10)
    assert view.bids == ((4999, 8, 2), (4998, 5, 1))
    assert view.asks == ((5001, 4, 1), (5002, 3, 1))
    assert made.book("ACME", 1).bids == ((4999, 8, 2),)
    assert made.book("ACME", 0).bids == ()
    assert made.depth_at("ACME", BUY, 4999) == 8


def test_an_empty_book_is_a_state() -> None:
    view = venue().book("ACME", 10)
    assert (view.bids, view.asks, view.checksum) == ((), (), 0)


def test_the_checksum_is_over_the_wire_texts_of_ten_levels() -> None:
    share = instrument(lot_size=Decimal("0.1"), tick_size=Decimal("0.01"))
    bids = tuple((5000 - n, 10 + n, 1) for n in range(12))
    asks = ((5001, 7, 2),)
    text = "|".join([f"{(5000 - n) / 100:.2f}:{(10 + n) / 10:.1f}" for n in range(10)] + ["50.01:0.7"])
    assert book_checksum(share, bids, asks) == crc32(text.encode())
    assert book_checksum(share, ((5000, 10, 1),), ()) == crc32(b"50.00:1.0")


_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["limit", "limit", "limit", "cancel", "market", "reduce", "look"]),
        st.sampled_from(list(Side)),
        st.integers(4990, 5010),
        st.integers(1, 20),
    ),
    max_size=60,
)


@settings(max_examples=80, deadline=None)
@given(actions=_ACTIONS)
def test_deltas_from_any_snapshot_hold_the_book_exactly(actions: list[tuple[str, Side, int, int]]) -> None:
    made = venue()
    held: tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]] = ({}, {})
    seq, ids = made.dirty_levels("ACME").seq, [0]
    for kind, side, price, lots in actions:
        if kind == "limit":
            ids.append(made.participant_limit("ACME", side, price, lots, MAKER, NOW))
        elif kind == "cancel":
            made.participant_cancel("ACME", ids[lots % len(ids)], NOW)
        elif kind == "reduce":
            made.participant_reduce("ACME", ids[price % len(ids)], lots, NOW)
        elif kind == "market":
            made.participant_market("ACME", side, lots, MAKER, NOW)
        else:
            delta = made.dirty_levels("ACME")
            assert delta.prev_seq == seq
            seq = delta.seq
            for levels, rows in zip(held, (delta.bids, delta.asks), strict=True):
                for at, quantity, orders in rows:
                    levels[at] = (quantity, orders)
                    if not quantity:
                        del levels[at]
            view = made.book("ACME", 99)
            assert view.seq == seq
            assert view.bids == tuple((p, *held[0][p]) for p in sorted(held[0], reverse=True))
            assert view.asks == tuple((p, *held[1][p]) for p in sorted(held[1]))


def test_trades_are_numbered_and_say_who_took() -> None:
    made = venue(record_public=True)
    quote(made, asks=((5000, 5), (5001, 5)))
    made.participant_market("ACME", BUY, 7, MAKER, NOW)
    made.handle(order("a", BUY, 1, "50.01"), NOW + 1)
    rows = made.trades("ACME", 10)
    assert [(row.number, row.price_ticks, row.quantity_lots, row.aggressor, row.user) for row in rows] == [
        (3, 5001, 1, BUY, True), (2, 5001, 2, BUY, False), (1, 5000, 5, BUY, False),
    ]  # fmt: skip
    assert len(made.trades("ACME", 2)) == 2
    assert made.last_price("ACME") == 5001
    events = made.drain()
    assert [event.number for event in of(TradePrinted, events)] == [1, 2, 3]
    assert of(LevelChanged, events)[-1].quantity_lots == 2


def test_public_events_stay_out_of_the_output_unless_asked_for() -> None:
    made = venue()
    made.take_records()
    quote(made, asks=((5000, 5),))
    made.participant_market("ACME", BUY, 2, MAKER, NOW)
    assert made.drain() == []
    assert len(made.take_records()) == 3


def test_both_populations_hear_of_a_fill_and_the_taker_once() -> None:
    made = venue()
    first, second = quote(made, asks=((5000, 5), (5001, 5)), owner=7)
    made.participant_limit("ACME", BUY, 5001, 8, 9, NOW)
    fills = made.take_participant_fills()
    assert [fill for fill in fills if fill[0] == 7] == [
        (7, "ACME", first, SELL, 5000, 5),
        (7, "ACME", second, SELL, 5001, 3),
    ]
    assert sum(fill[5] for fill in fills if fill[0] == 9) == 8
    assert made.take_taker_trades() == [(9, "ACME", BUY, 5001, 8)]
    assert made.take_participant_fills() == made.take_taker_trades() == []
    assert made.resting_lots("ACME", second) == 2


def test_the_participants_door() -> None:
    made = venue()
    (one,) = quote(made, bids=((4999, 5),))
    assert made.participant_limit("ACME", SELL, 4999, 2, MAKER, NOW, ioc=True) == 0
    assert made.participant_market("ACME", SELL, 9, MAKER, NOW) == 3
    assert not made.participant_cancel("ACME", one, NOW)
    assert made.participant_limit("ACME", BUY, 0, 5, MAKER, NOW) == 0
    assert made.participant_limit("ACME", BUY, 4999, -5, MAKER, NOW) == 0
    made.set_phase(made.phase.CLOSED, NOW)
    assert made.participant_limit("ACME", BUY, 4999, 5, MAKER, NOW) == 0
    assert made.participant_market("ACME", BUY, 5, MAKER, NOW) == 0


def test_a_population_cannot_touch_the_traders_order() -> None:
    made = venue()
    made.handle(order("a", BUY, 5, "49.00"), NOW)
    assert not made.participant_cancel("ACME", 1, NOW)
    assert not made.participant_reduce("ACME", 1, 1, NOW)
    assert made.best_bid("ACME") == (4900, 5)


def test_a_market_order_stops_at_the_collar() -> None:
    made = venue()
    quote(made, asks=((5000, 5), (5250, 5), (5251, 5)))
    assert made.participant_market("ACME", BUY, 50, MAKER, NOW) == 10
    assert made.best_ask("ACME") == (5251, 5)


# --- candles -------------------------------------------------------------------------------------------------


def test_candles_of_a_second_a_minute_and_more() -> None:
    series = CandleSeries()
    for at, price, lots in ((0, 10, 1), (0, 12, 2), (1, 9, 3), (59, 11, 4), (60, 20, 5), (3600, 30, 6)):
        series.add(price, lots, at * SECOND + 7)
    assert [c.row() for c in series.between(1, 0, 61, 10)] == [
        [0, 10, 12, 10, 12, 3, 2], [1, 9, 9, 9, 9, 3, 1], [59, 11, 11, 11, 11, 4, 1], [60, 20, 20, 20, 20, 5, 1],
    ]  # fmt: skip
    assert [c.row() for c in series.between(60, 0, 10**9, 10)] == [
        [0, 10, 12, 9, 11, 10, 4], [60, 20, 20, 20, 20, 5, 1], [3600, 30, 30, 30, 30, 6, 1],
    ]  # fmt: skip
    assert [c.row() for c in series.between(3600, 0, 10**9, 10)] == [
        [0, 10, 20, 9, 20, 15, 5], [3600, 30, 30, 30, 30, 6, 1],
    ]  # fmt: skip
    assert len(series.between(60, 0, 10**9, 2)) == 2
    assert series.between(60, 0, 10**9, 0) == []
    assert series.between(60, 7200, 10**9, 10) == []


@pytest.mark.parametrize("interval", [0, -1, 7, 61, 90])
def test_other_intervals_are_refused(interval: int) -> None:
    with pytest.raises(ValueError):
        CandleSeries().between(interval, 0, 1, 1)


_TRADES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 99), st.integers(1, 9)), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(steps=_TRADES, interval=st.sampled_from([5, 15, 60, 300, 3600]))
def test_every_interval_adds_up_to_the_trades(steps: list[tuple[int, int, int]], interval: int) -> None:
    series, now, rows = CandleSeries(), 0, []
    for gap, price, lots in steps:
        now += gap
        series.add(price, lots, now * SECOND)
        rows.append((now, price, lots))
    if interval < 60:
        kept = {candle.start_s for candle in series.seconds}
        rows = [row for row in rows if row[0] in kept]
    candles = series.between(interval, 0, 10**9, 10**6)
    assert sum(c.volume_lots for c in candles) == sum(row[2] for row in rows)
    assert sum(c.trades for c in candles) == len(rows)
    for candle in candles:
        prices = [row[1] for row in rows if row[0] // interval * interval == candle.start_s]
        assert (candle.open_ticks, candle.close_ticks) == (prices[0], prices[-1])
        assert (candle.high_ticks, candle.low_ticks) == (max(prices), min(prices))


def test_seconds_are_kept_for_a_quarter_of_an_hour() -> None:
    series = CandleSeries()
    for at in range(2000):
        series.add(10, 1, at * SECOND)
    assert len(series.seconds) == SECONDS_KEPT
    assert series.seconds[0].start_s == 2000 - SECONDS_KEPT
    restored = CandleSeries()
    restored.load_state(series.to_state())
    for one in (series, restored):
        one.add(11, 1, 1999 * SECOND)
    assert restored.to_state() == series.to_state()
