"""What holds everywhere. No secret, no address and no back end is chosen here: dev, test and prod do that."""

from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from tradesim import env

BASE_DIR = env.ROOT
VAR_DIR = env.var_folder()
RUN_DIR = env.run_folder(VAR_DIR)
VERSION = env.text("TRADESIM_VERSION", "0.1.0")

PRODUCTION = False
DEBUG = False
ALLOWED_HOSTS: list[str] = []

PLATFORM_APPS = [
    "common",
    "audit",
    "accounts",
    "markets",
    "profiles",
    "simulator_sessions",
    "journal",
    "orders",
    "portfolio",
    "streams",
]

INSTALLED_APPS = [
    "tradesim",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "django_celery_beat",
    *[f"apps.{name}" for name in PLATFORM_APPS],
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "apps.common.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "apps.common.middleware.SyncFloorMiddleware",
]

ROOT_URLCONF = "tradesim.urls"
WSGI_APPLICATION = "tradesim.wsgi.application"
ASGI_APPLICATION = "tradesim.asgi.application"
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Data. No transaction may stay open across a call that leaves the process, hence no ATOMIC_REQUESTS.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, dict[str, Any]] = {}
SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# The terminal is built into frontend/dist and served from the same origin.
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
# The page that names the built assets: it must come from the same place as they do.
TERMINAL_PAGE = FRONTEND_DIST / "index.html"
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
# Names that carry a hash of the content: the bundler's (eight characters) and Django's own (twelve).
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(assets/.+-[\w-]{8}\.\w+|.+\.[0-9a-f]{12}\.\w+)$"

# Identity
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.EmailBackend"]
LOGIN_URL = "/admin/login/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "display_name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "apps.accounts.passwords.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
JWT_SIGNING_KEY = ""
JWT_ISSUER = "tradesim"
JWT_AUDIENCE = "tradesim-api"
ACCESS_TOKEN_SECONDS = 600
# A login that ended in another process is noticed within this; access must end everywhere within five seconds.
ACCESS_RECHECK_SECONDS = 1.0
REFRESH_TOKEN_SECONDS = 14 * 86_400
# However often it is refreshed, a login ends after this.
REFRESH_FAMILY_SECONDS = 90 * 86_400
# How long the previous refresh token is answered with 409 instead of being taken for a theft: two tabs
# that refresh at the same moment need well under this.
REFRESH_GRACE_SECONDS = 10
REFRESH_COOKIE_NAME = "tradesim_refresh"
REFRESH_COOKIE_PATH = "/api/v1/auth"
REFRESH_COOKIE_SECURE = True
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": "",  # set with JWT_SIGNING_KEY by dev, test and prod
    "ISSUER": JWT_ISSUER,
    "AUDIENCE": JWT_AUDIENCE,
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=ACCESS_TOKEN_SECONDS),
    "REFRESH_TOKEN_LIFETIME": timedelta(seconds=REFRESH_TOKEN_SECONDS),
    "UPDATE_LAST_LOGIN": False,
    "USER_ID_CLAIM": "sub",
    "LEEWAY": 0,
}

# The account that a laptop prints at its start; without a password there is none.
DEMO_EMAIL = "demo@example.com"
DEMO_PASSWORD = ""

# REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "apps.accounts.authentication.ApiKeyAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.common.permissions.DefaultDeny"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.common.rate_limits.CallerThrottle"],
    "DEFAULT_PARSER_CLASSES": ["apps.common.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["apps.common.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "apps.common.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "apps.common.schema.AutoSchema",
    "EXCEPTION_HANDLER": "apps.common.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["apps.common.renderers.JSONRenderer"],
}
REQUEST_BODY_LIMIT_BYTES = 1_048_576
REQUEST_BODY_DEPTH = 32
DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BODY_LIMIT_BYTES

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Trading simulator",
    "DESCRIPTION": "A private, deterministic exchange for every trader. Prices, quantities and money "
    "are decimal strings; times are RFC 3339 in UTC; errors are RFC 9457 problem details.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["apps.common.permissions.Public"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATION_PARAMETERS": False,
}

# Limits per caller: "<count>/<second|minute|hour>". Login and sign-up are judged before any hashing.
RATE_LIMITS = {
    "anonymous": "240/minute",
    "user": "6000/minute",
    "orders": "12000/minute",
    "login-address": "60/minute",
    "login-pair": "10/minute",
    "signup-address": "30/hour",
    "refresh-address": "240/minute",
    "password": "10/minute",
}
RATE_LIMIT_STORAGE = "memory://"
RATE_LIMIT_ENABLED = True
# How many proxies in front of us may be believed about the caller's address.
TRUSTED_PROXY_COUNT = env.number("TRADESIM_TRUSTED_PROXIES", 0)

# Live
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {}


def channel_layers_on_redis(url: str) -> dict[str, dict[str, Any]]:
    """CHANNEL_LAYERS on this Redis.

    Each reader waits five seconds for a message at a time. The client library gives up on a silent socket after
    five as well, and that would end every idle reader: so it is given three times as long.
    """
    host = {"address": url, "socket_timeout": 15, "socket_connect_timeout": 3}
    return {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [host], "capacity": 1000, "expiry": 30, "prefix": "tradesim"},
        }
    }


WEBSOCKET_ORIGINS: list[str] = []

# Work. Tasks are enqueued after commit, by name, through apps.common.background.
BACKGROUND_BACKEND = "apps.common.background.CeleryBackend"
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TASK_EAGER_PROPAGATES = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads"  # gRPC clients can hang in prefork workers
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "reconcile-sessions": {
        "task": "simulator_sessions.reconcile",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    "relist-sessions": {
        "task": "simulator_sessions.reconcile",
        "schedule": 30.0,
        "kwargs": {"relist": True},
        "options": {"expires": 30.0},
    },
}

# Simulators
SIMULATOR_TOKEN_KEY = ""
# Where simulators listen, and what they tell the platform; empty: a Unix socket each, or TLS on localhost.
SIMULATOR_LISTEN = env.text("TRADESIM_SIMULATOR_LISTEN")
SIMULATOR_ADVERTISE = env.text("TRADESIM_SIMULATOR_ADVERTISE")
# Told of every change of a session's status; a hint to the streams, which poll the truth anyway.
SESSION_NOTICE = "apps.streams.notices.session_changed"
SESSION_READY_WAIT_SECONDS = 2.0  # how long POST /sessions waits before it answers 202
SIMULATOR_LAUNCHER = "apps.simulator_sessions.launchers.local.LocalLauncher"
SESSION_NOTICE = "apps.streams.notices.session_changed"  # called when a session's run has changed
# Simulators that one machine runs at once: 500 were measured to run, at 4 to 12 MiB each.
SIMULATOR_MAX_PROCESSES = env.number("TRADESIM_SIMULATOR_MAX_PROCESSES", 400)
SESSION_QUOTA_PER_USER = env.number("TRADESIM_SESSIONS_PER_USER", 20)
SESSION_ACTIVE_QUOTA_PER_USER = env.number("TRADESIM_ACTIVE_SESSIONS_PER_USER", 5)
LEASE_TTL_SECONDS = 6
LEASE_RENEW_SECONDS = 2
RECONCILE_SECONDS = 2
RELIST_SECONDS = 30

# The log of record
JOURNAL_TARGET = env.text("TRADESIM_JOURNAL_TARGET") or f"unix:{RUN_DIR / 'journal.sock'}"
JOURNAL_SELECTORS = "apps.journal.selectors"
JOURNAL_SERVICE_NAME = "simulator_engine.contract.v1.JournalService"
JOURNAL_RECEIVERS = ["apps.orders.projection.project", "apps.portfolio.projection.project"]
GRPC_TLS: dict[str, str] = {
    "ca": env.text("TRADESIM_GRPC_TLS_CA"),
    "cert": env.text("TRADESIM_GRPC_TLS_CERT"),
    "key": env.text("TRADESIM_GRPC_TLS_KEY"),
}

# What /readyz asks; apps register more in their AppConfig.ready through apps.common.health.register.
READINESS_TIMEOUT_SECONDS = 2.0

# Addresses that may read /metrics on this listener. Everybody else is told that there is no such page.
METRICS_ALLOWED_ADDRESSES = env.words("TRADESIM_METRICS_ALLOWED", ["127.0.0.0/8", "::1/128"])
PROMETHEUS_EXPORT_MIGRATIONS = False
# prometheus_client reads the same variable: several processes on one port share a folder of counters.
METRICS_MULTIPROCESS = bool(env.text("PROMETHEUS_MULTIPROC_DIR"))

# Headers
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_NAME = "tradesim_admin"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'", "ws:", "wss:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LOG_LEVEL = env.text("TRADESIM_LOG_LEVEL", "INFO")
LOG_FORMAT = env.text("TRADESIM_LOG_FORMAT", "json")
LOGGING_CONFIG = "apps.common.logs.configure"
LOGGING: dict[str, Any] = {"level": LOG_LEVEL, "format": LOG_FORMAT}

HAS_DAPHNE = find_spec("daphne") is not None
