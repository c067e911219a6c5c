"""Production: PostgreSQL, Redis, Celery, TLS. It refuses to start on less and says everything that is
missing.
"""

from apps.common.production import refuse
from tradesim import env
from tradesim.settings.base import *  # noqa: F403
from tradesim.settings.base import SIMPLE_JWT, STATIC_ROOT, channel_layers_on_redis

PRODUCTION = True
DEBUG = False
ALLOWED_HOSTS = env.words("TRADESIM_ALLOWED_HOSTS")
WEBSOCKET_ORIGINS = env.words("TRADESIM_ALLOWED_ORIGINS")
CSRF_TRUSTED_ORIGINS = WEBSOCKET_ORIGINS

SECRET_KEY = env.secret("TRADESIM_SECRET_KEY")
JWT_SIGNING_KEY = env.secret("TRADESIM_JWT_SIGNING_KEY")
SIMULATOR_TOKEN_KEY = env.secret("TRADESIM_SIMULATOR_TOKEN_KEY")
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": JWT_SIGNING_KEY}

_database = env.database("DATABASE_URL")
if "postgresql" in str(_database.get("ENGINE", "")):
    # Without a pool, ASGI opens one connection a request. prepare_threshold and server-side cursors are off
    # because PgBouncer pools by transaction.
    _database = {
        **_database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            **dict(_database.get("OPTIONS") or {}),  # type: ignore[call-overload]
            "prepare_threshold": None,
            "pool": {
                "min_size": env.number("TRADESIM_DATABASE_POOL_MIN", 2),
                "max_size": env.number("TRADESIM_DATABASE_POOL_MAX", 16),
                "timeout": 5,
            },
        },
    }
DATABASES = {"default": _database}

_redis = env.secret("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _redis}} if _redis else {}
CHANNEL_LAYERS = channel_layers_on_redis(_redis) if _redis else {}
RATE_LIMIT_STORAGE = _redis
CELERY_BROKER_URL = env.secret("CELERY_BROKER_URL") or _redis

TERMINAL_PAGE = STATIC_ROOT / "index.html"  # as collected
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_SSL_REDIRECT = env.flag("TRADESIM_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if env.number("TRADESIM_TRUSTED_PROXIES", 0):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

refuse(globals())
