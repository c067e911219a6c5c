"""API keys: made once, shown once, found by their public prefix. The only writer of ApiKey."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.identity import ApiKeyIdentity
from apps.accounts.models import ApiKey, User
from apps.audit import services as audit
from apps.common import context
from apps.common.problems import Conflict, NotFound, Problem, Unauthenticated

SCOPES = ("read", "trade", "admin")
MOST_PER_USER = 25
_MARK = "tsk"
# Writing "last used" on every call would make every read a write.
_NOTE_USE_EVERY = timedelta(minutes=1)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create(
    *,
    user: User,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    allowed_ips: Sequence[str],
    now: datetime,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is never to be had again. Raises 409 for a name in use, 429 beyond the
    quota.
    """
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            if ApiKey.objects.filter(user=user, revoked_at__isnull=True).count() >= MOST_PER_USER:
                raise Problem(f"At most {MOST_PER_USER} keys.", code="QUOTA_EXCEEDED")
            key = ApiKey.objects.create(
                user=user,
                name=name,
                prefix=prefix,
                digest=_digest(secret),
                scopes=sorted(set(scopes), key=SCOPES.index),
                allowed_ips=list(allowed_ips),
                expires_at=expires_at,
                created_at=now,
            )
            audit.record(
                action="api_key.created",
                object_type="api_key",
                object_id=key.pk,
                actor_id=user.pk,
                after={"name": name, "prefix": prefix, "scopes": key.scopes, "expires_at": expires_at},
                now=now,
            )
    except IntegrityError:
        raise Conflict("There is an API key of that name already.", code="DUPLICATE_NAME") from None
    return key, f"{_MARK}_{prefix}_{secret}"


def revoke(*, user: User, key_id: UUID, now: datetime) -> None:
    """Ends a key of the user's. Raises 404; ending it twice is no error."""
    with transaction.atomic():
        key = ApiKey.objects.filter(user=user, pk=key_id).first()
        if key is None:
            raise NotFound()
        if ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now):
            audit.record(
                action="api_key.revoked",
                object_type="api_key",
                object_id=key.pk,
                actor_id=user.pk,
                before={"name": key.name, "prefix": key.prefix},
                now=now,
            )


def authenticate(*, text: str, now: datetime) -> ApiKeyIdentity:
    """The program behind a key. Raises 401: the same for unknown, wrong, expired, revoked and from a
    foreign address.
    """
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    key = None
    if mark == _MARK and prefix.isascii() and len(prefix) == 12 and len(secret) <= 64:
        key = ApiKey.objects.select_related("user").filter(prefix=prefix).first()
    matches = secrets.compare_digest(key.digest if key else "", _digest(secret))
    if key is None or not matches:
        raise Unauthenticated(code="API_KEY_INVALID")
    allowed = not key.allowed_ips or context.is_allowed(context.current().address, key.allowed_ips)
    expired = key.expires_at is not None and key.expires_at <= now
    if key.revoked_at or expired or not allowed or not key.user.is_active:
        raise Unauthenticated(code="API_KEY_INVALID")
    if key.last_used_at is None or now - key.last_used_at >= _NOTE_USE_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return ApiKeyIdentity(key.user, key, frozenset(key.scopes))
