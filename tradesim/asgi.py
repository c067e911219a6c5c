"""ASGI entry point: HTTP to Django, WebSockets to the streams, only from origins that we know."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradesim.settings.prod")

django_application = get_asgi_application()

# Only after Django is set up: the consumers import models.
from apps.common.origins import KnownOrigins  # noqa: E402
from apps.common.threads import ReusedThreads  # noqa: E402
from apps.streams.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": ReusedThreads(django_application),
        "websocket": KnownOrigins(URLRouter(websocket_urlpatterns), settings.WEBSOCKET_ORIGINS),
    }
)
