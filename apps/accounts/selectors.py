"""Reading accounts: devices and API keys of one user. Reads only, and never another user's."""

from datetime import datetime

from django.db.models import QuerySet

from apps.accounts.models import ApiKey, RefreshFamily, User


def open_devices(*, user: User, now: datetime) -> QuerySet[RefreshFamily]:
    """The logins that still stand."""
    return RefreshFamily.objects.filter(user=user, ended_at__isnull=True, expires_at__gt=now)


def api_keys(*, user: User) -> QuerySet[ApiKey]:
    """The keys that were not revoked, expired ones included."""
    return ApiKey.objects.filter(user=user, revoked_at__isnull=True)
