"""Looking at a session from outside any transaction: its lease by the database's clock, its process, its voice.

Never changes anything. A lease that was not renewed for a while makes a suspect, not a verdict: the simulator is asked
first, and one that answers with its epoch is left alone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from apps.simulator_sessions.clients import CallFailed, probe
from apps.simulator_sessions.launchers.base import Launcher, Seen, run_name
from apps.simulator_sessions.leases import HEARTBEATS_MISSED_AFTER_SECONDS
from apps.simulator_sessions.lifecycle import ACTIVE_STATUSES, Health, Observation, Process, Status
from apps.simulator_sessions.models import SessionLease, SimulatorRun, SimulatorSession

PROBE_SECONDS = 1.0
_ACTIVE = [status.value for status in ACTIVE_STATUSES]


@dataclass(frozen=True, slots=True)
class Picture:
    """A session as it was seen: its rows, and what next_step judges. `cause` explains a bad end."""

    session: SimulatorSession
    run: SimulatorRun | None
    lease: SessionLease | None
    seen: Observation
    cause: str = ""


def look(*, session_id: uuid.UUID, launcher: Launcher, now: datetime) -> Picture | None:
    """None when there is no such session."""
    session = SimulatorSession.objects.filter(id=session_id).first()
    if session is None:
        return None
    lease = (
        SessionLease.objects.filter(session_id=session_id)
        .annotate(silence=ExpressionWrapper(Now() - F("renewed_at"), output_field=DurationField()))
        .first()
    )
    run = SimulatorRun.objects.filter(session_id=session_id, status__in=_ACTIVE).first()
    seen = Seen(Process.NONE)
    health, cause = Health.NONE, ""
    if run is not None:
        seen = launcher.observe(run_name(session_id, run.epoch), run.handle)
        health, cause = _health(session_id, lease, run, seen)
    observation = Observation(
        process=seen.process,
        health=health,
        status_age_seconds=(now - session.status_at).total_seconds(),
        failures=session.failures,
        retry_due=session.retry_at is None or session.retry_at <= now,
    )
    return Picture(session, run, lease, observation, cause or seen.cause)


def suspects() -> list[uuid.UUID]:
    """READY sessions whose lease has missed its beats."""
    silent = ExpressionWrapper(Now() - F("renewed_at"), output_field=DurationField())
    rows = (
        SessionLease.objects.filter(session__status=Status.READY.value)
        .annotate(silence=silent)
        .values_list("session_id", "silence")
    )
    return [
        session_id
        for session_id, silence in rows
        if silence is None or silence.total_seconds() > HEARTBEATS_MISSED_AFTER_SECONDS
    ]


def _health(session_id: uuid.UUID, lease: SessionLease | None, run: SimulatorRun, seen: Seen) -> tuple[Health, str]:
    if lease is None or lease.epoch != run.epoch:
        return Health.NONE, ""
    if lease.state == "HALTED":
        return Health.HALTED, lease.detail
    if lease.state == "DRAINED":
        return Health.DRAINED, ""
    if not lease.state or seen.process is Process.GONE:
        return Health.NONE, ""
    health = Health.RESTORING if lease.state == "RESTORING" else Health.READY
    silence = getattr(lease, "silence", None)
    if health is Health.RESTORING or silence is None:
        return health, ""  # a restore has its own deadline; its process is watched all the same
    if silence.total_seconds() <= HEARTBEATS_MISSED_AFTER_SECONDS:
        return health, ""
    try:
        probe(session_id=session_id, epoch=lease.epoch, endpoint=lease.endpoint, timeout_seconds=PROBE_SECONDS)
    except CallFailed:
        return Health.SILENT, "it stopped answering"
    return health, ""
