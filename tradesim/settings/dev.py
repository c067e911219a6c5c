"""A laptop: one process, SQLite in the var folder, secrets made on first use. Not for anybody else's data."""

from tradesim import env
from tradesim.settings.base import *  # noqa: F403
from tradesim.settings.base import (
    HAS_DAPHNE,
    INSTALLED_APPS,
    SIMPLE_JWT,
    SQLITE_OPTIONS,
    STATIC_ROOT,
    VAR_DIR,
)

DEBUG = env.flag("TRADESIM_DEBUG", False)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", ".localhost", *env.words("TRADESIM_ALLOWED_HOSTS")]

# "tradesim" comes first, so that its runserver command wins over Daphne's, and Daphne's over Django's.
if HAS_DAPHNE:
    INSTALLED_APPS = ["tradesim", "daphne", *[name for name in INSTALLED_APPS if name != "tradesim"]]

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is missing
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(VAR_DIR / "db.sqlite3"),
        "OPTIONS": dict(SQLITE_OPTIONS),
        # Opening costs more than most queries; the threads that hold the connections are kept too.
        "CONN_MAX_AGE": None,
        "ATOMIC_REQUESTS": False,
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
WEBSOCKET_ORIGINS = [
    # Names alone: any port of this machine, whichever PORT was chosen.
    "localhost",
    "127.0.0.1",
    "[::1]",
    *env.words("TRADESIM_ALLOWED_HOSTS"),
    *env.words("TRADESIM_ALLOWED_ORIGINS"),
]

SECRET_KEY = env.secret("TRADESIM_SECRET_KEY") or env.kept_secret(VAR_DIR, "django")
JWT_SIGNING_KEY = env.secret("TRADESIM_JWT_SIGNING_KEY") or env.kept_secret(VAR_DIR, "jwt")
SIMULATOR_TOKEN_KEY = env.secret("TRADESIM_SIMULATOR_TOKEN_KEY") or env.kept_secret(VAR_DIR, "simulator-token")
SIMPLE_JWT = {**SIMPLE_JWT, "SIGNING_KEY": JWT_SIGNING_KEY}
DEMO_PASSWORD = env.secret("TRADESIM_DEMO_PASSWORD") or env.kept_secret(VAR_DIR, "demo-password", size=9)
REFRESH_COOKIE_SECURE = False  # plain http on localhost

BACKGROUND_BACKEND = "apps.common.background.ThreadBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_BROKER_URL = "memory://"

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
LOGGING = {
    "level": env.text("TRADESIM_LOG_LEVEL", "INFO"),
    "format": env.text("TRADESIM_LOG_FORMAT", "console"),
}
