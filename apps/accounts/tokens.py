"""Access and refresh tokens, minted and verified by simplejwt with our one algorithm, issuer, audience and
key.

A valid signature proves only that we wrote the token: whether its login still stands is asked of the
database.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token


class TokenInvalid(Exception):
    """Not one of our tokens, of another type, or expired."""


class AccessToken(Token):
    token_type = "access"  # noqa: S105
    lifetime = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)


class RefreshToken(Token):
    token_type = "refresh"  # noqa: S105
    lifetime = timedelta(seconds=settings.REFRESH_TOKEN_SECONDS)


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: UUID
    sid: UUID
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Minted:
    """A token as handed out, its expiry, and the digest by which we know it again."""

    text: str
    expires_at: datetime
    digest: str


def digest(jti: str) -> str:
    return hashlib.sha256(jti.encode()).hexdigest()


def _mint(kind: type[Token], *, user_id: UUID, sid: UUID, now: datetime) -> Minted:
    token = kind()
    jti = uuid4().hex
    token.payload.update(sub=str(user_id), sid=str(sid), jti=jti)
    token.set_iat(at_time=now)
    token.set_exp(from_time=now)
    expires_at = datetime.fromtimestamp(token.payload["exp"], tz=UTC)
    return Minted(str(token), expires_at, digest(jti))


def mint_access(*, user_id: UUID, sid: UUID, now: datetime) -> Minted:
    return _mint(AccessToken, user_id=user_id, sid=sid, now=now)


def mint_refresh(*, user_id: UUID, sid: UUID, now: datetime) -> Minted:
    return _mint(RefreshToken, user_id=user_id, sid=sid, now=now)


def _read(kind: type[Token], text: str, *, now: datetime) -> Claims:
    if len(text) > 4096:
        raise TokenInvalid
    try:
        payload = kind(text).payload  # type: ignore[arg-type]
        claims = Claims(
            UUID(payload["sub"]),
            UUID(payload["sid"]),
            str(payload["jti"]),
            datetime.fromtimestamp(payload["exp"], tz=UTC),
        )
    except (TokenError, KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise TokenInvalid from None
    if claims.expires_at <= now:
        raise TokenInvalid
    return claims


def read_access(text: str, *, now: datetime) -> Claims:
    """The claims of an access token. Raises TokenInvalid."""
    return _read(AccessToken, text, now=now)


def read_refresh(text: str, *, now: datetime) -> Claims:
    """The claims of a refresh token. Raises TokenInvalid."""
    return _read(RefreshToken, text, now=now)
