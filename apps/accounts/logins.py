"""Logins: refresh families, their rotation by compare-and-swap, and their end. The only writer of
RefreshFamily.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.accounts import recent, tokens
from apps.accounts.identity import AccessIdentity
from apps.accounts.models import RefreshFamily, User
from apps.audit import services as audit
from apps.common import context, telemetry
from apps.common.problems import Problem, Unauthenticated


@dataclass(frozen=True, slots=True)
class Pair:
    """What a login or a refresh hands out."""

    user: User
    sid: UUID
    access: tokens.Minted
    refresh: tokens.Minted


def _family_end(*, created_at: datetime, now: datetime) -> datetime:
    longest = created_at + timedelta(seconds=settings.REFRESH_FAMILY_SECONDS)
    return min(now + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS), longest)


def open_family(*, user: User, now: datetime) -> Pair:
    """A new login on a device: call it inside the transaction that decided so."""
    call = context.current()
    sid = uuid4()
    refresh = tokens.mint_refresh(user_id=user.pk, sid=sid, now=now)
    RefreshFamily.objects.create(
        id=sid,
        user=user,
        current_digest=refresh.digest,
        rotated_at=now,
        expires_at=_family_end(created_at=now, now=now),
        created_at=now,
        last_used_at=now,
        last_address=call.address or None,
        user_agent=call.user_agent,
    )
    access = tokens.mint_access(user_id=user.pk, sid=sid, now=now)
    return Pair(user, sid, access, refresh)


def rotate(*, refresh: str, now: datetime) -> Pair:
    """Exchanges a refresh token for a new pair; of several at once exactly one wins.

    Raises 409 REFRESH_SUPERSEDED for the token before within the grace, 401 REFRESH_REUSED (and ends the
    login) for
    any older one, 401 otherwise.
    """
    try:
        claims = tokens.read_refresh(refresh, now=now)
    except tokens.TokenInvalid:
        telemetry.REFRESHES.labels(outcome="invalid").inc()
        raise Unauthenticated(code="TOKEN_INVALID") from None
    presented = tokens.digest(claims.jti)
    family = RefreshFamily.objects.select_related("user").filter(pk=claims.sid, user_id=claims.user_id).first()
    if family is None:
        telemetry.REFRESHES.labels(outcome="invalid").inc()
        raise Unauthenticated(code="TOKEN_INVALID")
    if family.ended_at or family.expires_at <= now or not family.user.is_active:
        telemetry.REFRESHES.labels(outcome="ended").inc()
        raise Unauthenticated(code="SESSION_REVOKED")
    if secrets.compare_digest(family.current_digest, presented):
        pair = _swap(family=family, presented=presented, now=now)
        if pair is not None:
            telemetry.REFRESHES.labels(outcome="rotated").inc()
            return pair
        # Somebody swapped or ended it between our read and our write: judge by what stands now.
        family.refresh_from_db()
        if family.ended_at:
            raise Unauthenticated(code="SESSION_REVOKED")
    grace = timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
    if secrets.compare_digest(family.previous_digest, presented) and now - family.rotated_at <= grace:
        telemetry.REFRESHES.labels(outcome="superseded").inc()
        raise Problem(code="REFRESH_SUPERSEDED", headers={"Retry-After": "1"})
    with transaction.atomic():
        end_families(
            user_id=family.user_id,
            reason=RefreshFamily.EndReason.REUSE,
            now=now,
            only=family.pk,
            actor_id=None,
        )
    telemetry.REFRESHES.labels(outcome="reused").inc()
    raise Unauthenticated(code="REFRESH_REUSED")


def _swap(*, family: RefreshFamily, presented: str, now: datetime) -> Pair | None:
    call = context.current()
    refresh = tokens.mint_refresh(user_id=family.user_id, sid=family.pk, now=now)
    swapped = RefreshFamily.objects.filter(pk=family.pk, current_digest=presented, ended_at__isnull=True).update(
        current_digest=refresh.digest,
        previous_digest=presented,
        generation=F("generation") + 1,
        rotated_at=now,
        last_used_at=now,
        last_address=call.address or None,
        user_agent=call.user_agent,
        expires_at=_family_end(created_at=family.created_at, now=now),
    )
    if not swapped:
        return None
    access = tokens.mint_access(user_id=family.user_id, sid=family.pk, now=now)
    return Pair(family.user, family.pk, access, refresh)


def end_families(
    *,
    user_id: UUID,
    reason: RefreshFamily.EndReason,
    now: datetime,
    actor_id: UUID | None,
    only: UUID | None = None,
) -> list[UUID]:
    """Ends the user's open logins (or ``only`` that one), audits each, and returns their ids. Inside a
    transaction.
    """
    families = RefreshFamily.objects.filter(user_id=user_id, ended_at__isnull=True)
    if only is not None:
        families = families.filter(pk=only)
    ended = [
        pk
        for pk in families.values_list("pk", flat=True)
        if RefreshFamily.objects.filter(pk=pk, ended_at__isnull=True).update(ended_at=now, end_reason=reason)
    ]
    transaction.on_commit(partial(recent.forget, ended))
    for pk in ended:
        audit.record(
            action="login.ended",
            object_type="login",
            object_id=pk,
            actor_id=actor_id,
            after={"reason": reason},
            now=now,
        )
    return ended


def log_out(*, refresh: str, identity: AccessIdentity | None, now: datetime) -> None:
    """Ends the login of the refresh token or of the caller. A token that says nothing to us changes
    nothing.
    """
    user_id, sid = _whose(refresh=refresh, identity=identity, now=now)
    if user_id is None or sid is None:
        return
    with transaction.atomic():
        end_families(user_id=user_id, reason=RefreshFamily.EndReason.LOGOUT, now=now, actor_id=user_id, only=sid)


def log_out_everywhere(*, refresh: str, identity: AccessIdentity | None, now: datetime) -> None:
    """Ends every login of the user. Raises 401 unless the caller holds a login that still stands."""
    user_id, sid = _whose(refresh=refresh, identity=identity, now=now)
    if user_id is None or sid is None or not is_live(sid=sid, now=now):
        raise Unauthenticated()
    with transaction.atomic():
        end_families(user_id=user_id, reason=RefreshFamily.EndReason.LOGOUT_ALL, now=now, actor_id=user_id)


def _whose(*, refresh: str, identity: AccessIdentity | None, now: datetime) -> tuple[UUID | None, UUID | None]:
    if identity is not None:
        return identity.user.pk, identity.sid
    try:
        claims = tokens.read_refresh(refresh, now=now)
    except tokens.TokenInvalid:
        return None, None
    family = RefreshFamily.objects.filter(pk=claims.sid, user_id=claims.user_id).first()
    # Only the newest token, or the one before it, may end a login: an older one is stolen or stale.
    if family is None or tokens.digest(claims.jti) not in (family.current_digest, family.previous_digest):
        return None, None
    return claims.user_id, claims.sid


def is_live(*, sid: UUID, now: datetime) -> bool:
    """Whether this login still stands: asked per request and per heartbeat."""
    return RefreshFamily.objects.filter(
        pk=sid, ended_at__isnull=True, expires_at__gt=now, user__is_active=True
    ).exists()


def authenticate(*, token: str, now: datetime) -> AccessIdentity:
    """The person behind an access token, whose login still stands. Raises 401."""
    known = recent.recall(token, now=now)
    if known is not None:
        return known
    try:
        claims = tokens.read_access(token, now=now)
    except tokens.TokenInvalid:
        raise Unauthenticated(code="TOKEN_INVALID") from None
    # order_by(): each request pays for this query, and sorting one row is a third of its cost.
    found = RefreshFamily.objects.select_related("user").order_by().filter(pk=claims.sid, user_id=claims.user_id)
    family = next(iter(found), None)
    if family is None or family.ended_at or family.expires_at <= now or not family.user.is_active:
        raise Unauthenticated(code="SESSION_REVOKED")
    identity = AccessIdentity(family.user, family.pk, claims.expires_at)
    recent.remember(token, identity)
    return identity
