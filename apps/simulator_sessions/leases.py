"""The lease of a session: bound, renewed and moved here, and nowhere else. Its clock is the database's.

An expired lease starts nothing by itself; safety is the epoch in the fenced statement, never timing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest, Now

from apps.simulator_sessions.models import SessionLease, SimulatorSession

LEASE_TTL = dt.timedelta(seconds=6)
HEARTBEATS_MISSED_AFTER_SECONDS = 2.5  # a simulator renews at least each second: the third beat is late


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """What a new holder is told: how far the journal and the shown time have got."""

    last_command_seq: int
    last_event_seq: int
    horizon_ns: int


def token_for(*, session_id: uuid.UUID | str, epoch: int) -> str:
    """The secret shared by the platform and the one run of this epoch. Hex; never logged, never in an argv."""
    key: str | bytes = settings.SIMULATOR_TOKEN_KEY
    secret = key.encode() if isinstance(key, str) else key
    return hmac.new(secret, f"{session_id}:{epoch}".encode(), hashlib.sha256).hexdigest()


def token_is_valid(*, session_id: uuid.UUID | str, epoch: int, token: str) -> bool:
    """Whether the token is the one of this session and epoch; takes the same time either way."""
    return hmac.compare_digest(token_for(session_id=session_id, epoch=epoch).encode(), token.encode())


def raise_epoch(*, session_id: uuid.UUID, from_epoch: int) -> bool:
    """Take the lease from whoever holds `from_epoch`. Only the reconciler calls it. False when it has moved already.

    From the commit on, no append of the old epoch can succeed.
    """
    moved = SessionLease.objects.filter(session_id=session_id, epoch=from_epoch).update(
        epoch=from_epoch + 1, holder="", endpoint="", state="", detail="", renewed_at=None, expires_at=None
    )
    return moved == 1


def acquire(*, session_id: uuid.UUID, epoch: int, holder: str, endpoint: str, engine_version: str) -> LeaseFacts | None:
    """Bind the epoch to one holder. None when the epoch has moved or another holder has it: the caller must exit.

    The first engine version to serve a session becomes part of it.
    """
    bound = (
        SessionLease.objects.filter(session_id=session_id, epoch=epoch)
        .filter(Q(holder="") | Q(holder=holder))
        .exclude(state__in=("HALTED", "DRAINED"))
        .update(
            holder=holder,
            endpoint=endpoint,
            state="RESTORING",
            renewed_at=Now(),
            expires_at=Now() + Value(LEASE_TTL),
        )
    )
    if bound == 0:
        return None
    SimulatorSession.objects.filter(id=session_id, engine_version="").update(engine_version=engine_version)
    lease = SessionLease.objects.get(session_id=session_id)
    return LeaseFacts(lease.last_command_seq, lease.last_event_seq, lease.horizon_ns)


def renew(
    *,
    session_id: uuid.UUID,
    epoch: int,
    holder: str,
    horizon_ns: int,
    state: str,
    sim_time_ns: int,
    phase: str,
    speed: str,
    paused: bool,
    detail: str,
) -> tuple[int, bool] | None:
    """Extend the lease and the horizon. → (the durable horizon, whether the state changed); None when fenced."""
    mine = SessionLease.objects.filter(session_id=session_id, epoch=epoch, holder=holder)
    fields = {
        "horizon_ns": Greatest(F("horizon_ns"), Value(horizon_ns)),
        # Calls overtake one another: what was shown of the time must not fall.
        "sim_time_ns": Greatest(F("sim_time_ns"), Value(sim_time_ns)),
        "phase": phase[:24],
        "speed": speed[:16],
        "paused": paused,
        "detail": detail[:300],
        "renewed_at": Now(),
        "expires_at": Now() + Value(LEASE_TTL),
    }
    changed = False
    if mine.filter(state=state).update(**fields) == 0:
        if mine.exclude(state__in=("HALTED", "DRAINED")).update(state=state[:16], **fields) == 0:
            return None
        changed = True
    durable = mine.values_list("horizon_ns", flat=True).first()
    return None if durable is None else (durable, changed)


def release(
    *, session_id: uuid.UUID, epoch: int, holder: str, state: str, detail: str, rests_at_ns: int | None = None
) -> bool:
    """Give the lease back, saying why (DRAINED or HALTED). The epoch stays until the reconciler raises it.

    `rests_at_ns`: the simulated time at which a drained run stood still and beyond which it showed nothing. The
    horizon goes back to it, so that the session wakes as it was and does not leap to where it might have been.
    """
    rest = {} if rests_at_ns is None else {"horizon_ns": rests_at_ns, "sim_time_ns": rests_at_ns}
    released = SessionLease.objects.filter(session_id=session_id, epoch=epoch, holder=holder).update(
        state=state[:16], detail=detail[:300], endpoint="", expires_at=Now(), **rest
    )
    return released == 1


def advance(
    *,
    session_id: uuid.UUID,
    epoch: int,
    first_command_seq: int,
    last_command_seq: int,
    first_event_seq: int,
    last_event_seq: int,
    horizon_ns: int,
    sim_time_ns: int,
) -> bool:
    """The fence: move both sequences in one statement, which only the holder of the epoch can.

    Must be the first statement of the transaction that writes the batch.
    """
    parameters = [
        last_command_seq,
        last_event_seq,
        horizon_ns,
        sim_time_ns,
        session_id if connection.features.has_native_uuid_field else session_id.hex,
        epoch,
        first_command_seq - 1,
        first_event_seq - 1,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_advance_sql(connection.vendor), parameters)
        return bool(cursor.rowcount == 1)


@lru_cache(maxsize=2)
def _advance_sql(vendor: str) -> str:
    """Written out: the query compiler would take longer than the statement, on every commit of every session."""
    greater = "MAX" if vendor == "sqlite" else "GREATEST"
    return (
        f"UPDATE {SessionLease._meta.db_table} SET last_command_seq = %s, last_event_seq = %s, "  # noqa: S608
        f"horizon_ns = {greater}(horizon_ns, %s), sim_time_ns = {greater}(sim_time_ns, %s) "
        "WHERE session_id = %s AND epoch = %s AND last_command_seq = %s AND last_event_seq = %s"
    )


def may_write(*, session_id: uuid.UUID, epoch: int, command_seq: int, event_seq: int) -> bool:
    """Whether this epoch holds the lease and the position is durable: the fence of a snapshot.

    Locks the row where the database can, so that the epoch cannot move before the snapshot is committed.
    """
    return (
        SessionLease.objects.select_for_update()
        .filter(
            session_id=session_id,
            epoch=epoch,
            last_command_seq__gte=command_seq,
            last_event_seq__gte=event_seq,
        )
        .exists()
    )
