"""One-time tickets: how a browser's socket says who it is without a token in any address or frame.

A ticket lives 30 s, opens one socket of one session, and is kept as a digest only.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.cache import cache

from apps.accounts.models import ApiKey, User
from apps.accounts.services import is_login_live
from apps.simulator_sessions.selectors import get_session

LIFETIME_SECONDS: Final = 30
_PREFIX = "stream-ticket"


@dataclass(frozen=True, slots=True)
class Pass:
    """Whom a socket serves and by what login (or API key) it was opened."""

    user_id: UUID
    session_id: UUID
    sid: UUID | None
    key_id: UUID | None
    may_trade: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    ticket: str
    expires_in: int


def issue(*, user: Any, identity: Any, session_id: UUID, now: datetime) -> Ticket:
    """A ticket for a socket of one's own session. Raises a 404 Problem for any other."""
    session = get_session(user=user, session_id=session_id)
    text = secrets.token_urlsafe(32)
    cache.set(_key(text), asdict(describe(user=user, identity=identity, session_id=session.id)), LIFETIME_SECONDS)
    return Ticket(text, LIFETIME_SECONDS)


def describe(*, user: Any, identity: Any, session_id: UUID) -> Pass:
    """The pass of an authenticated caller (`identity` is DRF's request.auth)."""
    scopes = getattr(identity, "scopes", None)
    key = getattr(identity, "key", None)
    return Pass(
        user_id=user.pk,
        session_id=session_id,
        sid=getattr(identity, "sid", None),
        key_id=None if key is None else key.pk,
        may_trade=(scopes is None or "trade" in scopes) and getattr(user, "role", "") != "support",
    )


def redeem(*, ticket: str) -> Pass | None:
    """The pass that a ticket stands for, once; None for an unknown, expired or used one."""
    key = _key(ticket)
    stored = cache.get(key)
    # `add` succeeds for one caller alone, so that two sockets can never share a ticket.
    if stored is None or not cache.add(f"{key}:used", 1, LIFETIME_SECONDS * 2):
        return None
    cache.delete(key)
    return Pass(**stored)


def still_stands(*, holder: Pass, now: datetime) -> bool:
    """Whether the login or key that opened a socket has not been ended since. Asked with every heartbeat."""
    if holder.sid is not None:
        return is_login_live(sid=holder.sid, now=now)
    if holder.key_id is not None:
        key = ApiKey.objects.select_related("user").filter(pk=holder.key_id, revoked_at__isnull=True).first()
        return key is not None and key.user.is_active and (key.expires_at is None or key.expires_at > now)
    return User.objects.filter(pk=holder.user_id, is_active=True).exists()


def _key(ticket: str) -> str:
    return f"{_PREFIX}:{hashlib.sha256(ticket.encode()).hexdigest()}"
