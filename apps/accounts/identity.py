"""Who a call comes from, once that is known: what DRF's ``request.auth`` holds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class AccessIdentity:
    """A person with an access token. ``scopes`` is None: everything that their role allows."""

    user: User
    sid: UUID
    expires_at: datetime
    scopes: None = None

    @property
    def rate_key(self) -> str:
        return str(self.user.pk)


@dataclass(frozen=True, slots=True)
class ApiKeyIdentity:
    """A program with an API key."""

    user: User
    key: ApiKey
    scopes: frozenset[str]

    @property
    def rate_key(self) -> str:
        return f"key:{self.key.pk}"
