"""What production must never run on. A pure function over settings: it reads them and changes nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# What Django's own check asks of SECRET_KEY; in base64 it also carries more than the 256 bits of HMAC-SHA256.
SHORTEST_SECRET = 50
_SECRETS = ("SECRET_KEY", "JWT_SIGNING_KEY", "SIMULATOR_TOKEN_KEY")


def _weak(secret: str) -> bool:
    return len(secret) < SHORTEST_SECRET or len(set(secret)) < 12 or secret.startswith("django-insecure")


def problems(settings: Mapping[str, Any]) -> list[str]:
    """One sentence for each thing that production must not boot with; an empty list when all is well."""
    found: list[str] = []
    if settings.get("DEBUG"):
        found.append("DEBUG is on.")
    engine = settings.get("DATABASES", {}).get("default", {}).get("ENGINE", "")
    if not engine:
        found.append("DATABASE_URL is not set: production needs PostgreSQL.")
    elif "postgresql" not in engine:
        found.append(f"The database is {engine.rsplit('.', 1)[-1]}: production needs PostgreSQL.")
    layer = settings.get("CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", "")
    if "channels_redis" not in layer:
        found.append("The channel layer is not on Redis: set REDIS_URL.")
    cache = settings.get("CACHES", {}).get("default", {}).get("BACKEND", "")
    if "redis" not in cache.lower():
        found.append("The cache is not on Redis: set REDIS_URL.")
    if not str(settings.get("RATE_LIMIT_STORAGE", "")).startswith(("redis", "rediss")):
        found.append("Rate limits are counted in one process only: set REDIS_URL.")
    if settings.get("CELERY_TASK_ALWAYS_EAGER"):
        found.append("Celery is eager: tasks would run inside requests.")
    if not str(settings.get("CELERY_BROKER_URL", "")).startswith(("redis", "rediss")):
        found.append("The Celery broker is not Redis: set REDIS_URL.")
    values = {name: str(settings.get(name, "")) for name in _SECRETS}
    for name, value in values.items():
        if not value:
            found.append(f"TRADESIM_{name} (or TRADESIM_{name}_FILE) is not set.")
        elif _weak(value):
            found.append(f"TRADESIM_{name} is weak: use at least {SHORTEST_SECRET} random characters.")
    given = [value for value in values.values() if value]
    if len(set(given)) != len(given):
        found.append("Two of the secrets are the same: each must be its own.")
    if not settings.get("ALLOWED_HOSTS") or "*" in settings.get("ALLOWED_HOSTS", []):
        found.append("TRADESIM_ALLOWED_HOSTS must name the hosts that we answer for.")
    if not settings.get("WEBSOCKET_ORIGINS") or "*" in settings.get("WEBSOCKET_ORIGINS", []):
        found.append("TRADESIM_ALLOWED_ORIGINS must name the origins that may open a stream.")
    for part, path in dict(settings.get("GRPC_TLS", {})).items():
        if not path:
            found.append(f"TRADESIM_GRPC_TLS_{part.upper()} is not set: gRPC needs its TLS files.")
        elif not Path(path).is_file():
            found.append(f"TRADESIM_GRPC_TLS_{part.upper()} names no file.")
    return found


def refuse(settings: Mapping[str, Any]) -> None:
    """Raises ImproperlyConfigured naming every problem, or returns when there is none."""
    found = problems(settings)
    if found:
        raise ImproperlyConfigured("Production will not start:\n" + "\n".join(f" - {line}" for line in found))
