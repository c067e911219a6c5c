"""GET /sessions/{id}/progress: the real steps of a start, stop, restore or migration, as server-sent events.

Reads rows and never acts; it ends when nothing more will happen by itself.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.settings import api_settings

from apps.common.problems import Problem, Unauthenticated, from_exception, response
from apps.simulator_sessions import selectors
from apps.simulator_sessions.lifecycle import Status, Target
from apps.simulator_sessions.models import SimulatorSession
from apps.simulator_sessions.progress import is_settled

POLL_SECONDS = 0.05
KEEP_ALIVE_SECONDS = 5.0
LONGEST_SECONDS = 150.0  # a restore may take 120 s; the client asks again after that


async def progress(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
    """Each event is `{step, message, percent, elapsed_ms, queue_position, ready, failed}`."""
    if request.method != "GET":
        return response(Problem(code="METHOD_NOT_ALLOWED", headers={"Allow": "GET"}))
    try:
        await database_sync_to_async(_authorize)(request, session_id)
    except Exception as error:
        problem = from_exception(error, changes_something=False)
        if problem is None:
            raise
        return response(problem)
    answer = StreamingHttpResponse(_events(session_id), content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _authorize(request: HttpRequest, session_id: uuid.UUID) -> SimulatorSession:
    """The session, when the caller may read it. Raises Unauthenticated or NotFound."""
    kinds: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES  # loaded classes, whatever the stubs say
    rest = Request(request, authenticators=[kind() for kind in kinds])
    user = rest.user
    if user is None or not user.is_authenticated or not user.is_active:
        raise Unauthenticated()
    scopes = getattr(rest.auth, "scopes", None)
    if scopes is not None and "read" not in scopes:
        raise Problem(code="SCOPE_MISSING")
    return selectors.get_session(user=user, session_id=session_id)


async def _events(session_id: uuid.UUID) -> AsyncIterator[bytes]:
    told: set[tuple[Any, ...]] = set()
    look = database_sync_to_async(selectors.progress_of)
    deadline = time.monotonic() + LONGEST_SECONDS
    last_sent = time.monotonic()
    yield b"retry: 1000\n\n"
    while time.monotonic() < deadline:
        session, events = await look(session_id=session_id, now=timezone.now())
        for event in events:
            key = (event["step"], event["message"], event["ready"], event["failed"], event["queue_position"])
            if key not in told:
                told.add(key)
                last_sent = time.monotonic()
                yield b"event: progress\ndata: " + orjson.dumps(event) + b"\n\n"
        if is_settled(Status(session.status), Target(session.target)):
            return
        if time.monotonic() - last_sent > KEEP_ALIVE_SECONDS:
            last_sent = time.monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(POLL_SECONDS)
