"""Server-sent events and polling: the same frames on the same bridge, resumed by an opaque cursor."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncRequestFactory
from django.utils import timezone

from apps.accounts.logins import log_out
from apps.streams import hub as hubs
from tests.apps.facts import make_session
from tests.apps.streaming import ScriptedSource

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(login_as):
    cache.clear()
    return login_as()


@pytest.fixture
def session(api):
    return make_session(api.user)


@pytest.fixture
async def source():
    source = ScriptedSource()
    hub = hubs._hubs[asyncio.get_running_loop()] = hubs.Hub(lambda session_id: source)
    yield source
    await hub.close()


async def get(api, session, query, **headers):
    """A GET of the event door through the whole ASGI handler."""
    request = AsyncRequestFactory().get(
        f"/api/v1/sessions/{session.id}/events?{query}",
        headers={"Authorization": f"Bearer {api.access}", **headers},
    )
    handler = ASGIHandler()
    return await handler.get_response_async(request)


class Events:
    """A browser that reads an event stream."""

    def __init__(self, response):
        assert response.status_code == 200, response.content
        self.parts = response.streaming_content.__aiter__()
        self.frames = []
        self.last_id = ""

    async def until(self, probe, timeout=5.0):
        async def read():
            while True:
                chunk = await self.parts.__anext__()
                for event in chunk.decode().split("\n\n"):
                    match = re.fullmatch(r"id: (\S+)\ndata: (.*)", event, re.S)
                    if match:
                        self.last_id = match[1]
                        self.frames.append(orjson.loads(match[2]))
                        if probe(self.frames[-1]):
                            return self.frames[-1]

        return await asyncio.wait_for(read(), timeout)

    async def close(self):
        with contextlib.suppress(Exception):
            await self.parts.aclose()

    def numbers(self):
        return [frame["seq"] for frame in self.frames if frame.get("stream") == "orders" and "seq" in frame]


async def test_events_resume_from_the_last_id(api, session, source):
    source.commit(count=2)
    events = Events(await get(api, session, "streams=orders,quotes", Accept="text/event-stream"))
    await events.until(lambda frame: frame["type"] == "snapshot")
    await events.until(lambda frame: frame["type"] == "heartbeat" and frame["next_seq"].get("orders") == 3)
    source.commit(count=2)
    await events.until(lambda frame: frame.get("seq") == 4)
    await events.close()
    source.commit(count=2)
    again = Events(await get(api, session, "streams=orders,quotes", **{"Last-Event-ID": events.last_id}))
    await again.until(lambda frame: frame.get("seq") == 6)
    assert again.numbers() == [5, 6]
    assert all(frame["poss_dup"] for frame in again.frames if frame.get("stream") == "orders")
    await again.close()


async def test_events_carry_market_frames_and_end_with_the_login(api, session, source):
    events = Events(await get(api, session, "streams=quotes"))
    await events.until(lambda frame: frame["type"] == "heartbeat")
    await asyncio.sleep(0.05)
    source.tick("quotes", key="quotes:A")
    await events.until(lambda frame: frame["type"] == "quote")
    await sync_to_async(log_out)(refresh=api.refresh, identity=None, now=timezone.now())
    started = time.monotonic()
    ended = await events.until(lambda frame: frame["type"] == "error")
    assert ended["code"] == "SESSION_REVOKED"
    assert time.monotonic() - started < 5
    with pytest.raises(StopAsyncIteration):
        await events.parts.__anext__()


async def test_polling_gives_everything_since_the_cursor_once(api, session, source):
    source.commit(count=2)

    async def poll(cursor=""):
        response = await get(api, session, f"mode=poll&streams=orders,book:ACME&after={cursor}")
        assert response.status_code == 200, response.content
        answer = orjson.loads(response.content)
        orders = [f["seq"] for f in answer["frames"] if f.get("stream") == "orders" and f["type"] != "snapshot"]
        return answer, orders

    first, orders = await poll()
    kinds = [frame["type"] for frame in first["frames"]]
    assert "snapshot" in kinds
    assert "book.snapshot" in kinds
    assert "heartbeat" in kinds
    assert orders == []
    source.commit(count=3)
    second, orders = await poll(first["cursor"])
    assert orders == [3, 4, 5]
    _, orders = await poll(second["cursor"])
    assert orders == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("streams=", 400), ("streams=nothing", 400), ("", 400), ("mode=poll&streams=orders&after=%00", 400),
        ("mode=poll&streams=orders&after=eyJhIjp9", 400), ("mode=poll&streams=orders&after=W10", 400),
        ("streams=book:%0A", 400),
    ],
)  # fmt: skip
async def test_a_bad_address_is_refused(api, session, source, query, status):
    assert (await get(api, session, query)).status_code == status


async def test_another_users_session_has_no_events(api, login_as, session, source):
    other = await sync_to_async(login_as)()
    assert (await get(other, session, "streams=orders")).status_code == 404
    assert (await get(other, session, "mode=poll&streams=orders")).status_code == 404


def test_a_synchronous_server_polls_and_refuses_to_stream(api, session, monkeypatch):
    source = ScriptedSource()
    monkeypatch.setattr(hubs.Hub.__init__, "__defaults__", (lambda session_id: source,))
    answer = api.get(f"/sessions/{session.id}/events?mode=poll&streams=orders,book:ACME")
    assert answer.status_code == 200
    assert "book.snapshot" in [frame["type"] for frame in answer.data["frames"]]
    assert api.get(f"/sessions/{session.id}/events?streams=orders").status_code == 406


async def test_events_that_never_left_are_not_in_the_last_id(api, session, source):
    """A connection that breaks in the middle of what waited resumes with the rest of it."""
    events = Events(await get(api, session, "streams=orders"))
    await events.until(lambda frame: frame["type"] == "snapshot")
    await events.until(lambda frame: frame["type"] == "heartbeat")
    source.commit(count=20)
    await events.until(lambda frame: frame.get("seq") == 3 and frame.get("stream") == "orders")
    await events.close()
    again = Events(await get(api, session, "streams=orders", **{"Last-Event-ID": events.last_id}))
    await again.until(lambda frame: frame.get("seq") == 20)
    assert again.numbers() == list(range(4, 21))
    await again.close()


async def test_a_poll_that_cannot_take_everything_goes_on_where_it_stopped(api, session, source, monkeypatch):
    names = "orders,account,session"
    first = orjson.loads((await get(api, session, f"streams={names}&mode=poll")).content)
    for stream in names.split(","):
        source.commit(stream, count=700)
    seen = dict.fromkeys(names.split(","), 0)
    cursor = first["cursor"]
    for _ in range(4):
        answer = orjson.loads((await get(api, session, f"streams={names}&mode=poll&after={cursor}")).content)
        cursor = answer["cursor"]
        for frame in answer["frames"]:
            if "seq" not in frame:
                continue
            stream = frame["stream"]
            assert frame["type"] == "snapshot" or frame["seq"] == seen[stream] + 1
            seen[stream] = frame["seq"]
    assert seen == dict.fromkeys(seen, 700)
