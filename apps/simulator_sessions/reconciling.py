"""Moves each session one step at a time from where it stands to what is wanted, and may be run by anybody, any often.

A step is claimed by compare-and-swap and committed, then acted outside any transaction, then recorded. Only this
module raises an epoch and only it changes a status.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.simulator_sessions import clients, leases, lifecycle, observing
from apps.simulator_sessions.clients import CallFailed
from apps.simulator_sessions.launchers.base import (
    Launcher,
    LaunchFailed,
    LaunchRequest,
    NoCapacity,
    get_launcher,
    run_name,
)
from apps.simulator_sessions.lifecycle import ACTIVE_STATUSES, UNSETTLED_STATUSES, Health, Status, Step, Target
from apps.simulator_sessions.models import SessionLease, SimulatorRun, SimulatorSession
from apps.simulator_sessions.observing import Picture
from apps.simulator_sessions.progress import STEPS, step_entry

log = logging.getLogger("tradesim.sessions.reconciler")

CLAIM_SECONDS = 12.0  # longer than any act: a drain with its stop takes at most 8 s
STOP_GRACE_SECONDS = 2.0
MOST_STEPS_AT_ONCE = 8
_ACTIVE = [status.value for status in ACTIVE_STATUSES]


def reconcile_one(session_id: uuid.UUID, *, launcher: Launcher | None = None) -> None:
    """Take every step that can be taken for this session now. Steps that somebody else has claimed are left alone."""
    launcher = launcher or get_launcher()
    for _ in range(MOST_STEPS_AT_ONCE):
        now = timezone.now()
        picture = observing.look(session_id=session_id, launcher=launcher, now=now)
        if picture is None:
            return
        session = picture.session
        if session.claimed_until is not None and session.claimed_until > now:
            return
        step = lifecycle.next_step(Status(session.status), Target(session.target), picture.seen)
        if step is Step.WAIT:
            return
        log.info("session %s: %s -> %s by %s", session_id, session.status, session.target, step.value)
        went_on = _ACTIONS[step](picture, launcher)
        _announce(session_id)
        if not went_on:
            return


def sweep(*, relist: bool = False) -> list[uuid.UUID]:
    """The sessions that want looking at, last requested first: those under way, those not as wanted, suspects; all
    active ones on a relist.
    """
    statuses = {status.value for status in UNSETTLED_STATUSES}
    if relist:
        statuses |= set(_ACTIVE)
    wanted = set(SimulatorSession.objects.filter(status__in=statuses).values_list("id", flat=True))
    for resting in (Target.HIBERNATED, Target.STOPPED):
        wanted |= set(
            SimulatorSession.objects.filter(target=resting.value)
            .exclude(status__in=(resting.value, Status.STOPPED.value))
            .values_list("id", flat=True)
        )
    wanted |= set(
        SimulatorSession.objects.filter(target=Target.READY.value, status=Status.HIBERNATED.value).values_list(
            "id", flat=True
        )
    )
    wanted |= set(observing.suspects())
    # Whoever asked last is waiting in front of a screen; after a restart the others come back behind them.
    rows = SimulatorSession.objects.filter(id__in=wanted).order_by("-requested_at")
    return list(rows.values_list("id", flat=True))


def _announce(session_id: uuid.UUID) -> None:
    """Tell those who watch the session to look again. A hint: it never fails the step."""
    name = getattr(settings, "SESSION_NOTICE", "")
    if not name:
        return
    try:
        import_string(name)(session_id=session_id)
    except Exception:
        log.warning("could not announce a change of session %s", session_id, exc_info=True)


# --- claiming and recording ---


def _claim(picture: Picture, now: datetime, **changes: Any) -> bool:
    """Take the step for us alone. The caller acts, then calls _record."""
    session = picture.session
    claimed = SimulatorSession.objects.filter(id=session.id, version=session.version, status=session.status).update(
        version=session.version + 1, claimed_until=now + timedelta(seconds=CLAIM_SECONDS), **changes
    )
    return claimed == 1


def _record(picture: Picture, **changes: Any) -> bool:
    """Write what came of the step. False when the claim ran out and somebody else went on."""
    session = picture.session
    recorded = SimulatorSession.objects.filter(id=session.id, version=session.version + 1).update(
        version=session.version + 2, claimed_until=None, **changes
    )
    return recorded == 1


def _settle(picture: Picture, now: datetime, run_changes: dict[str, Any], **changes: Any) -> bool:
    """A step without an act: claimed and recorded in one transaction."""
    with transaction.atomic():
        session = picture.session
        moved = SimulatorSession.objects.filter(id=session.id, version=session.version, status=session.status).update(
            version=session.version + 1, claimed_until=None, **changes
        )
        if moved == 0:
            return False
        if picture.run is not None and run_changes:
            SimulatorRun.objects.filter(id=picture.run.id).update(**run_changes)
    return True


def _with_step(run: SimulatorRun | None, name: str, now: datetime, detail: str = "") -> list[dict[str, Any]]:
    return [*(run.steps if run is not None else []), step_entry(name, now, detail)]


def _ended(run: SimulatorRun, status: Status, now: datetime, cause: str) -> dict[str, Any]:
    return {
        "status": status.value,
        "target": Target.STOPPED.value,
        "ended_at": now,
        "cause": cause[:300],
        "steps": _with_step(run, "ended", now, cause),
    }


# --- the acts, one for each step ---


def _start(picture: Picture, launcher: Launcher) -> bool:
    session, now = picture.session, timezone.now()
    try:
        with transaction.atomic():
            if not _claim(picture, now, status=Status.LAUNCHING.value, status_at=now):
                return False
            lease, _ = SessionLease.objects.get_or_create(session_id=session.id)
            if not leases.raise_epoch(session_id=session.id, from_epoch=lease.epoch):
                raise IntegrityError("the epoch moved under us")
            run = SimulatorRun.objects.create(
                session_id=session.id,
                epoch=lease.epoch + 1,
                status=Status.LAUNCHING.value,
                created_at=now,
                steps=[step_entry("requested", session.requested_at), step_entry("launching", now)],
            )
    except IntegrityError:
        return False  # another reconciler was first: one active run a session
    request = LaunchRequest(
        session_id=session.id,
        epoch=run.epoch,
        token=leases.token_for(session_id=session.id, epoch=run.epoch),
    )
    try:
        handle = launcher.start(request)
    except LaunchFailed as error:
        return _launch_failed(picture, run, error)
    now = timezone.now()
    SimulatorRun.objects.filter(id=run.id).update(
        handle=handle, launched_at=now, steps=_with_step(run, "launched", now)
    )
    return _record(picture)


def _launch_failed(picture: Picture, run: SimulatorRun, error: LaunchFailed) -> bool:
    now = timezone.now()
    full = isinstance(error, NoCapacity)
    failures = picture.session.failures + (0 if full else 1)
    with transaction.atomic():
        SimulatorRun.objects.filter(id=run.id).update(**_ended(run, Status.FAILED, now, str(error)))
        _record(
            picture,
            status=Status.REQUESTED.value,
            status_at=now,
            failures=failures,
            retry_at=now + timedelta(seconds=2.0 if full else lifecycle.backoff_seconds(failures)),
            cause=("capacity: " if full else "") + str(error)[:280],
        )
    return failures > 0 and lifecycle.backoff_seconds(failures) == 0


def _note_restoring(picture: Picture, launcher: Launcher) -> bool:
    now = timezone.now()
    detail = picture.lease.detail if picture.lease is not None else ""
    changes = {"status": Status.RESTORING.value, "steps": _with_step(picture.run, "restoring", now, detail)}
    return _settle(picture, now, changes, status=Status.RESTORING.value, status_at=now)


def _note_ready(picture: Picture, launcher: Launcher) -> bool:
    session, now = picture.session, timezone.now()
    changes = {
        "status": Status.READY.value,
        "ready_at": now,
        "steps": _with_step(picture.run, "ready", now),
    }
    took = max(0, int((now - session.requested_at).total_seconds() * 1000))
    first = {"ready_in_ms": took} if session.ready_at is None or session.ready_at < session.requested_at else {}
    return _settle(
        picture,
        now,
        changes,
        status=Status.READY.value,
        status_at=now,
        ready_at=now,
        failures=0,
        retry_at=None,
        cause="",
        **first,
    )


def _replace(picture: Picture, launcher: Launcher) -> bool:
    """End what is there and ask for a new run. A run that had been READY counts as no failure: it restores."""
    session, run, now = picture.session, picture.run, timezone.now()
    drained = picture.seen.health is Health.DRAINED
    lasted = session.status == Status.READY.value or drained
    failures = 0 if lasted else session.failures + 1
    cause = "" if drained else (picture.cause or "it did not start in time")
    if not _claim(picture, now):
        return False
    if run is not None:
        clients.forget(session_id=session.id, epoch=run.epoch)
        launcher.stop(run_name(session.id, run.epoch), run.handle, grace_seconds=0)
    now = timezone.now()
    with transaction.atomic():
        if run is not None:
            ended = Status.STOPPED if drained else Status.FAILED
            SimulatorRun.objects.filter(id=run.id).update(**_ended(run, ended, now, cause))
        delay = lifecycle.backoff_seconds(failures) if failures else 0.0
        return _record(
            picture,
            status=Status.REQUESTED.value,
            status_at=now,
            failures=failures,
            retry_at=now + timedelta(seconds=delay) if delay else None,
            cause=cause[:300],
        )


def _drain(picture: Picture, launcher: Launcher) -> bool:
    session, run, lease, now = picture.session, picture.run, picture.lease, timezone.now()
    if run is None or not _claim(picture, now, status=Status.DRAINING.value, status_at=now):
        return False
    SimulatorRun.objects.filter(id=run.id).update(status=Status.DRAINING.value, steps=_with_step(run, "draining", now))
    if lease is not None and lease.endpoint and lease.epoch == run.epoch:
        try:
            clients.client_for(session_id=session.id, epoch=run.epoch, endpoint=lease.endpoint).drain(
                deadline_seconds=2.0
            )
        except CallFailed as error:
            log.warning("session %s did not drain: %s; its journal is whole all the same", session.id, error)
    launcher.stop(run_name(session.id, run.epoch), run.handle, grace_seconds=STOP_GRACE_SECONDS)
    clients.forget(session_id=session.id, epoch=run.epoch)
    return _record(picture)


def _kill(picture: Picture, launcher: Launcher) -> bool:
    session, run, now = picture.session, picture.run, timezone.now()
    if not _claim(picture, now, status=Status.DRAINING.value, status_at=now):
        return False
    if run is not None:
        clients.forget(session_id=session.id, epoch=run.epoch)
        launcher.stop(run_name(session.id, run.epoch), run.handle, grace_seconds=0)
    _record(picture)
    return False  # its end is seen by the next look: at once, where the launcher reports exits


def _finish(picture: Picture, launcher: Launcher) -> bool:
    session, now = picture.session, timezone.now()
    resting = Status.HIBERNATED if session.target == Target.READY.value else Status(session.target)
    changes = _ended(picture.run, Status.STOPPED, now, "") if picture.run is not None else {}
    return _settle(picture, now, changes, status=resting.value, status_at=now, failures=0, retry_at=None, cause="")


def _fail(picture: Picture, launcher: Launcher) -> bool:
    now = timezone.now()
    cause = picture.session.cause or "it failed too often"
    changes = _ended(picture.run, Status.FAILED, now, cause) if picture.run is not None else {}
    return _settle(picture, now, changes, status=Status.FAILED.value, status_at=now, cause=cause)


def _halt(picture: Picture, launcher: Launcher) -> bool:
    """What is stored does not agree with itself: never served again before a person has looked."""
    session, run, now = picture.session, picture.run, timezone.now()
    cause = f"halted: {picture.cause or 'its records do not agree with each other'}"
    if not _claim(picture, now):
        return False
    log.critical("session %s %s", session.id, cause)
    if run is not None:
        clients.forget(session_id=session.id, epoch=run.epoch)
        launcher.stop(run_name(session.id, run.epoch), run.handle, grace_seconds=0)
    now = timezone.now()
    with transaction.atomic():
        if run is not None:
            SimulatorRun.objects.filter(id=run.id).update(**_ended(run, Status.FAILED, now, cause))
        _record(picture, status=Status.FAILED.value, status_at=now, cause=cause[:300])
    return False


_ACTIONS = {
    Step.START: _start,
    Step.NOTE_RESTORING: _note_restoring,
    Step.NOTE_READY: _note_ready,
    Step.REPLACE: _replace,
    Step.DRAIN: _drain,
    Step.KILL: _kill,
    Step.FINISH: _finish,
    Step.FAIL: _fail,
    Step.HALT: _halt,
}

assert set(_ACTIONS) == set(Step) - {Step.WAIT}
assert set(STEPS) >= {"requested", "launching", "launched", "restoring", "ready", "draining", "ended"}
