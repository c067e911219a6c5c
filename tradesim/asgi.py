"""ASGI entry point: HTTP to Django, WebSockets to the streams, only from origins that we know."""

import os
from importlib.util import find_spec

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradesim.settings.prod")

django_application = get_asgi_application()

# After Django is set up: the consumers import models.
websocket_urlpatterns: list = []
if find_spec("apps.streams") and find_spec("apps.streams.routing"):
    from apps.streams.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": OriginValidator(URLRouter(websocket_urlpatterns), settings.WEBSOCKET_ORIGINS),
    }
)
