"""Which pages may open a socket: our own, and programs, which are no page."""

import asyncio

import pytest

from apps.common.origins import KnownOrigins

LAPTOP = ["localhost", "127.0.0.1", "[::1]"]
PRODUCTION = ["https://sim.example.com"]


async def _inner(scope, receive, send):
    await send({"type": "websocket.accept"})


def _passes(origin, allowed):
    sent = []
    coming = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}])

    async def receive():
        return next(coming)

    async def send(message):
        sent.append(message["type"])

    headers = [] if origin is None else [(b"origin", origin.encode("latin1"))]
    asyncio.run(KnownOrigins(_inner, allowed)({"type": "websocket", "headers": headers}, receive, send))
    return sent == ["websocket.accept"]


# A consumer's end looks after the connections of its thread, which may hold one of an earlier test's.
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("origin", "allowed", "passes"),
    [
        (None, PRODUCTION, True),
        ("https://sim.example.com", PRODUCTION, True),
        ("https://sim.example.com:443", PRODUCTION, True),
        ("http://sim.example.com", PRODUCTION, False),
        ("https://sim.example.com:8443", PRODUCTION, False),
        ("https://evil.example", PRODUCTION, False),
        ("https://sim.example.com.evil.example", PRODUCTION, False),
        ("null", PRODUCTION, False),
        ("", PRODUCTION, False),
        ("http://localhost:8000", LAPTOP, True),
        ("http://127.0.0.1:8123", LAPTOP, True),
        ("http://[::1]:8000", LAPTOP, True),
        ("http://evil.example:8000", LAPTOP, False),
        ("null", LAPTOP, False),
    ],
)
def test_only_known_pages_and_programs_pass(settings, origin, allowed, passes):
    # The refusing consumer reads a channel too; on Redis its last read would outlast this test's event loop.
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    assert _passes(origin, allowed) is passes
