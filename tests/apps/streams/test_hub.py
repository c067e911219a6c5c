"""The bridge: private streams arrive once and in order, whatever is lost; epochs change under open readers."""

from __future__ import annotations

import asyncio
import uuid

import orjson
import pytest

from apps.streams.hub import REPLAY_LIMIT, Hub
from apps.streams.reader import Reader
from tests.apps.streaming import ScriptedSource
from tests.support.waiting import eventually_async


class Tab:
    """A reader that keeps what it gets."""

    def __init__(self, bridge):
        self.bridge = bridge
        self.reader = Reader(lambda: None)
        self.heard = []
        bridge.attach(self.reader)

    def look(self):
        self.heard += [orjson.loads(message) for message in self.reader.outbox.take_private()]
        self.heard += [orjson.loads(message) for message in self.reader.outbox.take_market()]
        return self.heard

    def numbers(self, stream="orders"):
        return [f["seq"] for f in self.look() if f.get("stream") == stream and f["type"] != "snapshot" and "seq" in f]

    def types(self):
        return [f["type"] for f in self.look()]

    async def until(self, probe, timeout=3.0):
        async def ask():
            return probe()

        return await eventually_async(ask, timeout)


@pytest.fixture
def source():
    return ScriptedSource()


@pytest.fixture
async def bridge(source):
    hub = Hub(lambda session_id: source)
    bridge = hub.bridge(uuid.uuid4())
    bridge._truth_seconds = 0.02
    yield bridge
    await hub.close()


async def live(bridge):
    async def ask():
        return bridge.live

    await eventually_async(ask, 3.0)


async def test_a_resuming_reader_gets_what_it_missed_and_then_live_without_a_gap(source, bridge):
    source.commit(count=5)
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 2})
    source.commit(count=3)
    await tab.until(lambda: tab.numbers() == [3, 4, 5, 6, 7, 8])
    assert [f.get("poss_dup", False) for f in tab.heard if f.get("stream") == "orders"] == [True] * 3 + [False] * 3


async def test_facts_committed_while_a_reader_joins_are_neither_lost_nor_doubled(source, bridge):
    source.commit(count=50)
    await live(bridge)
    tabs = [Tab(bridge) for _ in range(8)]

    async def churn():
        for _ in range(60):
            source.commit()
            await asyncio.sleep(0)

    async def join(n, tab):
        for _ in range(n * 5):
            await asyncio.sleep(0)
        await bridge.subscribe(tab.reader, {"orders": n})

    await asyncio.gather(churn(), *(join(n, tab) for n, tab in enumerate(tabs)))
    for n, tab in enumerate(tabs):
        await tab.until(lambda tab=tab, n=n: tab.numbers() == list(range(n + 1, 111)))


async def test_what_the_live_stream_loses_is_read_from_the_log(source, bridge):
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 0})
    source.lost = {2, 3, 7}
    source.commit(count=6)
    await tab.until(lambda: tab.numbers() == [1, 2, 3, 4, 5, 6])
    source.commit()  # lost at the tail: the next look at the numbers shows it
    source.beat()
    await tab.until(lambda: tab.numbers() == [1, 2, 3, 4, 5, 6, 7])


async def test_a_new_epoch_goes_on_under_the_open_reader(source, bridge):
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 0, "session": 0, "book:ACME": None})
    source.commit(count=2)
    await tab.until(lambda: tab.numbers() == [1, 2])
    source.kill()
    await tab.until(lambda: "session.paused" in tab.types())
    source.commit(count=2)  # the last batch of the dead run was durable and never sent
    await tab.until(lambda: tab.numbers() == [1, 2, 3, 4])
    source.restart()
    bridge.poke()
    await tab.until(lambda: "session.resumed" in tab.types())
    resumed = next(f for f in tab.heard if f["type"] == "session.resumed")
    assert resumed["data"] == {"epoch": 2, "next_seq": {"orders": 5, "account": 1, "session": 1}}
    assert "seq" not in resumed
    source.commit()
    await tab.until(lambda: tab.numbers() == [1, 2, 3, 4, 5])
    assert tab.types().count("session.paused") == tab.types().count("session.resumed") == 1
    assert source.asked[-1] == {"book:ACME"}


async def test_a_replaced_run_that_still_answers_is_left(source, bridge):
    """A frozen or fenced run keeps its connection; the truth says that another serves."""
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"session": 0})
    source.epoch = 2
    await tab.until(lambda: "session.resumed" in tab.types())
    assert source.opened == 2
    assert len(source.streams) == 1


async def test_a_dead_run_still_listed_is_not_announced_again_and_again(source, bridge):
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"session": 0})

    def refuse(location):
        stream = ScriptedSource.open(source, location)
        stream.queue.put_nowait(None)
        return stream

    source.open = refuse
    for stream in list(source.streams):
        stream.queue.put_nowait(None)
    await tab.until(lambda: source.opened >= 3)
    assert tab.types().count("session.paused") <= source.opened


async def test_a_reader_that_comes_while_the_session_is_away_is_told(source):
    source.kill()
    hub = Hub(lambda session_id: source)
    bridge = hub.bridge(uuid.uuid4())
    try:
        tab = Tab(bridge)
        await asyncio.sleep(0.05)
        await bridge.subscribe(tab.reader, {"session": 0, "orders": 0})
        assert "session.paused" in tab.types()
        source.commit(count=2)
        await tab.until(lambda: tab.numbers() == [1, 2])
    finally:
        await hub.close()


async def test_a_reader_too_far_behind_gets_a_snapshot_first(source, bridge):
    source.commit(count=REPLAY_LIMIT + 10)
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 3})
    source.commit()
    await tab.until(lambda: tab.numbers() == [REPLAY_LIMIT + 11])
    assert (tab.heard[0]["type"], tab.heard[0]["seq"]) == ("snapshot", REPLAY_LIMIT + 10)


async def test_a_long_replay_within_the_limit_is_whole(source, bridge):
    source.commit(count=REPLAY_LIMIT)
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 0})
    assert tab.numbers() == list(range(1, REPLAY_LIMIT + 1))
    assert not tab.reader.outbox.overflowed


async def test_a_reader_that_claims_numbers_from_the_future_gets_a_snapshot(source, bridge):
    source.commit(count=3)
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 99})
    assert (tab.look()[0]["type"], tab.heard[0]["seq"]) == ("snapshot", 3)


async def test_a_new_tab_gets_no_delta_before_its_snapshot_and_disturbs_no_other(source, bridge):
    await live(bridge)
    first, second = Tab(bridge), Tab(bridge)
    await bridge.subscribe(first.reader, {"book:ACME": None})
    delta = {"type": "book.delta", "data": {"prev_seq": 0, "bids": [], "asks": [], "checksum": 0, "seq": 1}}
    await first.until(lambda: first.types() == ["book.snapshot"])
    source.tick("book:ACME", **delta)
    await first.until(lambda: first.types() == ["book.snapshot", "book.delta"])
    second.reader.want(["book:ACME"])
    source.tick("book:ACME", **delta)
    await first.until(lambda: first.types().count("book.delta") == 2)
    assert second.types() == []
    await bridge.subscribe(second.reader, {"book:ACME": None})
    await second.until(lambda: second.types() == ["book.snapshot"])


async def test_a_stream_that_was_left_is_no_longer_heard(source, bridge):
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"quotes": None, "orders": 0})
    source.tick("quotes", key="quotes:A")
    await tab.until(lambda: tab.numbers("quotes") == [1])
    await bridge.unsubscribe(tab.reader, ["quotes"])
    source.tick("quotes", key="quotes:A")
    source.commit()
    await tab.until(lambda: tab.numbers() == [1])
    assert tab.numbers("quotes") == [1]
    assert bridge.heartbeat_numbers(tab.reader) == {"orders": 2}


async def test_one_stuck_tab_does_not_hold_up_another(source, bridge):
    await live(bridge)
    stuck, lively = Tab(bridge), Tab(bridge)
    for tab in (stuck, lively):
        await bridge.subscribe(tab.reader, {"orders": 0})
    for n in range(15):
        source.commit(count=100)
        await lively.until(lambda n=n: len(lively.numbers()) == 100 * (n + 1))
        lively.reader.outbox.acknowledge("orders", 100 * (n + 1))
    assert stuck.reader.outbox.overflowed
    assert not lively.reader.outbox.overflowed


async def test_the_bridge_survives_a_log_that_is_away(source, bridge):
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 0})
    good, failures = source.replay, 0

    async def fail(*args):
        nonlocal failures
        failures += 1
        raise ConnectionError("the database is away")

    source.replay = fail
    source.lost = {1}
    source.commit(count=2)
    await tab.until(lambda: failures > 0)
    source.replay = good
    await tab.until(lambda: tab.numbers() == [1, 2])


async def test_a_session_that_ended_says_so_once(source, bridge):
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"session": 0})
    source.kill(status="STOPPED")
    await tab.until(lambda: "session.stopped" in tab.types())
    await asyncio.sleep(0.1)
    assert tab.types().count("session.stopped") == 1


async def test_a_reader_behind_on_several_streams_at_once_can_resume(source, bridge):
    """Each stream alone is within the limit; together they are more than an outbox holds unacknowledged."""
    for stream in ("orders", "account", "session"):
        source.commit(stream, count=REPLAY_LIMIT - 100)
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 0, "account": 0, "session": 0})
    assert not tab.reader.outbox.overflowed
    for stream in ("orders", "account", "session"):
        source.commit(stream)
    last = REPLAY_LIMIT - 99
    await tab.until(lambda: all(tab.numbers(stream)[-1:] == [last] for stream in ("orders", "account", "session")))
    for stream in ("orders", "account", "session"):
        at = 0
        for shown in tab.heard:
            if shown.get("stream") != stream or "seq" not in shown:
                continue
            assert shown["type"] == "snapshot" or shown["seq"] == at + 1
            at = shown["seq"]
        assert at == last


async def test_a_resume_by_large_frames_fits_too(source, bridge):
    source.commit(count=600, data={"text": "x" * 3_000})
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": 0})
    assert not tab.reader.outbox.overflowed
    source.commit()
    await tab.until(lambda: tab.numbers()[-1:] == [601])
    snapshot = next(f for f in tab.heard if f["type"] == "snapshot")
    assert snapshot["seq"] == 600


async def test_a_snapshot_leaves_before_the_frames_that_follow_it(source, bridge):
    source.commit(count=3)
    await live(bridge)
    tab = Tab(bridge)
    await bridge.subscribe(tab.reader, {"orders": None})
    source.commit()  # nobody has taken the snapshot yet
    await tab.until(lambda: tab.reader.next_seq["orders"] == 5)
    assert [(f["type"], f["seq"]) for f in tab.look()] == [("snapshot", 3), ("order.accepted", 4)]


async def test_a_market_stream_wanted_while_the_run_is_being_joined_is_asked_for(source):
    """The first word to a run takes a connection's time: who subscribes in that time is not forgotten."""
    may_go = asyncio.Event()
    opened = source.open

    def slow(location):
        stream = opened(location)
        update = stream.update

        async def late(streams, *, snapshot=()):
            await may_go.wait()
            await update(streams, snapshot=snapshot)

        stream.update = late
        return stream

    source.open = slow
    hub = Hub(lambda session_id: source)
    bridge = hub.bridge(uuid.uuid4())
    try:
        tab = Tab(bridge)
        await tab.until(lambda: source.opened == 1)
        await bridge.subscribe(tab.reader, {"orders": 0, "book:ACME": None, "quotes": None})
        may_go.set()
        await live(bridge)
        await tab.until(lambda: "book.snapshot" in tab.types())
        source.tick("quotes", key="quotes:ACME")
        await tab.until(lambda: "quote" in tab.types())
    finally:
        await hub.close()


async def test_a_reader_that_joins_while_the_session_comes_back_hears_that_it_did(source):
    source.kill()
    hub = Hub(lambda session_id: source)
    bridge = hub.bridge(uuid.uuid4())
    bridge._truth_seconds = 0.02
    asked, answer = asyncio.Event(), asyncio.Event()
    plain = source.next_seqs

    async def held():
        asked.set()
        await answer.wait()
        return await plain()

    try:
        tab = Tab(bridge)
        await bridge._numbered.wait()
        await tab.until(lambda: bridge._paused is not None)
        bridge._fill_from_log = lambda: asyncio.sleep(0)
        source.next_seqs = held
        joining = asyncio.ensure_future(bridge.subscribe(tab.reader, {"session": 0}))
        await asked.wait()
        source.restart()
        await live(bridge)
        await tab.until(lambda: bridge._paused is None)
        answer.set()
        await joining
        notices = [kind for kind in tab.types() if kind in ("session.paused", "session.resumed")]
        assert notices[-1:] != ["session.paused"]
    finally:
        await hub.close()
