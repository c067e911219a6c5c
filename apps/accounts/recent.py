"""Logins that this process has just checked, so that a burst of requests asks the database once a second,
not each time.

A login that ends here is forgotten at once; one that ends in another process within ACCESS_RECHECK_SECONDS.
"""

import copy
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings

from apps.accounts.identity import AccessIdentity

_MOST = 4096
_seen: dict[str, tuple[float, AccessIdentity]] = {}


def recall(token: str, *, now: datetime) -> AccessIdentity | None:
    """The identity behind a token that was checked a moment ago and has not expired, with a user of its own."""
    entry = _seen.get(token)
    if entry is None:
        return None
    checked, identity = entry
    if time.monotonic() - checked >= settings.ACCESS_RECHECK_SECONDS or identity.expires_at <= now:
        _seen.pop(token, None)
        return None
    return replace(identity, user=copy.copy(identity.user))


def remember(token: str, identity: AccessIdentity) -> None:
    """Notes that the token was good just now."""
    if settings.ACCESS_RECHECK_SECONDS <= 0:
        return
    if len(_seen) >= _MOST:
        _seen.clear()
    _seen[token] = (time.monotonic(), replace(identity, user=copy.copy(identity.user)))


def forget(sids: Iterable[UUID]) -> None:
    """Drops every token of these logins; call it once their end is committed."""
    ended = set(sids)
    for token, (_, identity) in list(_seen.items()):
        if identity.sid in ended:
            _seen.pop(token, None)


def forget_user(user_id: UUID) -> None:
    """Drops every token of this user: something about them has changed."""
    for token, (_, identity) in list(_seen.items()):
        if identity.user.pk == user_id:
            _seen.pop(token, None)
