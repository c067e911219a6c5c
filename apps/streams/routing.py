"""Where sockets come in."""

from __future__ import annotations

from django.urls import path

from apps.streams.consumer import StreamConsumer

websocket_urlpatterns = [
    path("ws/v1/sessions/<uuid:session_id>", StreamConsumer.as_asgi()),
]
