"""What a trader may ask of their sessions: start, stop, hibernate, wake, turn the clock, keep a snapshot.

These write what is wanted; the reconciler makes it so. Views make one call here.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F

from apps.audit import services as audit
from apps.common.problems import Problem
from apps.markets.catalogue import LARGEST_SEED
from apps.simulator_sessions import accounts_terms, selectors
from apps.simulator_sessions.gateway import SavedState, get_gateway
from apps.simulator_sessions.lifecycle import Status, Target
from apps.simulator_sessions.models import SessionLease, SimulatorSession
from apps.simulator_sessions.pokes import request_reconcile
from apps.simulator_sessions.progress import is_settled

MAX_SEED = LARGEST_SEED
WAIT_POLL_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Started:
    """A session as it stands after the short wait. `replayed`: this Idempotency-Key had made it before."""

    session: SimulatorSession
    replayed: bool = False

    @property
    def ready(self) -> bool:
        return self.session.status == Status.READY.value


@dataclass(frozen=True, slots=True)
class ClockTurned:
    """The session, and where its clock stands now: sim_time, speed, paused, phase."""

    session: SimulatorSession
    clock: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        return {**selectors.session_dict(self.session), **self.clock}


def start_session(
    *,
    user: Any,
    scenario: str,
    date: Date | None = None,
    seed: int | None = None,
    account: Any = None,
    speed: str = "1",
    name: str = "",
    idempotency_key: str | None = None,
    now: datetime,
    wait_seconds: float | None = None,
) -> Started:
    """Ask for a new exchange, and wait a little for it to be READY.

    The same key with the same request answers the same session. Raises Problem: 422 for what cannot be played, 429
    QUOTA_EXCEEDED, 409 IDEMPOTENCY_MISMATCH.
    """
    asked = [scenario, date.isoformat() if date else None, seed, account, speed, name]
    request_hash = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
    if idempotency_key is not None:
        known = _known(user, idempotency_key, request_hash)
        if known is not None:
            return Started(wait_until_settled(known.id, wait_seconds), replayed=True)
    found = accounts_terms.resolve_scenario(scenario, date.isoformat() if date else None)
    terms = accounts_terms.resolve_account(user=user, scenario=found, wanted=account)
    try:
        with transaction.atomic():
            get_user_model().objects.select_for_update().get(pk=user.pk)  # one at a time counts the quota
            _check_quota(user)
            session = SimulatorSession.objects.create(
                user_id=user.pk,
                name=name or found.title,
                scenario=found.slug,
                scenario_date=date,
                seed=secrets.randbelow(MAX_SEED) + 1 if seed is None else seed,
                account=terms,
                speed=speed,
                idempotency_key=idempotency_key,
                request_hash=request_hash,
                requested_at=now,
                status_at=now,
            )
            SessionLease.objects.create(session=session)
            _audit(session, "session.started", user, now, after={"scenario": found.slug, "seed": session.seed})
    except IntegrityError:
        known = _known(user, idempotency_key or "", request_hash)
        if known is None:
            raise
        return Started(wait_until_settled(known.id, wait_seconds), replayed=True)
    request_reconcile(session.id)
    return Started(wait_until_settled(session.id, wait_seconds))


def hibernate_session(*, user: Any, session_id: uuid.UUID, now: datetime) -> SimulatorSession:
    """Save the session and free its process; `wake_session` brings it back as it was."""
    session = selectors.get_session(user=user, session_id=session_id)
    if session.status in (Status.STOPPED.value, Status.FAILED.value) or session.target == Target.STOPPED.value:
        raise Problem(f"This exchange is {session.status.lower()}.", code="SESSION_STOPPED")
    return _want(session, Target.HIBERNATED, "session.hibernated", user, now)


def stop_session(*, user: Any, session_id: uuid.UUID, now: datetime) -> SimulatorSession:
    """End the session for good. What was done in it stays readable."""
    session = selectors.get_session(user=user, session_id=session_id)
    return _want(session, Target.STOPPED, "session.stopped", user, now)


def wake_session(*, user: Any, session_id: uuid.UUID, now: datetime) -> SimulatorSession:
    """Start a hibernated (or failed) session again. Raises SESSION_STOPPED for one that was ended."""
    session = selectors.get_session(user=user, session_id=session_id)
    if session.target == Target.STOPPED.value or session.status == Status.STOPPED.value:
        raise Problem("This exchange was stopped for good; start a new one.", code="SESSION_STOPPED")
    if session.target == Target.READY.value and session.status != Status.FAILED.value:
        return wait_until_settled(session.id, None)
    with transaction.atomic():
        get_user_model().objects.select_for_update().get(pk=user.pk)
        _check_quota(user, creating=False)
        changes: dict[str, Any] = {"target": Target.READY.value, "requested_at": now, "retry_at": None, "failures": 0}
        rows = SimulatorSession.objects.filter(id=session.id)
        if (
            rows.filter(status=Status.FAILED.value).update(
                status=Status.REQUESTED.value, status_at=now, cause="", version=F("version") + 1, **changes
            )
            == 0
        ):
            rows.update(**changes)
        _audit(session, "session.woken", user, now, before={"status": session.status})
    request_reconcile(session.id)
    return wait_until_settled(session.id, None)


def turn_clock(
    *, user: Any, session_id: uuid.UUID, action: str, speed: str = "", request_id: str | None = None
) -> ClockTurned:
    """Pause, resume, step, or set the speed; journaled like an order. Raises what the gateway raises."""
    session = selectors.get_session(user=user, session_id=session_id)
    reply = get_gateway().control(
        session=session, request_id=request_id or f"clock-{uuid.uuid4()}", action=action, speed=speed
    )
    if reply.outcome == "DUPLICATE":
        raise Problem(code="IDEMPOTENCY_MISMATCH")
    if reply.outcome == "IN_PROGRESS":
        raise Problem(code="IN_PROGRESS", headers={"Retry-After": "1"}, outcome="unknown")
    if reply.outcome in ("REFUSED", "NOT_APPLIED"):
        raise Problem(reply.text, code=reply.code or "CONFLICT")
    state = orjson.loads(get_gateway().get_state(session=session, kind="session"))
    return ClockTurned(session, {name: state[name] for name in ("sim_time", "speed", "paused", "phase")})


def save_snapshot(*, user: Any, session_id: uuid.UUID, name: str, now: datetime) -> SavedState:
    """Keep the session's present state under a name, for good."""
    session = selectors.get_session(user=user, session_id=session_id)
    saved = get_gateway().save_snapshot(session=session, name=name)
    with transaction.atomic():
        _audit(session, "session.snapshot_saved", user, now, after={"name": name, "command_seq": saved.command_seq})
    return saved


def wait_until_settled(session_id: uuid.UUID, wait_seconds: float | None) -> SimulatorSession:
    """The session as soon as it stands as wanted, or when the time is up (None: the setting's)."""
    if wait_seconds is None:
        wait_seconds = settings.SESSION_READY_WAIT_SECONDS
    deadline = time.monotonic() + wait_seconds
    while True:
        session = SimulatorSession.objects.select_related("lease").get(id=session_id)
        if is_settled(Status(session.status), Target(session.target)) or time.monotonic() >= deadline:
            return session
        time.sleep(WAIT_POLL_SECONDS)


def _want(session: SimulatorSession, target: Target, action: str, user: Any, now: datetime) -> SimulatorSession:
    if session.target != target.value:
        with transaction.atomic():
            SimulatorSession.objects.filter(id=session.id).exclude(target=Target.STOPPED.value).update(
                target=target.value, requested_at=now
            )
            _audit(session, action, user, now, before={"status": session.status, "target": session.target})
        request_reconcile(session.id)
    return wait_until_settled(session.id, None)


def _known(user: Any, key: str, request_hash: str) -> SimulatorSession | None:
    session = SimulatorSession.objects.filter(user_id=user.pk, idempotency_key=key).first()
    if session is not None and session.request_hash != request_hash:
        raise Problem(code="IDEMPOTENCY_MISMATCH")
    return session


def _check_quota(user: Any, *, creating: bool = True) -> None:
    """Raises QUOTA_EXCEEDED when the user has as many sessions, or as many running ones, as they may."""
    active = settings.SESSION_ACTIVE_QUOTA_PER_USER
    if selectors.count_live(user=user) >= active:
        raise Problem(
            f"You have {active} exchanges running, which is the most at once. Hibernate or stop one first.",
            code="QUOTA_EXCEEDED",
        )
    whole = settings.SESSION_QUOTA_PER_USER
    kept = SimulatorSession.objects.filter(user_id=user.pk).exclude(status=Status.STOPPED.value)
    if creating and kept.count() >= whole:
        raise Problem(
            f"You keep {whole} exchanges, which is the most. Stop one that you no longer need.",
            code="QUOTA_EXCEEDED",
        )


def _audit(
    session: SimulatorSession,
    action: str,
    user: Any,
    now: datetime,
    *,
    before: Any = None,
    after: Any = None,
) -> None:
    audit.record(
        action=action,
        object_type="session",
        object_id=session.id,
        now=now,
        actor_id=user.pk,
        before=before,
        after=after,
    )
