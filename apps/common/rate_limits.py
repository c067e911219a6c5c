"""How often a caller may ask. Counters live in this process or in Redis; when Redis is away, a login is
refused and
everything else is counted locally, and both are counted in the metrics."""

import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.test.signals import setting_changed
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.common import context, telemetry
from apps.common.counters import ProcessStorage
from apps.common.problems import TooManyRequests, Unavailable


@lru_cache(maxsize=1)
def _storage() -> Storage:
    if settings.RATE_LIMIT_STORAGE.startswith("memory:"):
        return ProcessStorage()
    return cast(Storage, storage_from_string(settings.RATE_LIMIT_STORAGE, wrap_exceptions=True))


@lru_cache(maxsize=1)
def _limiter() -> Any:
    storage = _storage()
    if isinstance(storage, ProcessStorage):
        return FixedWindowRateLimiter(storage)
    return SlidingWindowCounterRateLimiter(storage)


@lru_cache(maxsize=1)
def _local_limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(ProcessStorage())


@lru_cache(maxsize=64)
def _item(name: str) -> RateLimitItem:
    return parse(settings.RATE_LIMITS[name])


def reset() -> None:
    """Forgets every counter and every cached choice of storage: for tests, between which nothing may linger."""
    with suppress(StorageError, NotImplementedError):
        _storage().reset()
    for cached in (_limiter, _local_limiter, _storage, _item):
        cached.cache_clear()


def _on_setting_changed(*, setting: str, **_: Any) -> None:
    if setting.startswith("RATE_LIMIT"):
        reset()


setting_changed.connect(_on_setting_changed)


def check(name: str, *keys: str, fail_closed: bool = False) -> dict[str, str]:
    """Counts one use of the limit ``name`` for ``keys`` and returns the RateLimit headers.

    Raises TooManyRequests when the limit is used up; with ``fail_closed`` raises Unavailable when the shared
    counters cannot be asked (else this process counts alone).
    """
    if not settings.RATE_LIMIT_ENABLED:
        return {}
    item = _item(name)
    limiter = _limiter()
    try:
        allowed = limiter.hit(item, name, *keys)
        stats = limiter.get_window_stats(item, name, *keys)
    except (StorageError, OSError):
        telemetry.RATE_LIMIT_STORAGE_FAILURES.labels(limit=name).inc()
        if fail_closed:
            raise Unavailable("Logins cannot be counted just now. Try again in a moment.") from None
        limiter = _local_limiter()
        allowed = limiter.hit(item, name, *keys)
        stats = limiter.get_window_stats(item, name, *keys)
    wait = max(1, int(stats.reset_time - time.time()) + 1)
    headers = {
        "RateLimit-Limit": str(item.amount),
        "RateLimit-Remaining": str(max(0, stats.remaining)),
        "RateLimit-Reset": str(wait),
    }
    if not allowed:
        telemetry.RATE_LIMIT_REFUSALS.labels(limit=name).inc()
        raise TooManyRequests(f"Too many requests. Try again in {wait} s.", retry_after_seconds=wait, headers=headers)
    return headers


class CallerThrottle(BaseThrottle):
    """Every REST call: per user or API key, else per address. A view may name another limit in
    ``rate_limit``.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        user = request.user
        if user is not None and user.is_authenticated:
            name, key = "user", str(getattr(request.auth, "rate_key", None) or user.pk)
        else:
            name, key = "anonymous", context.current().address
        name = getattr(view, "rate_limit", None) or name
        request._request.rate_limit_headers = check(name, key)  # type: ignore[attr-defined]
        return True
