"""The suites: like a laptop, in a throw-away folder. DATABASE_URL and REDIS_URL switch to the real
servers.
"""

from tradesim import env

env.throwaway_var_folder()

from tradesim.settings.base import channel_layers_on_redis  # noqa: E402
from tradesim.settings.dev import *  # noqa: E402,F403
from tradesim.settings.dev import DATABASES, REST_FRAMEWORK, VAR_DIR  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BACKGROUND_BACKEND = "apps.common.background.InlineBackend"
CELERY_TASK_EAGER_PROPAGATES = True
RATE_LIMIT_ENABLED = False
ACCESS_RECHECK_SECONDS = 0.0  # tests change rows behind the services' back
LOGGING = {"level": env.text("TRADESIM_LOG_LEVEL", "WARNING"), "format": "console"}
REST_FRAMEWORK = dict(REST_FRAMEWORK)

_server = env.database("DATABASE_URL")
if _server:
    DATABASES = {"default": {**_server, "ATOMIC_REQUESTS": False, "CONN_MAX_AGE": 0}}
else:
    # In files, not in memory: several connections must see one database, as they do in use.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}

_redis = env.text("REDIS_URL")
if _redis:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _redis}}
    CHANNEL_LAYERS = channel_layers_on_redis(_redis)
    RATE_LIMIT_STORAGE = _redis
