"""What every matching core must do, whichever language it is written in: one suite over all implementations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator_engine.core.factory import IMPLEMENTATIONS, CoreFactory, create_matching_core
from simulator_engine.core.matching import MatchingCore
from simulator_engine.core.records import (
    ACCEPTED,
    ADD,
    BUY,
    CANCEL,
    CANCELED,
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    INPUT,
    LEVEL,
    OUTPUT,
    POST_ONLY,
    REDUCE,
    REDUCED,
    REJECTED,
    REPLACE,
    REPLACED,
    REST,
    SELL,
    TRADE,
    EndReason,
    InputEvent,
    OutputEvent,
    Refusal,
    SelfMatch,
)


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def make(request: pytest.FixtureRequest) -> CoreFactory:
    return IMPLEMENTATIONS[request.param]


def add(
    order_id: int,
    side: int,
    price: int,
    lots: int,
    *,
    owner: int = 0,
    condition: int = REST,
    policy: int = SelfMatch.ALLOW,
    book: int = 0,
) -> InputEvent:
    return (ADD, side, condition, policy, book, order_id, owner or 100 + order_id, price, lots)


def cancel(order_id: int) -> InputEvent:
    return (CANCEL, 0, 0, 0, 0, order_id, 0, 0, 0)


def reduce(order_id: int, lots: int) -> InputEvent:
    return (REDUCE, 0, 0, 0, 0, order_id, 0, 0, lots)


def replace(order_id: int, price: int, lots: int, *, policy: int = SelfMatch.ALLOW) -> InputEvent:
    return (REPLACE, 0, 0, policy, 0, order_id, 0, price, lots)


def trades(outs: list[OutputEvent]) -> list[tuple[int, int, int, int]]:
    """(taker, maker, price, lots) of each trade."""
    return [(out[5], out[7], out[9], out[10]) for out in outs if out[0] == TRADE]


def kinds(outs: list[OutputEvent]) -> list[int]:
    return [out[0] for out in outs]


def feed(core: MatchingCore, *events: InputEvent) -> list[OutputEvent]:
    """Process all events; the output of the last one."""
    outs: list[OutputEvent] = []
    for event in events:
        outs = core.process(event)
    return outs


# --- priority ------------------------------------------------------------------------------------------------


def test_better_price_trades_first_then_the_older_order(make: CoreFactory) -> None:
    core = make(1)
    outs = feed(core, add(1, SELL, 101, 5), add(2, SELL, 100, 5), add(3, SELL, 100, 5), add(4, BUY, 101, 12))
    assert trades(outs) == [(4, 2, 100, 5), (4, 3, 100, 5), (4, 1, 101, 2)]
    assert core.levels(0, SELL, 9) == [(101, 3, 1)]
    assert core.best(0, BUY) is None


def test_the_rest_of_a_taker_rests_at_its_own_limit(make: CoreFactory) -> None:
    core = make(1)
    outs = feed(core, add(1, SELL, 100, 5), add(2, BUY, 102, 8))
    assert trades(outs) == [(2, 1, 100, 5)]
    assert kinds(outs) == [TRADE, LEVEL, ACCEPTED, LEVEL]
    assert core.best(0, BUY) == (102, 3)


def test_levels_are_told_after_each_change(make: CoreFactory) -> None:
    core = make(1)
    assert feed(core, add(1, BUY, 100, 5))[-1][9:] == (100, 5, 1)
    assert feed(core, add(2, BUY, 100, 7))[-1][9:] == (100, 12, 2)
    assert feed(core, cancel(1))[-1][9:] == (100, 7, 1)
    assert feed(core, cancel(2))[-1][9:] == (100, 0, 0)
    assert core.best(0, BUY) is None


def test_books_do_not_touch_each_other(make: CoreFactory) -> None:
    core = make(2)
    outs = feed(core, add(1, SELL, 100, 5, book=0), add(1, BUY, 100, 5, book=1))
    assert trades(outs) == []
    assert core.best(0, SELL) == core.best(1, BUY) == (100, 5)


def test_quantity_ahead_counts_only_what_is_before(make: CoreFactory) -> None:
    core = make(1)
    feed(core, add(1, BUY, 100, 5), add(2, BUY, 100, 7), add(3, BUY, 100, 9), add(4, BUY, 101, 50))
    assert [core.quantity_ahead(0, one) for one in (1, 2, 3, 4, 99)] == [0, 5, 12, 0, -1]
    feed(core, cancel(1), add(5, SELL, 100, 52))
    assert core.quantity_ahead(0, 3) == 5


# --- changing an order ---------------------------------------------------------------------------------------


def test_a_decrease_keeps_the_place_and_an_increase_loses_it(make: CoreFactory) -> None:
    core = make(1)
    feed(core, add(1, BUY, 100, 5), add(2, BUY, 100, 5))
    outs = feed(core, replace(1, 100, 3))
    assert outs[0][0] == REPLACED
    assert outs[0][3] == 1
    assert core.order_ids(0) == [1, 2]
    outs = feed(core, replace(1, 100, 9))
    assert outs[0][3] == 0
    assert outs[0][11] == 5
    assert core.order_ids(0) == [2, 1]
    assert core.levels(0, BUY, 1) == [(100, 14, 2)]


def test_a_new_price_loses_the_place_and_may_trade(make: CoreFactory) -> None:
    core = make(1)
    feed(core, add(1, BUY, 100, 5), add(2, SELL, 102, 4))
    outs = feed(core, replace(1, 102, 5))
    assert trades(outs) == [(1, 2, 102, 4)]
    assert core.best(0, BUY) == (102, 1)
    assert core.best(0, SELL) is None


def test_a_reduction_keeps_the_place_and_a_whole_one_ends_the_order(make: CoreFactory) -> None:
    core = make(1)
    feed(core, add(1, BUY, 100, 5), add(2, BUY, 100, 5))
    assert kinds(feed(core, reduce(1, 2))) == [REDUCED, LEVEL]
    assert core.order_ids(0) == [1, 2]
    assert kinds(feed(core, reduce(1, 3))) == [CANCELED, LEVEL]
    assert core.order_ids(0) == [2]


# --- conditions ----------------------------------------------------------------------------------------------


def test_immediate_or_cancel_never_rests(make: CoreFactory) -> None:
    core = make(1)
    outs = feed(core, add(1, SELL, 100, 5), add(2, BUY, 100, 8, condition=IMMEDIATE_OR_CANCEL))
    assert trades(outs) == [(2, 1, 100, 5)]
    assert outs[-1][0] == CANCELED
    assert outs[-1][2] == EndReason.UNFILLED_IOC
    assert outs[-1][10] == 3
    assert core.best(0, BUY) is None


def test_fill_or_kill_trades_all_or_nothing(make: CoreFactory) -> None:
    core = make(1)
    feed(core, add(1, SELL, 100, 5), add(2, SELL, 101, 5))
    before = core.snapshot()[24:]
    outs = feed(core, add(3, BUY, 100, 6, condition=FILL_OR_KILL))
    assert kinds(outs) == [CANCELED]
    assert outs[0][2] == EndReason.UNFILLED_FOK
    assert core.snapshot()[24:] == before
    outs = feed(core, add(4, BUY, 101, 6, condition=FILL_OR_KILL))
    assert trades(outs) == [(4, 1, 100, 5), (4, 2, 101, 1)]


def test_post_only_is_refused_when_it_would_take(make: CoreFactory) -> None:
    core = make(1)
    outs = feed(core, add(1, SELL, 100, 5), add(2, BUY, 100, 1, condition=POST_ONLY))
    assert (outs[0][0], outs[0][2]) == (REJECTED, Refusal.WOULD_TAKE)
    assert kinds(feed(core, add(2, BUY, 99, 1, condition=POST_ONLY))) == [ACCEPTED, LEVEL]


# --- self-match ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "traded", "left_resting", "taker_rests"),
    [
        (SelfMatch.ALLOW, [(3, 1, 100, 5), (3, 2, 100, 3)], [(2, 2)], 0),
        (SelfMatch.CANCEL_TAKER, [], [(1, 5), (2, 5)], 0),
        (SelfMatch.CANCEL_MAKER, [(3, 2, 100, 5)], [], 3),
        (SelfMatch.CANCEL_BOTH, [], [(2, 5)], 0),
        (SelfMatch.DECREMENT, [(3, 2, 100, 3)], [(2, 2)], 0),
    ],
)
def test_self_match_policies(
    make: CoreFactory,
    policy: SelfMatch,
    traded: list[tuple[int, int, int, int]],
    left_resting: list[tuple[int, int]],
    taker_rests: int,
) -> None:
    core = make(1)
    feed(core, add(1, SELL, 100, 5, owner=7), add(2, SELL, 100, 5, owner=8))
    outs = feed(core, add(3, BUY, 100, 8, owner=7, policy=policy))
    assert trades(outs) == traded
    sells = [(one, order[2]) for one in (1, 2) if (order := core.order(0, one)) is not None]
    assert sells == left_resting
    taker = core.order(0, 3)
    assert (0 if taker is None else taker[2]) == taker_rests
    assert core.levels(0, SELL, 1) == ([(100, sum(n for _, n in sells), len(sells))] if sells else [])


def test_fill_or_kill_does_not_count_the_own_orders(make: CoreFactory) -> None:
    core = make(1)
    feed(core, add(1, SELL, 100, 5, owner=8), add(2, SELL, 100, 5, owner=7), add(3, SELL, 100, 5, owner=8))
    fill_or_kill = {"owner": 7, "condition": FILL_OR_KILL}
    assert trades(feed(core, add(4, BUY, 100, 6, policy=SelfMatch.CANCEL_TAKER, **fill_or_kill))) == []
    assert len(trades(feed(core, add(5, BUY, 100, 6, policy=SelfMatch.CANCEL_MAKER, **fill_or_kill)))) == 2


# --- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "refusal"),
    [
        ((9, 0, 0, 0, 0, 5, 1, 100, 1), Refusal.UNKNOWN_KIND),
        (add(5, BUY, 100, 1, book=7), Refusal.UNKNOWN_BOOK),
        (add(1, BUY, 100, 1), Refusal.DUPLICATE_ORDER),
        (add(1, SELL, 100, 1), Refusal.DUPLICATE_ORDER),
        (add(5, BUY, 100, 0), Refusal.BAD_QUANTITY),
        (add(5, BUY, 100, -4), Refusal.BAD_QUANTITY),
        (add(5, BUY, 100, 2**63), Refusal.BAD_QUANTITY),
        (add(5, BUY, 0, 1), Refusal.BAD_PRICE),
        (add(5, BUY, -1, 1), Refusal.BAD_PRICE),
        (add(5, 2, 100, 1), Refusal.BAD_SIDE),
        (add(5, BUY, 100, 1, condition=77), Refusal.UNKNOWN_KIND),
        (add(5, BUY, 100, 1, policy=77), Refusal.UNKNOWN_KIND),
        (cancel(99), Refusal.UNKNOWN_ORDER),
        (reduce(99, 1), Refusal.UNKNOWN_ORDER),
        (reduce(1, 0), Refusal.BAD_QUANTITY),
        (replace(99, 100, 1), Refusal.UNKNOWN_ORDER),
        (replace(1, 0, 1), Refusal.BAD_PRICE),
        (replace(1, 100, -1), Refusal.BAD_QUANTITY),
        (replace(1, 100, 5), Refusal.NO_CHANGE),
        (replace(1, 100, 4, policy=9), Refusal.UNKNOWN_KIND),
    ],
)
def test_bad_input_is_answered_and_changes_nothing(make: CoreFactory, event: InputEvent, refusal: Refusal) -> None:
    core = make(1)
    feed(core, add(1, BUY, 100, 5))
    before = core.snapshot()[24:]
    outs = core.process(event)
    assert [(out[0], out[2]) for out in outs] == [(REJECTED, refusal)]
    assert core.snapshot()[24:] == before


def test_a_batch_with_a_gap_or_a_torn_record_is_refused_whole(make: CoreFactory) -> None:
    core = make(1)
    first = INPUT.pack(1, *add(1, BUY, 100, 5))
    before = core.snapshot()
    for batch in (first[:-1], first + b"x", INPUT.pack(2, *add(1, BUY, 100, 5)), first + first):
        with pytest.raises(ValueError):
            core.run(batch)
        assert core.snapshot() == before
    assert core.run(b"") == b""


@pytest.mark.parametrize("damage", ["short", "long", "magic", "books", "side", "empty"])
def test_a_damaged_snapshot_is_refused_and_changes_nothing(make: CoreFactory, damage: str) -> None:
    core = make(1)
    feed(core, add(1, BUY, 100, 5), add(2, SELL, 101, 5))
    good = core.snapshot()
    bad = {
        "short": good[:-1],
        "long": good + b"\0",
        "magic": b"XXXX" + good[4:],
        "books": make(2).snapshot(),
        "side": good[:28] + b"\x07" + good[29:],
        "empty": b"",
    }[damage]
    with pytest.raises(ValueError):
        core.restore(bad)
    assert core.snapshot() == good


def test_an_unknown_implementation_is_named() -> None:
    with pytest.raises(KeyError, match="abacus"):
        create_matching_core(1, implementation="abacus")


# --- properties ----------------------------------------------------------------------------------------------


@dataclass
class NaiveBook:
    """The rules once more, as slowly and plainly as can be: a list of [id, owner, side, price, lots], oldest first."""

    orders: list[list[int]] = field(default_factory=list)
    traded: list[tuple[int, int, int, int]] = field(default_factory=list)

    def best_maker(self, side: int, limit: int) -> list[int] | None:
        sign = 1 if side == BUY else -1
        makers = [o for o in self.orders if o[2] != side and sign * o[3] <= sign * limit]
        return min(makers, key=lambda o: sign * o[3], default=None)

    def apply(self, event: InputEvent) -> None:
        kind, side, condition, _, _, order_id, owner, price, lots = event
        known = next((o for o in self.orders if o[0] == order_id), None)
        if kind == ADD and known is None:
            self.add(order_id, owner, side, price, lots, condition)
        elif kind == CANCEL and known is not None:
            self.orders.remove(known)
        elif kind == REDUCE and known is not None:
            known[4] -= lots
            if known[4] <= 0:
                self.orders.remove(known)
        elif kind == REPLACE and known is not None:
            if price == known[3] and lots <= known[4]:
                known[4] = lots
                return
            self.orders.remove(known)
            self.add(order_id, known[1], known[2], price, lots, REST)

    def add(self, order_id: int, owner: int, side: int, price: int, lots: int, condition: int) -> None:
        sign = 1 if side == BUY else -1
        within = [o for o in self.orders if o[2] != side and sign * o[3] <= sign * price]
        if condition == POST_ONLY and within:
            return
        if condition == FILL_OR_KILL and sum(o[4] for o in within) < lots:
            return
        while lots and (maker := self.best_maker(side, price)) is not None:
            shared = min(lots, maker[4])
            self.traded.append((order_id, maker[0], maker[3], shared))
            lots -= shared
            maker[4] -= shared
            if not maker[4]:
                self.orders.remove(maker)
        if lots and condition in (REST, POST_ONLY):
            self.orders.append([order_id, owner, side, price, lots])

    def levels(self, side: int) -> list[tuple[int, int, int]]:
        prices = sorted({o[3] for o in self.orders if o[2] == side}, reverse=side == BUY)
        return [
            (
                price,
                sum(o[4] for o in self.orders if o[2:4] == [side, price]),
                sum(1 for o in self.orders if o[2:4] == [side, price]),
            )
            for price in prices
        ]


_IDS = st.integers(1, 25)
_PRICES = st.integers(95, 105)
_LOTS = st.integers(1, 12)
_SIDES = st.sampled_from([BUY, SELL])

_EVENTS = st.lists(
    st.one_of(
        st.builds(
            add,
            _IDS,
            _SIDES,
            _PRICES,
            _LOTS,
            condition=st.sampled_from([REST, REST, REST, IMMEDIATE_OR_CANCEL, FILL_OR_KILL, POST_ONLY]),
        ),
        st.builds(cancel, _IDS),
        st.builds(reduce, _IDS, _LOTS),
        st.builds(replace, _IDS, _PRICES, _LOTS),
    ),
    max_size=60,
)

_OWNED = st.lists(
    st.one_of(
        st.builds(
            add,
            st.integers(1, 40),
            _SIDES,
            _PRICES,
            _LOTS,
            owner=st.integers(1, 3),
            policy=st.sampled_from(list(SelfMatch)),
            condition=st.sampled_from([REST, REST, IMMEDIATE_OR_CANCEL, FILL_OR_KILL]),
        ),
        st.builds(cancel, _IDS),
        st.builds(replace, _IDS, _PRICES, _LOTS, policy=st.sampled_from(list(SelfMatch))),
    ),
    max_size=60,
)


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@settings(max_examples=150, deadline=None)
@given(events=_EVENTS)
def test_it_agrees_with_the_naive_book(name: str, events: list[InputEvent]) -> None:
    core, naive = create_matching_core(1, implementation=name), NaiveBook()
    done: list[tuple[int, int, int, int]] = []
    for event in events:
        done += trades(core.process(event))
        naive.apply(event)
    assert done == naive.traded
    for side in (BUY, SELL):
        assert core.levels(0, side, 99) == naive.levels(side)


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@settings(max_examples=150, deadline=None)
@given(events=_OWNED)
def test_what_comes_in_is_traded_taken_off_or_resting(name: str, events: list[InputEvent]) -> None:
    """Quantity is conserved, the book is never crossed at rest, no trade is worse than a limit, and the level
    deltas alone rebuild the book: whatever the self-match policy."""
    core = create_matching_core(1, implementation=name)
    seen_levels: tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]] = ({}, {})
    open_lots: dict[int, int] = {}
    for event in events:
        outs = core.process(event)
        if event[0] == ADD and not any(out[0] == REJECTED for out in outs):
            open_lots[event[5]] = event[8]
        for out in outs:
            kind, side, _, _, _, order_id, owner, other, other_owner, price, lots, remaining = out
            if kind == LEVEL:
                seen_levels[side][price] = (lots, remaining)
            elif kind == TRADE:
                open_lots[order_id] -= lots
                open_lots[other] -= lots
                assert open_lots[other] == remaining
                if event[0] == ADD:
                    assert price <= event[7] if side == BUY else price >= event[7]
                if event[3]:
                    assert owner != other_owner
            elif kind in (CANCELED, REDUCED):
                open_lots[order_id] -= lots
                assert open_lots[order_id] == remaining
            elif kind == REPLACED:
                open_lots[order_id] = lots
        resting = {one: core.order(0, one) for one in core.order_ids(0)}
        assert {one: n for one, n in open_lots.items() if n} == {
            one: order[2] for one, order in resting.items() if order is not None
        }
        bid, ask = core.best(0, BUY), core.best(0, SELL)
        assert bid is None or ask is None or bid[0] < ask[0]
    for side in (BUY, SELL):
        rebuilt = {p: row for p, row in seen_levels[side].items() if row != (0, 0)}
        assert rebuilt == {p: (lots, orders) for p, lots, orders in core.levels(0, side, 99)}


def _pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    start = 0
    for cut in [*sorted(cuts), len(data) // INPUT.size]:
        end = min(cut * INPUT.size, len(data))
        if end > start:
            yield data[start:end]
            start = end


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@settings(max_examples=80, deadline=None)
@given(events=_OWNED, cuts=st.lists(st.integers(0, 60), max_size=6), at=st.integers(0, 60))
def test_bytes_do_not_depend_on_batches_or_on_a_restore(
    name: str, events: list[InputEvent], cuts: list[int], at: int
) -> None:
    whole = b"".join(INPUT.pack(seq, *event) for seq, event in enumerate(events, 1))
    one = create_matching_core(1, implementation=name)
    expected = one.run(whole)

    pieces = create_matching_core(1, implementation=name)
    assert b"".join(pieces.run(piece) for piece in _pieces(whole, cuts)) == expected

    single, printed = create_matching_core(1, implementation=name), []
    for index, event in enumerate(events):
        if index == at:
            restored = create_matching_core(1, implementation=name)
            restored.restore(single.snapshot())
            assert restored.snapshot() == single.snapshot()
            single = restored
        printed += single.process(event)
    assert b"".join(OUTPUT.pack(seq, *out) for seq, out in enumerate(printed, 1)) == expected
    assert one.state_hash() == pieces.state_hash() == single.state_hash()
