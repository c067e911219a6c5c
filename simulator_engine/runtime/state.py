"""A session's whole state beside the wall clock: the exchange, the numbering of facts, the requests already answered.

The live loop and the restore both move it through `advance` and `apply` alone, so that both make the same facts.
It never waits and never reads a clock; wall time is handed in and stamped on reports, outside their bodies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import msgspec

from simulator_engine import wire
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.core import events
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.quantities import NotExact
from simulator_engine.core.reasons import ExecType
from simulator_engine.market.exchange import Exchange
from simulator_engine.runtime.clock import MAX_SPEED, MIN_SPEED

HASH_PREFIX_BYTES = 16
"""How much of a request's body hash is kept in memory; enough that two bodies never meet by chance."""


class Answered(msgspec.Struct, array_like=True, frozen=True):
    """What is remembered of a request: the start of its body's hash, and the command that it became."""

    body_hash: bytes
    command_seq: int


class StateSnapshot(msgspec.Struct, array_like=True):
    """The serialized form of a SessionState. The order of fields is the format."""

    command_seq: int
    event_seq: int
    stream_seq: dict[str, int]
    requests: dict[str, Answered]
    paused: bool
    speed: str
    event_hash: bytes
    event_count: int
    exchange: bytes


@dataclass(slots=True)
class Applied:
    """What a command did: its journal record, its reports, and the answer to whoever asked."""

    record: journal_pb2.Record
    reports: list[journal_pb2.Report]
    reply: simulator_pb2.CommandReply
    clock_action: str | None = None


@dataclass(slots=True)
class SessionState:
    """See the module. `command_seq` and `event_seq` are the last numbers given out."""

    session: UUID
    exchange: Exchange
    paused: bool = False
    speed: Decimal = Decimal(1)
    command_seq: int = 0
    event_seq: int = 0
    stream_seq: dict[str, int] = field(default_factory=lambda: {"orders": 0, "account": 0, "session": 0})
    requests: dict[str, Answered] = field(default_factory=dict)

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """What is traded, by symbol."""
        return self.exchange.venue.instruments

    # --- moving on ---------------------------------------------------------------------------------------------

    def advance(
        self, until_ns: int, wall_time_ms: int, max_events: int = 10_000
    ) -> tuple[bool, list[journal_pb2.Report]]:
        """Let the market go on to `until_ns`, or for about `max_events`; says whether it got there.

        It always stops between two instants: everything due at the exchange's time has happened, so that a command
        stamped now finds the same state when it is replayed.
        """
        exchange = self.exchange
        reached = until_ns <= exchange.sim_time_ns or exchange.advance(until_ns, max_events)
        while not exchange.advance(exchange.sim_time_ns, max_events):
            pass
        return reached, self._reports(0, None, wall_time_ms)

    def apply(self, message: simulator_pb2.Command, wall_time_ms: int) -> Applied:
        """Do one command at the exchange's present time, and number what came of it.

        Raises wire.Malformed before anything has changed.
        """
        kind = wire.command_kind(message)
        command = None if kind == "clock" else wire.command_from_message(message)
        if kind == "clock":
            self._check_clock(message.clock)
        seq = self.command_seq + 1
        record = journal_pb2.Record(
            command_seq=seq,
            sim_time_ns=self.exchange.sim_time_ns,
            event_index=self.exchange.event_count,
            kind=kind,
            request_id=message.request_id,
            body_hash=message.body_hash,
            body=message.SerializeToString(),
        )
        self.command_seq = seq
        self.requests[message.request_id] = Answered(message.body_hash[:HASH_PREFIX_BYTES], seq)
        first = self.event_seq + 1
        happened: list[events.Event]
        if command is None:
            happened = []
            reports = self._turn_clock(message.clock, seq, message.request_id, wall_time_ms)
        else:
            happened = self.exchange.handle(command)
            reports = self._reports(seq, message.request_id, wall_time_ms)
        reply = _reply(message.request_id, seq, happened)
        if reports:
            reply.first_event_seq, reply.last_event_seq = first, self.event_seq
        return Applied(record, reports, reply, message.clock.action if command is None else None)

    def _check_clock(self, clock: simulator_pb2.ControlClock) -> None:
        if clock.action not in ("pause", "resume", "step", "speed"):
            raise wire.Malformed(f"{clock.action!r} is nothing that a clock can do")
        if clock.action == "speed":
            try:
                speed = wire.speed_from_text(clock.speed)
            except NotExact as error:
                raise wire.Malformed(str(error)) from error
            if not MIN_SPEED <= speed <= MAX_SPEED or speed * 1000 % 1 != 0:
                raise wire.Malformed(f"the speed must be between {MIN_SPEED} and {MAX_SPEED}")

    def _turn_clock(
        self, clock: simulator_pb2.ControlClock, seq: int, request_id: str, wall_time_ms: int
    ) -> list[journal_pb2.Report]:
        if clock.action == "speed":
            self.speed = wire.speed_from_text(clock.speed)
        elif clock.action == "step":
            self.paused = True
            self.exchange.step()
            while not self.exchange.advance(self.exchange.sim_time_ns):
                pass
        else:
            self.paused = clock.action == "pause"
        reports = self._reports(seq, request_id, wall_time_ms)
        body = wire.clock_body(
            action=clock.action,
            speed=self.speed,
            paused=self.paused,
            sim_time_ns=self.exchange.sim_time_ns,
            stream_seq=self.stream_seq["session"] + 1,
        )
        reports.append(self._report("session", "clock.changed", seq, self.exchange.sim_time_ns, wall_time_ms, body, ()))
        return reports

    # --- numbering ---------------------------------------------------------------------------------------------

    def _reports(self, caused_by: int, request_id: str | None, wall_time_ms: int) -> list[journal_pb2.Report]:
        reports = []
        for event in self.exchange.drain():
            stream = wire.STREAM_OF.get(type(event))
            if stream is None:
                continue
            described = wire.describe(
                event,
                self.instruments,
                session=self.session,
                stream_seq=self.stream_seq[stream] + 1,
                caused_by_request=request_id,
            )
            if described is None:
                continue
            stream, kind, body, legs = described
            reports.append(self._report(stream, kind, caused_by, event.sim_time_ns, wall_time_ms, body, legs))
        return reports

    def _report(
        self,
        stream: str,
        kind: str,
        caused_by: int,
        sim_time_ns: int,
        wall_time_ms: int,
        body: bytes,
        legs: tuple[events.LedgerLeg, ...],
    ) -> journal_pb2.Report:
        self.event_seq += 1
        self.stream_seq[stream] += 1
        return journal_pb2.Report(
            event_seq=self.event_seq,
            stream=stream,
            stream_seq=self.stream_seq[stream],
            type=kind,
            caused_by=caused_by,
            sim_time_ns=sim_time_ns,
            wall_time_ms=wall_time_ms,
            body=body,
            legs=[wire.leg_message(leg, self.instruments) for leg in legs],
        )

    # --- keeping -----------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """Everything needed to go on from here, as bytes."""
        return msgspec.msgpack.encode(
            StateSnapshot(
                command_seq=self.command_seq,
                event_seq=self.event_seq,
                stream_seq=self.stream_seq,
                requests=self.requests,
                paused=self.paused,
                speed=str(self.speed),
                event_hash=self.exchange.event_hash,
                event_count=self.exchange.event_count,
                exchange=self.exchange.snapshot(),
            )
        )


def body_hash(message: simulator_pb2.Command) -> bytes:
    """What makes two requests the same: everything but their id, when they were sent, and the verdict on them."""
    bare = simulator_pb2.Command()
    bare.CopyFrom(message)
    bare.ClearField("request_id")
    bare.ClearField("sent_at_ms")
    bare.ClearField("good_for_ms")
    bare.ClearField("verdict")
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).digest()


def _reply(request_id: str, command_seq: int, happened: list[events.Event]) -> simulator_pb2.CommandReply:
    """The answer to a command, read off the events that it caused."""
    reply = simulator_pb2.CommandReply(request_id=request_id, outcome=simulator_pb2.APPLIED, command_seq=command_seq)
    for event in happened:
        if isinstance(event, events.ExecutionReport) and event.exec_type is ExecType.REJECTED:
            reply.outcome = simulator_pb2.REFUSED
            reply.code, reply.text = event.reject_code or "", event.text
        elif isinstance(event, events.CancelRejected):
            reply.orders.add(
                client_order_id=event.original_client_order_id,
                symbol=event.symbol,
                accepted=False,
                code=event.reject_code,
                text=event.text,
            )
            reply.outcome = simulator_pb2.REFUSED
            reply.code, reply.text = event.reject_code, event.text
        elif isinstance(event, events.ExecutionReport) and event.exec_type in (ExecType.CANCELED, ExecType.REPLACED):
            reply.orders.add(client_order_id=event.client_order_id, symbol=event.symbol, accepted=True)
    if any(answer.accepted for answer in reply.orders) and reply.code:
        # A mass cancel that did some of it: the answers per order tell; the command itself was done.
        reply.outcome, reply.code, reply.text = simulator_pb2.APPLIED, "", ""
    return reply
