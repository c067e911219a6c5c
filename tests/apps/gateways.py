"""Gateways named for their fault. They journal for real, through the same append as a simulator, or fail on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.common.problems import Problem
from apps.journal.models import EventLogEntry, JournalRecord
from apps.journal.receivers import CommittedReport, JournaledCommand, receivers
from apps.simulator_sessions.gateway import GatewayReply, TouchedOrder
from tests.apps.facts import cancel_rejected, command, execution


@dataclass
class SoundGateway:
    """Accepts every order, rests it, and commits before it answers. `calls` counts what reached it."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    events: int = 0
    commands: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    answers: dict[str, tuple[bytes, GatewayReply]] = field(default_factory=dict)

    def submit(self, *, session: Any, order: Any, body_hash: bytes) -> GatewayReply:
        return self._once(
            "submit", session, order.client_order_id, body_hash, lambda seq: self._accept(session, order, seq)
        )

    def replace(self, *, session: Any, original_client_order_id: str, terms: Any, body_hash: bytes) -> GatewayReply:
        def work(seq: int) -> tuple[list[CommittedReport], GatewayReply]:
            number = self.numbers[terms.client_order_id] = self.numbers[original_client_order_id]
            report = self._execution(
                session, terms.client_order_id, number, seq, event="order.replaced", execution_type="REPLACED",
                original_client_order_id=original_client_order_id, quantity=terms.quantity or "10",
            )  # fmt: skip
            return [report], GatewayReply("APPLIED", command_seq=seq)

        return self._once("replace", session, terms.client_order_id, body_hash, work)

    def cancel(self, *, session: Any, request_id: str, client_order_id: str, body_hash: bytes) -> GatewayReply:
        def work(seq: int) -> tuple[list[CommittedReport], GatewayReply]:
            report = self._execution(
                session, client_order_id, self.numbers[client_order_id], seq, event="order.canceled",
                execution_type="CANCELED", status="CANCELED", request=request_id,
            )  # fmt: skip
            return [report], GatewayReply("APPLIED", command_seq=seq)

        return self._once("cancel", session, request_id, body_hash, work)

    def mass_cancel(self, *, session: Any, request_id: str, symbol: Any, side: Any, body_hash: bytes) -> GatewayReply:
        def work(seq: int) -> tuple[list[CommittedReport], GatewayReply]:
            ids = {number: name for name, number in self.numbers.items()}
            reports = [
                self._execution(
                    session, name, number, seq, event="order.canceled", execution_type="CANCELED",
                    status="CANCELED", request=request_id,
                )
                for number, name in ids.items()
            ]  # fmt: skip
            touched = tuple(TouchedOrder(name, "ACME", True, "", "") for name in ids.values())
            return reports, GatewayReply("APPLIED", command_seq=seq, orders=touched)

        return self._once("mass_cancel", session, request_id, body_hash, work)

    def flatten(
        self, *, session: Any, client_order_id: str, symbol: str, reverse: bool, body_hash: bytes
    ) -> GatewayReply:
        def work(seq: int) -> tuple[list[CommittedReport], GatewayReply]:
            number = self.numbers[client_order_id] = len(self.numbers) + 1
            report = self._execution(
                session, client_order_id, number, seq, event="order.filled", execution_type="TRADE",
                status="FILLED", cum="10",
            )  # fmt: skip
            return [report], GatewayReply("APPLIED", command_seq=seq)

        return self._once("flatten", session, client_order_id, body_hash, work)

    def preview(self, *, session: Any, order: Any) -> bytes:
        return b'{"symbol":"ACME","accepted":true,"broken_rules":[]}'

    def get_state(self, *, session: Any, kind: str, **query: Any) -> bytes:
        return b'{"results":[{"symbol":"ACME","mark_price":"11.00"}],"next":null}'

    # --- inside ---

    def _accept(self, session: Any, order: Any, seq: int) -> tuple[list[CommittedReport], GatewayReply]:
        number = self.numbers[order.client_order_id] = len(self.numbers) + 1
        report = self._execution(session, order.client_order_id, number, seq, quantity=order.quantity)
        return [report], GatewayReply("APPLIED", command_seq=seq)

    def _execution(
        self, session: Any, client_order_id: str, number: int, seq: int, *, request: str | None = None, **more: Any
    ) -> CommittedReport:
        self.events += 1
        return execution(
            session.id, self.events, client_order_id, number=number, caused_by=seq,
            caused_by_request=request or client_order_id, **more,
        )  # fmt: skip

    def _once(
        self,
        kind: str,
        session: Any,
        request_id: str,
        body_hash: bytes,
        work: Callable[[int], tuple[list[CommittedReport], GatewayReply]],
    ) -> GatewayReply:
        self.calls.append((kind, request_id))
        if request_id in self.answers:
            # As the engine: it remembers that a request was done, and as which command, not what came of it.
            known, reply = self.answers[request_id]
            return GatewayReply("REPLAYED" if known == body_hash else "DUPLICATE", command_seq=reply.command_seq)
        self.commands += 1
        reports, reply = work(self.commands)
        self._commit(session, command(self.commands, request_id, kind=kind, body_hash=body_hash), reports)
        self.answers[request_id] = (body_hash, reply)
        return reply

    def _commit(self, session: Any, record: JournaledCommand, reports: list[CommittedReport]) -> None:
        now = timezone.now()
        with transaction.atomic():
            JournalRecord.objects.create(
                session=session, command_seq=record.command_seq, epoch=1, sim_time_ns=1, event_index=0,
                kind=record.kind, request_id=record.request_id, body_hash=record.body_hash, body=b"",
                event_hash=b"", prev_hash=b"", hash=b"", at=now,
            )  # fmt: skip
            EventLogEntry.objects.bulk_create(log_entry(session, report) for report in reports)
            for receiver in receivers():
                receiver(session_id=session.id, records=[record], reports=reports, committed_at=now)


class RejectingGateway(SoundGateway):
    """The venue refuses every new order for want of cash; the refusal is journaled."""

    def _accept(self, session: Any, order: Any, seq: int) -> tuple[list[CommittedReport], GatewayReply]:
        number = self.numbers[order.client_order_id] = len(self.numbers) + 1
        text = "needs 12 340.00, has 9 800.00"
        report = self._execution(
            session, order.client_order_id, number, seq, event="order.rejected", execution_type="REJECTED",
            status="REJECTED", reject_code="INSUFFICIENT_BUYING_POWER", text=text,
        )  # fmt: skip
        return [report], GatewayReply("REFUSED", "INSUFFICIENT_BUYING_POWER", text, command_seq=seq)


class TooLateGateway(SoundGateway):
    """Every cancel and replacement comes after the order is done."""

    def cancel(self, *, session: Any, request_id: str, client_order_id: str, body_hash: bytes) -> GatewayReply:
        return self._once(
            "cancel", session, request_id, body_hash, lambda seq: self._refuse(seq, request_id, client_order_id)
        )

    def replace(self, *, session: Any, original_client_order_id: str, terms: Any, body_hash: bytes) -> GatewayReply:
        return self._once(
            "replace", session, terms.client_order_id, body_hash,
            lambda seq: self._refuse(seq, terms.client_order_id, original_client_order_id, for_replace=True),
        )  # fmt: skip

    def _refuse(
        self, seq: int, request_id: str, original: str, *, for_replace: bool = False
    ) -> tuple[list[CommittedReport], GatewayReply]:
        self.events += 1
        report = cancel_rejected(self.events, request_id, original, for_replace=for_replace, caused_by=seq)
        return [report], GatewayReply("REFUSED", "TOO_LATE_TO_CANCEL", "the order is filled already")


class LostReplyGateway(SoundGateway):
    """Does the work and commits it; the first reply to each request is lost on the way back."""

    def _once(self, kind: str, session: Any, request_id: str, body_hash: bytes, work: Any) -> GatewayReply:
        first = request_id not in self.answers
        reply = super()._once(kind, session, request_id, body_hash, work)
        if first:
            raise Problem(code="OUTCOME_UNKNOWN", outcome="applied")
        return reply


class LostRequestGateway(SoundGateway):
    """The first call for each request breaks, and nobody can say whether it arrived: it did not."""

    def _once(self, kind: str, session: Any, request_id: str, body_hash: bytes, work: Any) -> GatewayReply:
        if (kind, request_id) not in self.calls:
            self.calls.append((kind, request_id))
            raise Problem(code="OUTCOME_UNKNOWN", outcome="unknown")
        return super()._once(kind, session, request_id, body_hash, work)


class RecoveringGateway(SoundGateway):
    """The session has no run: nothing is sent."""

    def _once(self, kind: str, session: Any, request_id: str, body_hash: bytes, work: Any) -> GatewayReply:
        self.calls.append((kind, request_id))
        raise Problem(code="SESSION_RECOVERING", headers={"Retry-After": "1"})

    def preview(self, *, session: Any, order: Any) -> bytes:
        raise Problem(code="SESSION_RECOVERING")

    def get_state(self, *, session: Any, kind: str, **query: Any) -> bytes:
        raise Problem(code="SESSION_RECOVERING")


class DrainingGateway(SoundGateway):
    """The simulator declines before it stamps anything."""

    def _once(self, kind: str, session: Any, request_id: str, body_hash: bytes, work: Any) -> GatewayReply:
        return GatewayReply("NOT_APPLIED", "SESSION_DRAINING", "the session is moving")


def log_entry(session: Any, report: CommittedReport) -> EventLogEntry:
    """A report as the journal stores it."""
    return EventLogEntry(
        session=session, event_seq=report.event_seq, stream=report.stream, stream_seq=report.stream_seq,
        type=report.type, caused_by=report.caused_by, sim_time_ns=report.sim_time_ns,
        wall_time_ms=report.wall_time_ms, epoch=report.epoch, body=report.body,
    )  # fmt: skip
