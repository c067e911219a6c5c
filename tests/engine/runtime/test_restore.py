"""A restore makes the same state from any snapshot and from none, whatever was done and however time was sliced."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator_engine import ENGINE_VERSION
from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.market.exchange import Exchange
from simulator_engine.runtime.journal_client import StoredSnapshot
from simulator_engine.runtime.restore import Restored, RestoreFailed, restore
from simulator_engine.runtime.spec import SessionPlan, plan_session
from simulator_engine.runtime.state import SessionState

SESSION = "5f0c6d6e-0000-4000-8000-00000000000a"
SECOND = 1_000_000_000

CONFIG = SimulatorConfig(session_id=SESSION, epoch=2, token="t", journal_target="", listen="")
PLAN: SessionPlan = plan_session(journal_pb2.SessionSpec(scenario="open-market", seed=11, speed="1"))


@dataclass
class RecordedJournal:
    """What a journal would hand out, kept in lists."""

    batches: list[journal_pb2.TailBatch] = field(default_factory=list)
    snapshots: list[StoredSnapshot] = field(default_factory=list)

    async def newest_snapshot(self, *, before_command_seq: int = 0) -> StoredSnapshot | None:
        older = [one for one in self.snapshots if not before_command_seq or one.header.command_seq < before_command_seq]
        return older[-1] if older else None

    async def tail(self, *, after_command_seq: int, after_event_seq: int) -> AsyncIterator[journal_pb2.TailBatch]:
        commands = events = 0
        for batch in self.batches:
            commands += len(batch.records)
            events += len(batch.reports)
            if commands > after_command_seq or events > after_event_seq:
                yield batch


@dataclass
class Life:
    """A session living through some actions, journaled as the loop would."""

    state: SessionState
    journal: RecordedJournal = field(default_factory=RecordedJournal)

    def keep(self, records: list[journal_pb2.Record], reports: list[journal_pb2.Report]) -> None:
        if records or reports:
            exchange = self.state.exchange
            self.journal.batches.append(
                journal_pb2.TailBatch(
                    records=records,
                    reports=reports,
                    event_hash=exchange.event_hash,
                    event_count=exchange.event_count,
                    sim_time_ns=exchange.sim_time_ns,
                )
            )

    def advance(self, nanoseconds: int, max_events: int) -> None:
        if self.state.paused:
            # Only a running clock lets the market go on.
            self.do(10_000 + self.state.command_seq, clock=simulator_pb2.ControlClock(action="resume"))
        until = self.state.exchange.sim_time_ns + nanoseconds
        _, reports = self.state.advance(until, 1, max_events=max_events)
        self.keep([], reports)

    def do(self, number: int, **body: object) -> None:
        message = simulator_pb2.Command(request_id=f"r{number}", body_hash=b"h" * 32, **body)  # type: ignore[arg-type]
        applied = self.state.apply(message, 1)
        self.keep([applied.record], applied.reports)

    def snapshot(self) -> None:
        data = self.state.snapshot()
        header = journal_pb2.SnapshotHeader(
            command_seq=self.state.command_seq,
            engine_version=ENGINE_VERSION,
            sha256=hashlib.sha256(data).digest(),
        )
        self.journal.snapshots.append(StoredSnapshot(header, data))

    def order(self, number: int, side: str, offset: int, quantity: int, kind: str) -> None:
        symbol = next(iter(self.state.instruments))
        instrument = self.state.instruments[symbol]
        best = self.state.exchange.venue.best_bid(symbol)
        assert best is not None
        body = simulator_pb2.SubmitOrder(symbol=symbol, side=side, type=kind, quantity=str(quantity))
        body.time_in_force = "IOC" if kind == "MARKET" else "GTC"
        if kind == "LIMIT":
            body.price = instrument.format_price(best[0] + offset)
        self.do(number, submit=body)

    def lease(self, horizon_ns: int = 0) -> journal_pb2.AcquireReply:
        return journal_pb2.AcquireReply(
            last_command_seq=self.state.command_seq,
            last_event_seq=self.state.event_seq,
            horizon_ns=horizon_ns,
        )

    def come_back(self, horizon_ns: int = 0) -> Restored:
        lease = self.lease(horizon_ns)
        return asyncio.run(
            restore(config=CONFIG, plan=PLAN, lease=lease, journal=self.journal, report=lambda step: None)  # type: ignore[arg-type]
        )


def a_life() -> Life:
    exchange = Exchange.create(scenario=PLAN.scenario, seed=PLAN.seed, account=PLAN.account)
    return Life(SessionState(session=UUID(SESSION), exchange=exchange, speed=Decimal(1)))


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.integers(0, 3 * SECOND), st.integers(1, 400)),
        st.tuples(
            st.just("order"),
            st.sampled_from(["BUY", "SELL"]),
            st.integers(-3, 3),
            st.integers(0, 400),
            st.sampled_from(["LIMIT", "MARKET"]),
        ),
        st.tuples(st.just("cancel all")),
        st.tuples(st.just("step")),
        st.tuples(st.just("snapshot")),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS)
def test_snapshot_and_tail_make_what_replay_from_the_start_makes(actions: list[tuple[object, ...]]) -> None:
    life = a_life()
    for number, (action, *arguments) in enumerate(actions):
        if action == "advance":
            life.advance(*arguments)  # type: ignore[arg-type]
        elif action == "order":
            life.order(number, *arguments)  # type: ignore[arg-type]
        elif action == "cancel all":
            life.do(number, mass_cancel=simulator_pb2.MassCancel())
        elif action == "step":
            life.do(number, clock=simulator_pb2.ControlClock(action="step"))
        else:
            life.snapshot()
    # Where it stood may lie behind its last stored fact; the durable horizon covers that.
    horizon = life.state.exchange.sim_time_ns
    expected = (life.state.exchange.state_hash(), life.state.exchange.event_hash, life.state.snapshot())
    from_snapshot = life.come_back(horizon)
    life.journal.snapshots.clear()
    from_start = life.come_back(horizon)
    for restored in (from_snapshot, from_start):
        state = restored.state
        assert (state.exchange.state_hash(), state.exchange.event_hash, state.snapshot()) == expected
        assert restored.fresh == []


def test_facts_beyond_the_journals_end_are_made_again_and_handed_on() -> None:
    life = a_life()
    life.order(1, "BUY", 0, 500, "LIMIT")
    stored_seq = life.state.event_seq
    lease_at = life.state.exchange.sim_time_ns
    reports: list[journal_pb2.Report] = []
    while not reports:
        _, reports = life.state.advance(life.state.exchange.sim_time_ns + SECOND, 1)
    lost_until = life.state.exchange.sim_time_ns
    life.state.event_seq = stored_seq  # the crash came before the commit of these
    assert lost_until > lease_at
    restored = life.come_back(lost_until)
    assert [report.body for report in restored.fresh] == [report.body for report in reports]


@pytest.mark.parametrize("damage", ["body", "hash", "missing", "lease"])
def test_a_journal_that_does_not_fit_is_never_served(damage: str) -> None:
    life = a_life()
    life.order(1, "BUY", -2, 100, "LIMIT")
    life.advance(2 * SECOND, 100_000)
    life.order(2, "SELL", 2, 100, "LIMIT")
    last = life.journal.batches[-1]
    if damage == "body":
        life.journal.batches[0].reports[0].body = b"{}"
    elif damage == "hash":
        last.event_hash = bytes(16)
    elif damage == "missing":
        life.journal.batches.pop(0)
    else:
        life.state.command_seq += 1
    with pytest.raises(RestoreFailed):
        life.come_back()
