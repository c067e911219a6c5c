"""The single writer of a session: the market's time, the trader's commands and the journal's commits, in one order.

Everything that changes the state happens between two awaits of one event loop. Nothing here is acknowledged before
the journal has committed it, and nothing emitted after an uncommitted fact is shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from simulator_engine import ENGINE_VERSION
from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.runtime.clock import SessionClock
from simulator_engine.runtime.feed import Feed
from simulator_engine.runtime.gate import GateClosed, OutputGate
from simulator_engine.runtime.journal_client import Fenced, JournalClient, JournalRefused, JournalUnavailable
from simulator_engine.runtime.restore import Restored
from simulator_engine.runtime.state import HASH_PREFIX_BYTES, Answered, SessionState, body_hash
from simulator_engine.telemetry import wall_ms
from simulator_engine.wire import Malformed

MAX_BATCH_RECORDS = 64
WATCHED_TICK_SECONDS = 0.05
IDLE_TICK_SECONDS = 0.2
SLICE_EVENTS = 500
"""Market events between two looks at the command queue: a few milliseconds of Python."""
SLICES_PER_TICK = 20
AWAY_AFTER_SECONDS = 0.75
"""A journal silent for so long is away: new commands are refused rather than kept waiting."""

Answer = TypeVar("Answer")


class JournalAway(Exception):
    """Refused before anything was done, because it could not be made durable now."""


class Draining(Exception):
    """Refused before anything was done, because this run is ending."""


class Stale(Exception):
    """Refused before anything was done: a request other than an order came after its `good_for_ms`."""


@dataclass(slots=True)
class _Entry:
    """One step of output that must be durable: at most one command, with the reports, and where the market stood."""

    record: journal_pb2.Record | None
    reports: list[journal_pb2.Report]
    event_hash: bytes
    event_count: int
    sim_time_ns: int
    gate_number: int


class SessionLoop:
    """See the module. `finished` is set with the exit reason: drained, fenced or halted."""

    def __init__(
        self,
        *,
        config: SimulatorConfig,
        state: SessionState,
        clock: SessionClock,
        journal: JournalClient,
        lease: journal_pb2.AcquireReply,
    ) -> None:
        self._config = config
        self._state = state
        self._clock = clock
        self._journal = journal
        self._gate = OutputGate()
        self.feed = Feed(state=state, gate=self._gate, epoch=config.epoch)
        self._pending: deque[_Entry] = deque()
        self._wake = asyncio.Event()
        self._durable_command_seq = lease.last_command_seq
        self._durable_event_seq = lease.last_event_seq
        self._failing_since: float | None = None
        self._accepting = True
        self._snapshot_events = state.exchange.event_count
        self._snapshot_commands = state.command_seq
        self._snapshot_at = time.monotonic()
        self._snapshot_task: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.finished: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()
        self.phase = "READY"

    # --- life --------------------------------------------------------------------------------------------------

    def start(self, restored: Restored) -> None:
        """Begin; the reports that the restore made beyond the journal's end are stored first."""
        self._snapshot_events -= restored.replayed_events
        self._snapshot_commands -= restored.replayed_commands
        if restored.fresh:
            self._enqueue(None, restored.fresh)
        for work in (self._append_forever, self._renew_forever, self._tick_forever):
            self._tasks.append(asyncio.create_task(self._guarded(work)))

    async def stop(self) -> None:
        """End the tasks. What waited behind the gate is never released."""
        self._gate.close()
        tasks = [*self._tasks, *([self._snapshot_task] if self._snapshot_task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Fenced as error:
            self._finish("fenced", str(error))
        except JournalRefused as error:
            self._finish("halted", str(error))
        except Exception as error:  # a defect: end the run rather than go on wrong; the restore starts clean
            self._finish("failed", repr(error))
            raise

    @contextmanager
    def _changing_state(self) -> Iterator[None]:
        """A defect in here leaves the state half changed: the run ends, and the restore starts from the journal."""
        try:
            yield
        except Malformed:
            raise
        except Exception as error:
            self._finish("failed", repr(error))
            raise

    def _finish(self, reason: str, detail: str) -> None:
        self._accepting = False
        self._gate.close()
        if not self.finished.done():
            self.finished.set_result((reason, detail))

    # --- commands ----------------------------------------------------------------------------------------------

    async def execute(self, message: simulator_pb2.Command) -> simulator_pb2.CommandReply:
        """Do one command and answer after its commit.

        Raises Draining, JournalAway, Stale or wire.Malformed before anything was done; GateClosed when the run ends
        while the commit is under way, so that the outcome is unknown here.
        """
        known = self._known(message)
        if known is not None:
            return known
        if not self._accepting:
            raise Draining("the session is moving or stopping")
        if self.journal_away:
            raise JournalAway("the journal does not answer")
        self._judge_age(message)
        self._go_on()
        with self._changing_state():
            applied = self._state.apply(message, wall_ms())
            if applied.clock_action is not None:
                self._turn_clock(applied.clock_action)
            self._enqueue(applied.record, applied.reports)
        await self._gate.passed()
        return applied.reply

    def _known(self, message: simulator_pb2.Command) -> simulator_pb2.CommandReply | None:
        """The answer to a request_id that was seen before, or None."""
        if not message.body_hash:
            message.body_hash = body_hash(message)
        answered: Answered | None = self._state.requests.get(message.request_id)
        if answered is None:
            return None
        reply = simulator_pb2.CommandReply(request_id=message.request_id, command_seq=answered.command_seq)
        if answered.body_hash != message.body_hash[:HASH_PREFIX_BYTES]:
            reply.outcome, reply.code = simulator_pb2.DUPLICATE, "DUPLICATE_ORDER"
            reply.text = f"{message.request_id} was used for another request"
        elif answered.command_seq <= self._durable_command_seq:
            reply.outcome = simulator_pb2.REPLAYED
        else:
            reply.outcome = simulator_pb2.IN_PROGRESS
        return reply

    def _judge_age(self, message: simulator_pb2.Command) -> None:
        message.verdict = message.verdict or ""
        if not message.sent_at_ms or not message.good_for_ms:
            return
        late_ms = wall_ms() - message.sent_at_ms - message.good_for_ms
        if late_ms <= 0:
            return
        if message.WhichOneof("body") != "submit":
            raise Stale(f"the request came {late_ms} ms after it was good for")
        message.verdict = "STALE_ORDER"

    @property
    def journal_away(self) -> bool:
        return self._failing_since is not None and time.monotonic() - self._failing_since > AWAY_AFTER_SECONDS

    async def read(self, view: Callable[[SessionState], Answer]) -> Answer:
        """A view of the present state, released only once everything that it shows is durable.

        Raises GateClosed when the run ends first.
        """
        self._go_on()
        answer = view(self._state)
        await self._gate.passed()
        return answer

    # --- time --------------------------------------------------------------------------------------------------

    def _go_on(self) -> bool:
        """Let the market go on to the clock's time, or for one slice; keep what it did to the trader."""
        target = self._clock.target(time.monotonic_ns())
        with self._changing_state():
            reached, reports = self._state.advance(target, wall_ms(), max_events=SLICE_EVENTS)
        if reports:
            self._enqueue(None, reports)
        if self._state.exchange.sim_time_ns > target:
            # The market closed and opened again: the night takes no time.
            self._clock.held_at(self._state.exchange.sim_time_ns, time.monotonic_ns())
        return reached

    async def _tick_forever(self) -> None:
        next_beat = time.monotonic()
        while True:
            interval = WATCHED_TICK_SECONDS if self.feed.watched else IDLE_TICK_SECONDS
            next_beat = max(next_beat + interval, time.monotonic())
            for _ in range(SLICES_PER_TICK):
                if self._go_on():
                    break
                await asyncio.sleep(0)
            else:
                # Slower than asked: take the time that was reached as now, instead of owing ever more of it.
                self._clock.held_at(self._state.exchange.sim_time_ns, time.monotonic_ns())
            self.feed.publish_market(wall_ms())
            self._consider_snapshot()
            await asyncio.sleep(max(next_beat - time.monotonic(), 0.001))

    def _turn_clock(self, action: str) -> None:
        now, sim = time.monotonic_ns(), self._state.exchange.sim_time_ns
        if action == "speed":
            self._clock.set_speed(self._state.speed, sim, now)
        elif self._state.paused:
            self._clock.pause(sim, now)
        else:
            self._clock.resume(sim, now)

    # --- the journal -------------------------------------------------------------------------------------------

    def _enqueue(self, record: journal_pb2.Record | None, reports: list[journal_pb2.Report]) -> None:
        exchange = self._state.exchange
        self._pending.append(
            _Entry(
                record,
                reports,
                exchange.event_hash,
                exchange.event_count,
                exchange.sim_time_ns,
                self._gate.formed(),
            )
        )
        self._wake.set()

    async def _append_forever(self) -> None:
        while True:
            while not self._pending:
                self._wake.clear()
                await self._wake.wait()
            # What arrives while a batch is under way makes the next one: the commit itself sets the pace.
            entries = [self._pending.popleft() for _ in range(min(len(self._pending), MAX_BATCH_RECORDS))]
            await self._store(entries)

    async def _store(self, entries: list[_Entry]) -> None:
        last = entries[-1]
        reports = [report for entry in entries for report in entry.reports]
        request = journal_pb2.AppendRequest(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            first_command_seq=self._durable_command_seq + 1,
            first_event_seq=self._durable_event_seq + 1,
            records=[entry.record for entry in entries if entry.record is not None],
            reports=reports,
            horizon_ns=self._clock.horizon_ns,
            event_hash=last.event_hash,
            event_count=last.event_count,
            sim_time_ns=last.sim_time_ns,
        )
        pause = 0.02
        while True:
            try:
                reply = await self._journal.append(request)
                break
            except JournalUnavailable:
                # The identical batch is sent until it is answered: the journal knows it again by its content.
                self._failing_since = self._failing_since or time.monotonic()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 0.5)
        self._failing_since = None
        self._durable_command_seq = reply.last_command_seq
        self._durable_event_seq = reply.last_event_seq
        self.feed.publish_reports(reports)
        self._gate.open_until(last.gate_number)

    async def _renew_forever(self) -> None:
        while True:
            now = time.monotonic_ns()
            try:
                reply = await self._journal.renew(
                    horizon_ns=self._clock.wanted_horizon(now, self._config.horizon_seconds),
                    state=self.phase,
                    sim_time_ns=self._state.exchange.sim_time_ns,
                    phase=str(self._state.exchange.venue.phase),
                    speed=format(self._state.speed.normalize(), "f"),
                    paused=self._state.paused,
                    detail=self._state.exchange.venue.core_name,
                )
            except JournalUnavailable:
                self._failing_since = self._failing_since or time.monotonic()
                await asyncio.sleep(0.1)
                continue
            if self._gate.clear:  # an append that gets no answer keeps the journal away, whatever renewals say
                self._failing_since = None
            self._clock.horizon_ns = max(self._clock.horizon_ns, reply.horizon_ns)
            await asyncio.sleep(self._config.renew_interval_seconds)

    # --- snapshots ---------------------------------------------------------------------------------------------

    def _consider_snapshot(self) -> None:
        state, config = self._state, self._config
        events = state.exchange.event_count - self._snapshot_events
        commands = state.command_seq - self._snapshot_commands
        age = time.monotonic() - self._snapshot_at
        due = (
            events >= config.snapshot_every_events
            or commands >= config.snapshot_every_commands
            or (age >= config.snapshot_interval_seconds and (events or commands))
        )
        busy = self._snapshot_task is not None and not self._snapshot_task.done()
        if due and not busy and self._gate.clear and age >= 1.0:
            header, data = self._take_snapshot("")
            self._snapshot_task = asyncio.create_task(self._guarded(lambda: self._keep(header, data)))

    def _take_snapshot(self, name: str) -> tuple[journal_pb2.SnapshotHeader, bytes]:
        state = self._state
        data = state.snapshot()
        self._snapshot_events, self._snapshot_commands = state.exchange.event_count, state.command_seq
        self._snapshot_at = time.monotonic()
        header = journal_pb2.SnapshotHeader(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            command_seq=state.command_seq,
            event_seq=state.event_seq,
            sim_time_ns=state.exchange.sim_time_ns,
            engine_version=ENGINE_VERSION,
            state_hash=state.exchange.state_hash(),
            sha256=hashlib.sha256(data).digest(),
            name=name,
            size=len(data),
        )
        return header, data

    async def _keep(self, header: journal_pb2.SnapshotHeader, data: bytes) -> None:
        try:
            await self._journal.put_snapshot(header, data)
        except JournalUnavailable:
            # The journal itself is complete; the next snapshot will come.
            return

    async def save_snapshot(self, name: str) -> journal_pb2.SnapshotHeader:
        """Store the present state under a name. Raises JournalUnavailable, Fenced, GateClosed."""
        while not self._gate.clear:
            await self._gate.passed()
        header, data = self._take_snapshot(name)
        if not await self._journal.put_snapshot(header, data):
            raise JournalUnavailable("the journal did not take the snapshot")
        return header

    async def drain(self, deadline_seconds: float) -> journal_pb2.SnapshotHeader:
        """Take no more commands, commit what is under way, snapshot, give the lease back, end.

        Raises JournalUnavailable when that does not fit into the deadline; the session is complete all the same.
        """
        self._accepting = False
        self.phase = "DRAINING"
        try:
            async with asyncio.timeout(deadline_seconds):
                self._clock.pause(self._state.exchange.sim_time_ns, time.monotonic_ns())
                header = await self.save_snapshot("")
                await self._journal.release("DRAINED")
        except (TimeoutError, GateClosed) as error:
            raise JournalUnavailable("the drain did not finish in time") from error
        finally:
            self._finish("drained", "")
        return header
