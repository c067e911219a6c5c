"""The invariants, checked after every step of random days: cash, lots, reservations, order sums, states, replay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator_engine.core.commands import CancelOrder, FlattenPosition, MassCancel, ReplaceOrder
from simulator_engine.core.events import AccountUpdated, CancelRejected, Event, ExecutionReport, PositionUpdated
from simulator_engine.core.fees import FeeSchedule
from simulator_engine.core.reasons import OrdStatus, Side, TimeInForce
from simulator_engine.core.records import SelfMatch, event_record
from simulator_engine.core.risk import VenueRules
from simulator_engine.core.state import BadSnapshot
from simulator_engine.core.venue import Venue
from tests.engine.core.venues import BUY, MAKER, NOW, instrument, order, quote, venue

_SIDES = st.sampled_from(list(Side))
_SYMBOLS = st.sampled_from(["ACME", "OTHER"])
_TICKS = st.integers(4985, 5015)
_LOTS = st.integers(1, 60)
_IDS = st.integers(1, 30)
_TIMES = st.sampled_from(
    [
        TimeInForce.DAY,
        TimeInForce.DAY,
        TimeInForce.GOOD_TILL_CANCEL,
        TimeInForce.IMMEDIATE_OR_CANCEL,
        TimeInForce.FILL_OR_KILL,
    ]
)

Action = tuple[Any, ...]

_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("rest"), _SYMBOLS, _SIDES, _TICKS, _LOTS),
        st.tuples(st.just("rest"), _SYMBOLS, _SIDES, _TICKS, _LOTS),
        st.tuples(st.just("take"), _SYMBOLS, _SIDES, _LOTS),
        st.tuples(st.just("pull"), _SYMBOLS, _IDS),
        st.tuples(st.just("submit"), _SYMBOLS, _SIDES, _LOTS, st.none() | _TICKS, _TIMES, st.booleans()),
        st.tuples(st.just("submit"), _SYMBOLS, _SIDES, _LOTS, _TICKS, _TIMES, st.booleans()),
        st.tuples(st.just("replace"), _IDS, st.none() | _LOTS, st.none() | _TICKS),
        st.tuples(st.just("cancel"), _IDS),
        st.tuples(st.just("mass"), st.none() | _SYMBOLS, st.none() | _SIDES),
        st.tuples(st.just("flatten"), _SYMBOLS, st.booleans()),
        st.tuples(st.just("night")),
    ),
    max_size=50,
)

_POLICIES = st.sampled_from([policy for policy in SelfMatch if policy is not SelfMatch.ALLOW])


def new_venue(policy: SelfMatch = SelfMatch.CANCEL_TAKER, *, record_public: bool = False) -> Venue:
    return venue(
        cash=6_000,
        instruments=(instrument(), instrument("OTHER")),
        holdings=(("ACME", 60, 4990),),
        fees=FeeSchedule(maker_basis_points_hundredths=-50, taker_basis_points_hundredths=300, per_lot_minor=35),
        rules=VenueRules(self_match=policy),
        record_public=record_public,
    )


def price(ticks: int | None) -> str | None:
    return None if ticks is None else f"{ticks / 100:.2f}"


def act(made: Venue, number: int, action: Action) -> None:
    """Carry out the action with this number at its own instant."""
    now, name = NOW + number, f"c{number}"
    kind, *rest = action
    if kind == "rest":
        symbol, side, ticks, lots = rest
        made.participant_limit(symbol, side, ticks, lots, MAKER, now)
    elif kind == "take":
        symbol, side, lots = rest
        made.participant_market(symbol, side, lots, MAKER, now)
    elif kind == "pull":
        made.participant_cancel(rest[0], (1 << 32) + rest[1], now)
    elif kind == "submit":
        symbol, side, lots, ticks, time_in_force, post_only = rest
        command = order(name, side, lots, price(ticks), symbol=symbol, time_in_force=time_in_force)
        made.handle(replace(command, post_only=post_only), now)
    elif kind == "replace":
        at, lots, ticks = rest
        quantity = None if lots is None else str(lots)
        made.handle(ReplaceOrder(name, f"c{number - at}", quantity=quantity, price=price(ticks)), now)
    elif kind == "cancel":
        made.handle(CancelOrder(name, f"c{number - rest[0]}"), now)
    elif kind == "mass":
        made.handle(MassCancel(name, symbol=rest[0], side=rest[1]), now)
    elif kind == "flatten":
        made.handle(FlattenPosition(name, rest[0], reverse=rest[1]), now)
    else:
        made.close_day(now)
        made.open_day("2026-01-06", now)


class Watcher:
    """Follows a venue by its events alone, and compares with what the venue says of itself."""

    def __init__(self, made: Venue) -> None:
        self.made = made
        ledger = made.account.ledger
        self.cash_total = ledger.total("USD")
        self.status: dict[int, OrdStatus] = {}
        self.filled: dict[int, int] = {}
        self.executions: list[int] = []
        self.cash = made.account.cash_minor
        self.lots = {symbol: made.account.held_lots(symbol) for symbol in made.instruments}

    def check(self) -> None:
        self._events(self.made.drain())
        made, account = self.made, self.made.account
        # I1, I2: sums over user, venue and fees.
        assert account.ledger.total("USD") == self.cash_total
        assert all(account.ledger.total(symbol) == 0 for symbol in made.instruments)
        # I3: legs = balances = what the account says.
        assert account.cash_minor == self.cash
        assert {symbol: account.held_lots(symbol) for symbol in made.instruments} == self.lots
        assert all(account.ledger.balance("USER", symbol) == lots >= 0 for symbol, lots in self.lots.items())
        # I6: buying power, and what is reserved.
        working = made.working_orders()
        assert account.reserved_minor == sum(one.reserved_minor for one in working)
        assert all(one.reserved_minor == 0 for one in made.orders() if one.status.terminal)
        assert account.buying_power_minor >= 0
        # I4: every lot is somewhere.
        for one in made.orders():
            if one.status is not OrdStatus.REJECTED:
                assert one.cum_lots + one.leaves_lots + one.canceled_lots == one.quantity_lots
                assert one.leaves_lots >= 0
        # The core rests exactly the working orders.
        for symbol in made.instruments:
            resting = {one.order_id: one.leaves_lots for one in working if one.symbol == symbol}
            assert {number: made.resting_lots(symbol, number) for number in resting} == resting
            bid, ask = made.best_bid(symbol), made.best_ask(symbol)
            assert bid is None or ask is None or bid[0] < ask[0]

    def _events(self, events: list[Event]) -> None:
        reported_last: AccountUpdated | None = None
        for event in events:
            if isinstance(event, ExecutionReport | CancelRejected):
                self.executions.append(event.execution_id)
            if isinstance(event, ExecutionReport):
                self._report(event)
            elif isinstance(event, PositionUpdated):
                assert event.quantity_lots == self.lots[event.symbol]
            elif isinstance(event, AccountUpdated):
                reported_last = event
        if reported_last is not None:
            assert reported_last.cash_minor == self.cash
            assert reported_last.reserved_minor == self.made.account.reserved_minor

    def _report(self, report: ExecutionReport) -> None:
        before = self.status.get(report.order_id)
        # I13: terminal is final.
        assert before is None or not before.terminal
        self.status[report.order_id] = report.status
        assert report.working is not report.status.terminal
        if report.status.terminal:
            assert report.leaves_lots == 0
        self.filled[report.order_id] = self.filled.get(report.order_id, 0) + report.last_lots
        assert report.cum_lots == self.filled[report.order_id]
        assert bool(report.legs) == bool(report.last_lots)
        # I5: never worse than the limit.
        if report.last_price_ticks is not None and report.price_ticks is not None:
            assert report.side.sign * (report.price_ticks - report.last_price_ticks) >= 0
        for leg in report.legs:
            if leg.account == "USER" and leg.is_cash:
                self.cash += leg.amount
            elif leg.account == "USER":
                self.lots[leg.asset] += leg.amount


@settings(max_examples=150, deadline=None)
@given(actions=_ACTIONS, policy=_POLICIES)
def test_invariants_hold_after_every_step(actions: list[Action], policy: SelfMatch) -> None:
    made = new_venue(policy)
    watcher = Watcher(made)
    for number, action in enumerate(actions):
        act(made, number, action)
        watcher.check()
    assert watcher.executions == list(range(1, len(watcher.executions) + 1))


@settings(max_examples=60, deadline=None)
@given(actions=_ACTIONS, at=st.integers(0, 50))
def test_a_restored_venue_goes_on_byte_for_byte(actions: list[Action], at: int) -> None:
    """state(snapshot + tail) = state(replay from the start), the output and its records too."""
    straight, cut = new_venue(), new_venue()
    straight.take_records(), cut.take_records()
    outputs: tuple[list[Event], list[Event]] = ([], [])
    records: tuple[list[bytes], list[bytes]] = ([], [])
    for number, action in enumerate(actions):
        if number == at:
            restored = new_venue()
            restored.restore(cut.snapshot())
            assert restored.snapshot() == cut.snapshot()
            cut = restored
        for index, made in enumerate((straight, cut)):
            act(made, number, action)
            outputs[index].extend(made.drain())
            records[index].extend(made.take_records())
    assert outputs[0] == outputs[1]
    assert records[0] == records[1]
    assert straight.snapshot() == cut.snapshot()
    assert straight.state_hash() == cut.state_hash()
    assert straight.event_count == cut.event_count


@settings(max_examples=40, deadline=None)
@given(actions=_ACTIONS)
def test_public_objects_say_what_the_records_say(actions: list[Action]) -> None:
    quiet, loud = new_venue(), new_venue(record_public=True)
    quiet.take_records(), loud.take_records()
    for number, action in enumerate(actions):
        act(quiet, number, action)
        act(loud, number, action)
    events = loud.drain()
    assert [event_record(event) for event in events] == loud.take_records() == quiet.take_records()
    assert quiet.drain() == [e for e in events if type(e).__name__ not in ("TradePrinted", "LevelChanged")]
    assert quiet.snapshot() == loud.snapshot()


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b"null", b"\xff", b"[1,[],1]"])
def test_a_snapshot_that_cannot_be_read_is_refused(damage: bytes) -> None:
    with pytest.raises(BadSnapshot):
        new_venue().restore(damage)


def test_a_snapshot_of_another_venue_is_refused() -> None:
    with pytest.raises(BadSnapshot, match="another venue"):
        new_venue().restore(venue().snapshot())


def test_what_the_market_has_not_heard_yet_is_in_the_snapshot() -> None:
    made = venue()
    quote(made, asks=((5000, 5),))
    made.handle(order("a", BUY, 5, "50.00"), NOW)
    restored = venue()
    restored.restore(made.snapshot())
    assert restored.take_participant_fills() == made.take_participant_fills()
    assert restored.take_taker_trades() == made.take_taker_trades() == [(1, "ACME", BUY, 5000, 5)]


def test_listings_are_checked() -> None:
    with pytest.raises(ValueError, match="two instruments"):
        venue(instruments=(instrument(), instrument()))
    with pytest.raises(ValueError, match="longer than 16"):
        venue(instruments=(instrument("A" * 17),))
