"""System checks: the same list that production settings refuse to start on, said again by ``manage.py
check``.
"""

from typing import Any

from django.conf import settings
from django.core import checks

from apps.common.production import problems, refuse


def _as_mapping() -> dict[str, Any]:
    return {name: getattr(settings, name) for name in dir(settings) if name.isupper()}


def production(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Errors for whatever production must not run on; nothing elsewhere."""
    if not settings.PRODUCTION:
        return []
    return [
        checks.Error(text, id=f"tradesim.E{number:03d}") for number, text in enumerate(problems(_as_mapping()), start=1)
    ]


def no_atomic_requests(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """ATOMIC_REQUESTS would hold a transaction open across calls that leave the process."""
    return [
        checks.Error(f"ATOMIC_REQUESTS is on for {alias!r}.", id="tradesim.E101")
        for alias, options in settings.DATABASES.items()
        if options.get("ATOMIC_REQUESTS")
    ]


def register() -> None:
    checks.register(production)
    checks.register(no_atomic_requests)


def refuse_unsafe_production() -> None:
    """Raises ImproperlyConfigured naming every problem: also for servers that never run the checks."""
    refuse(_as_mapping())
