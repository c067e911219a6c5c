"""The outbox: private frames are lossless or the reader is let go; market frames conflate and stay applicable."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.streams.frames import Frame, merge_book_deltas
from apps.streams.outbox import MAX_UNACKNOWLEDGED_BYTES, MAX_UNACKNOWLEDGED_FRAMES, Outbox


def frame(stream, seq, *, type="x", data=None, key=""):
    return Frame(
        stream=stream, seq=seq, type=type, sim_time_ns=10**18, wall_time_ms=10**12, epoch=1,
        data=orjson.dumps({} if data is None else data), key=key,
    )  # fmt: skip


def delta(seq, *, bids=(), asks=(), prev=None):
    body = {
        "symbol": "A",
        "prev_seq": prev or seq - 1,
        "seq": seq,
        "bids": list(bids),
        "asks": list(asks),
        "checksum": seq,
    }
    return frame("book:A", seq, type="book.delta", data=body)


def apply(book, body):
    for side in ("bids", "asks"):
        for price, quantity, _ in body[side]:
            if quantity == "0":
                book[side].pop(price, None)
            else:
                book[side][price] = quantity
    return book


levels = st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(["0", "5", "9"]), st.just(1)), max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(levels, levels), min_size=1, max_size=150), st.lists(st.integers(0, 149), max_size=6))
def test_merged_deltas_lead_to_the_same_book(changes, reads):
    outbox, seen, direct, last = Outbox(), {"bids": {}, "asks": {}}, {"bids": {}, "asks": {}}, 0
    for n, (bids, asks) in enumerate(changes):
        change = delta(n + 1, bids=[list(x) for x in bids], asks=[list(x) for x in asks])
        apply(direct, orjson.loads(change.data))
        outbox.put(change)
        if n in reads or n == len(changes) - 1:
            for message in outbox.take_market():
                shown = orjson.loads(message)
                assert shown["data"]["prev_seq"] == last
                last = shown["seq"]
                assert shown["data"]["seq"] == shown["data"]["checksum"] == last
                apply(seen, shown["data"])
    assert seen == direct
    assert last == len(changes)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.just("put"), st.just("take"), st.just("beat")), max_size=300))
def test_private_frames_leave_once_and_in_order_and_acknowledgements_never_run_ahead(actions):
    outbox, taken, seq, marks = Outbox(), [], 0, []
    for action in actions:
        if action == "put":
            seq += 1
            outbox.put(frame("orders", seq))
        elif action == "take":
            taken += [orjson.loads(message)["seq"] for message in outbox.take_private()]
            marks.append(outbox.mark())
        elif marks:
            outbox.acknowledge_until(marks.pop(0))
            assert outbox.unacknowledged >= seq - len(taken)
    taken += [orjson.loads(message)["seq"] for message in outbox.take_private()]
    assert taken == list(range(1, seq + 1))
    outbox.acknowledge("orders", seq)
    assert outbox.unacknowledged == 0


def test_a_reader_that_acknowledges_nothing_is_let_go_after_a_thousand_frames():
    outbox = Outbox()
    for n in range(MAX_UNACKNOWLEDGED_FRAMES):
        outbox.put(frame("orders", n + 1))
        outbox.take_private()
    assert not outbox.overflowed
    outbox.put(frame("orders", 1001))
    assert outbox.overflowed
    assert outbox.take_private() == []


def test_a_reader_that_acknowledges_is_kept():
    outbox = Outbox()
    for n in range(5_000):
        outbox.put(frame("orders", n + 1))
        outbox.take_private()
        if n % 100 == 99:
            outbox.acknowledge("orders", n + 1)
    assert not outbox.overflowed
    assert outbox.last_acknowledged == {"orders": 5_000}


def test_a_mebibyte_unacknowledged_is_too_much():
    outbox = Outbox()
    outbox.put(frame("orders", 1, data={"text": "x" * (MAX_UNACKNOWLEDGED_BYTES - 400)}))
    assert not outbox.overflowed
    outbox.put(frame("orders", 2, data={"text": "x" * 400}))
    assert outbox.overflowed


def test_an_acknowledgement_of_what_was_never_sent_counts_for_nothing():
    outbox = Outbox()
    outbox.put(frame("orders", 1))
    outbox.acknowledge("orders", 99)
    assert outbox.unacknowledged == 1


def test_a_stuck_reader_costs_a_bounded_amount_of_memory():
    outbox = Outbox()
    for n in range(1, 60_001):
        price = str(n % 100)
        outbox.put(delta(n, bids=[[price, "5", 1]]))
        outbox.put(frame("quotes", n, key=f"quotes:{n % 10}"))
        outbox.put(frame("trades:A", n, data={"trades": [n]}))
    messages = outbox.take_market()
    assert sum(len(message) for message in messages) < 100_000
    kinds = [orjson.loads(message)["stream"] for message in messages]
    assert kinds.count("quotes") == 10
    assert kinds.count("book:A") == 1
    assert kinds.count("trades:A") <= 64


def test_a_snapshot_makes_the_waiting_deltas_of_its_book_pointless():
    outbox = Outbox()
    outbox.put(delta(2))
    outbox.put(frame("book:A", 5, type="book.snapshot", key="book:A"))
    outbox.put(delta(6))
    assert [orjson.loads(message)["seq"] for message in outbox.take_market()] == [5, 6]


def test_an_envelope_is_valid_json_and_keeps_the_body_byte_for_byte():
    body = b'{"b":1,"a":"\xc3\xa9"}'
    sent = Frame(
        stream="orders", seq=7, type="order.filled", sim_time_ns=1_223_645_400_000_000_000,
        wall_time_ms=1_700_000_000_123, epoch=3, data=body,
    )  # fmt: skip
    encoded = sent.encode()
    assert orjson.loads(encoded) == {
        "stream": "orders", "seq": 7, "type": "order.filled", "sim_time": "2008-10-10T13:30:00.000000Z",
        "wall_time": "2023-11-14T22:13:20.123000Z", "epoch": 3, "data": {"b": 1, "a": "é"},
    }  # fmt: skip
    assert body in encoded
    again = sent.encode(poss_dup=True)
    assert body in again
    assert orjson.loads(again)["poss_dup"] is True


def test_one_delta_is_passed_on_as_it_is():
    only = delta(4)
    assert merge_book_deltas([only]) is only


@pytest.mark.parametrize("count", [1_001, 3_000])
def test_answers_are_bounded_too(count):
    outbox = Outbox()
    for _ in range(count):
        outbox.put_control(b"{}")
    assert outbox.overflowed
