"""Reads of sessions. A session of somebody else does not exist."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from apps.common.problems import NotFound
from apps.simulator_sessions.lifecycle import Status, Target
from apps.simulator_sessions.models import SessionLease, SimulatorRun, SimulatorSession
from apps.simulator_sessions.progress import progress_events

LIVE_STATUSES = (
    Status.REQUESTED.value,
    Status.LAUNCHING.value,
    Status.RESTORING.value,
    Status.READY.value,
    Status.DRAINING.value,
)


def get_session(*, user: Any, session_id: uuid.UUID) -> SimulatorSession:
    """The user's own session. Raises NotFound, also for one of somebody else."""
    session = SimulatorSession.objects.filter(id=session_id, user_id=user.pk).first()
    if session is None:
        raise NotFound("There is no such session.")
    return session


def sessions_of(*, user: Any) -> QuerySet[SimulatorSession]:
    return SimulatorSession.objects.filter(user_id=user.pk).select_related("lease")


def count_live(*, user: Any) -> int:
    """Sessions of this user that have, or will have, a process."""
    return SimulatorSession.objects.filter(user_id=user.pk, status__in=LIVE_STATUSES, target=Target.READY.value).count()


def time_text(time_ns: int) -> str | None:
    """RFC 3339 in UTC with microseconds; None for a session that has not begun."""
    if not time_ns:
        return None
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def wall_text(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def session_dict(session: SimulatorSession) -> dict[str, Any]:
    """A session in the public shape, as its rows tell it. `link` belongs to a browser's connection: null here."""
    lease: SessionLease | None = getattr(session, "lease", None) if hasattr(session, "lease") else None
    return {
        "id": str(session.id),
        "name": session.name,
        "status": session.status,
        "target": session.target,
        "cause": session.cause or None,
        "scenario": session.scenario,
        "date": session.scenario_date.isoformat() if session.scenario_date else None,
        "seed": session.seed,
        "account": session.account,
        "epoch": lease.epoch if lease else 0,
        "engine_version": session.engine_version or None,
        "engine": {"core": lease.detail if lease and lease.state == "READY" else None},
        "phase": (lease.phase or None) if lease else None,
        "sim_time": time_text(lease.sim_time_ns) if lease else None,
        "speed": (lease.speed if lease and lease.speed else session.speed),
        "paused": lease.paused if lease else False,
        "link": None,
        "created_at": wall_text(session.created_at),
        "ready_at": wall_text(session.ready_at),
        "ready_in_ms": session.ready_in_ms,
        "progress_url": f"/api/v1/sessions/{session.id}/progress",
    }


def progress_of(*, session_id: uuid.UUID, now: datetime) -> tuple[SimulatorSession, list[dict[str, Any]]]:
    """The session and every step of its present start, stop or recovery so far. Raises NotFound."""
    session = SimulatorSession.objects.filter(id=session_id).select_related("lease").first()
    if session is None:
        raise NotFound("There is no such session.")
    lease = session.lease if hasattr(session, "lease") else None
    run = SimulatorRun.objects.filter(session_id=session_id).order_by("-epoch").first()
    steps = run.steps if run is not None and run.created_at >= session.requested_at else []
    if run is not None and not steps and session.status not in (Status.REQUESTED.value, Status.HIBERNATED.value):
        steps = run.steps
    events = progress_events(
        status=Status(session.status),
        target=Target(session.target),
        cause=session.cause,
        requested_at=session.requested_at,
        now=now,
        steps=steps,
        lease_detail=lease.detail if lease is not None and lease.state == "RESTORING" else "",
        queue_position=_queue_position(session),
    )
    return session, events


def _queue_position(session: SimulatorSession) -> int | None:
    """How many were asked for before it and still wait, plus one; None when it does not wait."""
    if session.status != Status.REQUESTED.value or not session.cause.startswith("capacity"):
        return None
    return (
        SimulatorSession.objects.filter(
            status=Status.REQUESTED.value,
            target=Target.READY.value,
            requested_at__lt=session.requested_at,
        ).count()
        + 1
    )
