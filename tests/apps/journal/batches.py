"""Building appends in one line, and sessions to append to."""

from __future__ import annotations

import uuid
from decimal import Decimal

import orjson
from django.utils import timezone

from apps.journal.appending import Batch
from apps.journal.receivers import CommittedReport, JournaledCommand, Leg
from apps.simulator_sessions.models import SessionLease, SimulatorSession


def session_with_lease(user_model, *, epoch: int = 1, email: str = "trader@example.com") -> uuid.UUID:
    user, _ = user_model.objects.get_or_create(email=email, defaults={"display_name": "Trader"})
    session = SimulatorSession.objects.create(
        user=user,
        name="test",
        scenario="open-market",
        seed=1,
        requested_at=timezone.now(),
        status_at=timezone.now(),
    )
    SessionLease.objects.create(session=session, epoch=epoch)
    return session.id


def record(seq: int, *, epoch: int = 1) -> JournaledCommand:
    return JournaledCommand(
        command_seq=seq,
        epoch=epoch,
        sim_time_ns=seq * 1000,
        event_index=seq,
        kind="submit",
        request_id=f"order-{seq}",
        body_hash=seq.to_bytes(32, "big"),
        body=b"command %d" % seq,
    )


def report(seq: int, *, epoch: int = 1, caused_by: int = 0, body: bytes | None = None) -> CommittedReport:
    body = body or orjson.dumps({"order_id": str(seq)})
    return CommittedReport(
        event_seq=seq,
        stream="orders",
        stream_seq=seq,
        type="order.accepted",
        caused_by=caused_by,
        sim_time_ns=seq * 1000,
        wall_time_ms=1_700_000_000_000 + seq,
        epoch=epoch,
        body=body,
        data=orjson.loads(body),
        legs=(Leg("USER", "USD", Decimal(-seq), True), Leg("VENUE", "USD", Decimal(seq), True)),
    )


def batch(
    session_id: uuid.UUID,
    *,
    commands: tuple[int, int],
    events: tuple[int, int],
    epoch: int = 1,
    body: bytes | None = None,
) -> Batch:
    """A batch of (first seq, count) commands and (first seq, count) reports, caused by its first command if any."""
    first_c, count_c = commands
    first_e, count_e = events
    return Batch(
        session_id=session_id,
        epoch=epoch,
        first_command_seq=first_c,
        first_event_seq=first_e,
        records=[record(first_c + i, epoch=epoch) for i in range(count_c)],
        reports=[
            report(first_e + i, epoch=epoch, caused_by=first_c if count_c else 0, body=body) for i in range(count_e)
        ],
        horizon_ns=(first_e + count_e) * 1000,
        event_hash=b"e" * 16,
        event_count=first_e + count_e,
        sim_time_ns=(first_e + count_e) * 1000,
    )


def failing_receiver(**_: object) -> None:
    raise RuntimeError("the receiver failed")
