"""The loop and its feed from inside: what a defect of the engine does to a run, and what readers of a feed hold."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.market.exchange import Exchange
from simulator_engine.runtime.clock import SessionClock
from simulator_engine.runtime.feed import Feed
from simulator_engine.runtime.gate import OutputGate
from simulator_engine.runtime.journal_client import JournalUnavailable
from simulator_engine.runtime.loop import SessionLoop
from simulator_engine.runtime.restore import Restored
from simulator_engine.runtime.spec import plan_session
from simulator_engine.runtime.state import SessionState

SECOND_NS = 1_000_000_000


class Journal:
    """Takes everything; keeps the batches. With `appends_away` an append gets no answer while renewals do."""

    def __init__(self) -> None:
        self.batches: list[journal_pb2.AppendRequest] = []
        self.appends_away = False

    async def append(self, request: journal_pb2.AppendRequest) -> journal_pb2.AppendReply:
        if self.appends_away:
            raise JournalUnavailable("the disk is full")
        self.batches.append(request)
        return journal_pb2.AppendReply(
            last_command_seq=request.first_command_seq - 1 + len(request.records),
            last_event_seq=request.first_event_seq - 1 + len(request.reports),
        )

    async def renew(self, *, horizon_ns: int, **_: object) -> journal_pb2.RenewReply:
        return journal_pb2.RenewReply(horizon_ns=horizon_ns)

    async def put_snapshot(self, header: journal_pb2.SnapshotHeader, data: bytes) -> bool:
        return True

    async def release(self, state: str, detail: str = "") -> None:
        return None


@pytest.fixture
def state() -> SessionState:
    plan = plan_session(journal_pb2.SessionSpec(scenario="open-market", seed=7, speed="1"))
    exchange = Exchange.create(scenario=plan.scenario, seed=plan.seed, account=plan.account)
    return SessionState(session=uuid.uuid4(), exchange=exchange)


def a_loop(state: SessionState, journal: Journal, **settings: Any) -> SessionLoop:
    config = SimulatorConfig(
        session_id=str(state.session), epoch=1, token="x", journal_target="unix:/nowhere", listen="unix:/nowhere",
        **settings,
    )  # fmt: skip
    clock = SessionClock(sim_time_ns=state.exchange.sim_time_ns, horizon_ns=0, speed=state.speed, paused=state.paused)
    loop = SessionLoop(
        config=config, state=state, clock=clock, journal=journal, lease=journal_pb2.AcquireReply()  # type: ignore[arg-type]
    )  # fmt: skip
    loop.start(Restored(state, [], 0, 0, 0))
    return loop


def an_order(state: SessionState, request_id: str) -> simulator_pb2.Command:
    symbol = next(iter(state.instruments))
    ticks, _ = state.exchange.venue.best_bid(symbol) or (100, 0)
    price = state.exchange.venue.instrument(symbol).format_price(ticks - 5)
    return simulator_pb2.Command(
        request_id=request_id,
        submit=simulator_pb2.SubmitOrder(
            symbol=symbol, side="BUY", type="LIMIT", quantity="10", price=price, time_in_force="GTC"
        ),
    )


async def until(probe: Callable[[], bool], timeout: float = 3.0) -> None:
    deadline = time.monotonic() + timeout
    while not probe():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_defect_in_a_command_ends_the_run_and_leaves_the_journal_whole(
    state: SessionState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is half changed then: going on would leave a gap in the numbers, and halt the session for good."""
    journal = Journal()
    loop = a_loop(state, journal)
    try:
        with monkeypatch.context() as broken:
            broken.setattr(Exchange, "handle", lambda self, command: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                await loop.execute(an_order(state, "poison"))
        reason, _ = await asyncio.wait_for(loop.finished, 1.0)
        assert reason == "failed"
        assert not any(batch.records for batch in journal.batches)
    finally:
        await loop.stop()


async def test_a_journal_that_only_renews_is_away_all_the_same(state: SessionState) -> None:
    journal = Journal()
    loop = a_loop(state, journal, renew_interval_seconds=0.05)
    try:
        journal.appends_away = True
        first = asyncio.ensure_future(loop.execute(an_order(state, "waiting")))
        await until(lambda: loop.journal_away)
        journal.appends_away = False
        assert (await asyncio.wait_for(first, 2.0)).outcome == simulator_pb2.APPLIED
        await until(lambda: not loop.journal_away)
    finally:
        await loop.stop()


# --- the feed -----------------------------------------------------------------------------------------------------


def kept(reader: Any) -> list[simulator_pb2.Frame]:
    frames = list(reader._frames)
    reader._frames.clear()
    return frames


def go_on(state: SessionState, seconds: float) -> None:
    target = state.exchange.sim_time_ns + int(seconds * SECOND_NS)
    while not state.advance(target, 0)[0]:
        pass


def test_the_tape_has_no_hole_after_its_first_snapshot(state: SessionState) -> None:
    feed = Feed(state=state, gate=OutputGate(), epoch=1)
    symbol = next(iter(state.instruments))
    reader = feed.subscribe()
    feed.choose(reader, [f"trades:{symbol}"], [], 0)
    for _ in range(8):
        go_on(state, 2)
        feed.publish_market(0)
    numbers = {row["seq"] for frame in kept(reader) for row in orjson.loads(frame.data)["trades"]}
    newest = state.exchange.trades(symbol, 1)[0].number
    assert numbers >= set(range(min(numbers), newest + 1))
    assert newest - min(numbers) > 10


def test_a_new_reader_takes_nothing_from_the_others(state: SessionState) -> None:
    feed = Feed(state=state, gate=OutputGate(), epoch=1)
    first = feed.subscribe()
    feed.choose(first, ["quotes"], [], 0)
    shown = {orjson.loads(frame.data)["symbol"]: frame.data for frame in kept(first)}
    go_on(state, 5)
    second = feed.subscribe()
    feed.choose(second, ["quotes"], [], 0)  # before the beat that would have told the first
    feed.publish_market(0)
    shown |= {orjson.loads(frame.data)["symbol"]: frame.data for frame in kept(first)}
    assert shown == {orjson.loads(frame.data)["symbol"]: frame.data for frame in kept(second)}
