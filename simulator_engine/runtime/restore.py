"""From a lease to a running state: the newest intact snapshot, the journal's tail behind it, then on to the horizon.

What is replayed must be, byte for byte, what was stored; otherwise the session halts rather than go on wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import msgspec

from simulator_engine import ENGINE_VERSION
from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.market.exchange import BadSnapshot, Exchange
from simulator_engine.runtime.journal_client import JournalClient
from simulator_engine.runtime.spec import SessionPlan
from simulator_engine.runtime.state import SessionState, StateSnapshot
from simulator_engine.telemetry import wall_ms


class RestoreFailed(Exception):
    """Snapshot, journal and engine disagree: the stored facts cannot be made again. The session must halt."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A state at the horizon. `fresh` holds the reports made beyond the journal's end: they must be stored first."""

    state: SessionState
    fresh: list[journal_pb2.Report]
    replayed_commands: int
    from_snapshot_at: int
    replayed_events: int
    """Market events made again: a long replay asks for a snapshot soon, or the next one would be longer still."""


async def restore(
    *,
    config: SimulatorConfig,
    plan: SessionPlan,
    lease: journal_pb2.AcquireReply,
    journal: JournalClient,
    report: Callable[[str], None],
) -> Restored:
    """Rebuild the session. `report` hears what is being done, in words for the progress display.

    Raises RestoreFailed; Fenced and JournalUnavailable as the journal client does.
    """
    state = await _from_snapshot(config, plan, journal, report)
    if state is None:
        report("opening the market")
        exchange = Exchange.create(scenario=plan.scenario, seed=plan.seed, account=plan.account)
        state = SessionState(session=UUID(config.session_id), exchange=exchange, speed=plan.speed)
    replay = _Replay(state)
    base, base_events = state.command_seq, state.exchange.event_count
    report("replaying the journal")
    async for batch in journal.tail(after_command_seq=state.command_seq, after_event_seq=state.event_seq):
        replay.batch(batch)
    if state.command_seq != lease.last_command_seq or replay.stored_event_seq != lease.last_event_seq:
        raise RestoreFailed(
            f"the journal ends at command {state.command_seq}, report {replay.stored_event_seq}; "
            f"the lease says {lease.last_command_seq}, {lease.last_event_seq}"
        )
    report("catching up with the clock")
    # What was shown may reach up to the horizon; opening before it would let simulated time run back. A paused
    # market showed nothing beyond its pause, and the trader must find it as it stood.
    while not state.paused and not replay.advance(lease.horizon_ns):
        pass
    return Restored(
        state=state,
        fresh=replay.fresh,
        replayed_commands=state.command_seq - base,
        from_snapshot_at=base,
        replayed_events=state.exchange.event_count - base_events,
    )


async def _from_snapshot(
    config: SimulatorConfig, plan: SessionPlan, journal: JournalClient, report: Callable[[str], None]
) -> SessionState | None:
    before = 0
    while True:
        stored = await journal.newest_snapshot(before_command_seq=before)
        if stored is None:
            return None
        if stored.intact and stored.header.engine_version == ENGINE_VERSION:
            report(f"loading the snapshot at command {stored.header.command_seq}")
            return _decode(config, plan, stored.data)
        # Torn while it was written, or of another engine: the one before it will do.
        if stored.header.command_seq == 0:
            return None
        before = stored.header.command_seq


def _decode(config: SimulatorConfig, plan: SessionPlan, data: bytes) -> SessionState:
    try:
        kept = msgspec.msgpack.decode(data, type=StateSnapshot)
    except msgspec.MsgspecError as error:
        raise RestoreFailed(f"the snapshot cannot be read: {error}") from error
    try:
        exchange = Exchange.restore(scenario=plan.scenario, seed=plan.seed, account=plan.account, data=kept.exchange)
    except BadSnapshot as error:
        raise RestoreFailed(f"the snapshot cannot be restored: {error}") from error
    if exchange.event_hash != kept.event_hash or exchange.event_count != kept.event_count:
        raise RestoreFailed("the snapshot's exchange is not the one that was saved")
    return SessionState(
        session=UUID(config.session_id),
        exchange=exchange,
        paused=kept.paused,
        speed=Decimal(kept.speed),
        command_seq=kept.command_seq,
        event_seq=kept.event_seq,
        stream_seq=kept.stream_seq,
        requests=kept.requests,
    )


class _Replay:
    """Makes the stored facts again and compares; keeps what goes beyond them."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._expected: list[journal_pb2.Report] = []
        self.stored_event_seq = state.event_seq
        self.fresh: list[journal_pb2.Report] = []

    def batch(self, batch: journal_pb2.TailBatch) -> None:
        if self.fresh:
            raise RestoreFailed(f"report {self.fresh[0].event_seq} was made again before the journal holds it")
        self._expected = list(batch.reports)
        if batch.reports:
            self.stored_event_seq = batch.reports[-1].event_seq
        for record in batch.records:
            self._command(record)
        while not self.advance(batch.sim_time_ns):
            pass
        exchange = self._state.exchange
        if self._expected:
            raise RestoreFailed(f"report {self._expected[0].event_seq} is in the journal and was not made again")
        if exchange.event_count != batch.event_count or exchange.event_hash != batch.event_hash:
            raise RestoreFailed(
                f"after command {self._state.command_seq} the market went another way "
                f"(event {exchange.event_count}, stored {batch.event_count})"
            )

    def advance(self, until_ns: int) -> bool:
        reached, reports = self._state.advance(until_ns, wall_ms(), max_events=50_000)
        self._compare(reports)
        return reached

    def _command(self, record: journal_pb2.Record) -> None:
        while not self.advance(record.sim_time_ns):
            pass
        exchange = self._state.exchange
        if exchange.sim_time_ns != record.sim_time_ns or exchange.event_count != record.event_index:
            raise RestoreFailed(
                f"command {record.command_seq} belongs after event {record.event_index} at {record.sim_time_ns}, "
                f"but the market stands after {exchange.event_count} at {exchange.sim_time_ns}"
            )
        if record.command_seq != self._state.command_seq + 1:
            raise RestoreFailed(f"command {record.command_seq} follows {self._state.command_seq}: a gap")
        message = simulator_pb2.Command.FromString(record.body)
        self._compare(self._state.apply(message, wall_ms()).reports)

    def _compare(self, made: list[journal_pb2.Report]) -> None:
        for report in made:
            if not self._expected:
                self.fresh.append(report)
                continue
            stored = self._expected.pop(0)
            same = (
                stored.event_seq == report.event_seq
                and stored.type == report.type
                and stored.stream_seq == report.stream_seq
                and stored.body == report.body
            )
            if not same:
                raise RestoreFailed(f"report {stored.event_seq} ({stored.type}) came out differently")
