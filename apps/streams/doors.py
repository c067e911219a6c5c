"""The doors for browsers whose socket fails: server-sent events and polling, on the same bridge as the socket.

A cursor is opaque to clients and covers the private streams; market streams begin again with their snapshot.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import time
import weakref
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from apps.common.problems import Malformed, Problem
from apps.streams import drain, frames, messages, tickets
from apps.streams.frames import is_private
from apps.streams.hub import Bridge, hub
from apps.streams.outbox import Message
from apps.streams.reader import Reader
from apps.streams.threads import in_thread

MARKET_SECONDS: Final = 0.05
HEARTBEAT_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.3
"""How long a poll waits for the first market frames: six of the simulator's beats."""


_waiting: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()


def read_streams(text: str, cursor: str) -> dict[str, int | None]:
    """The streams of an address, resumed where the cursor says. Raises a 400 Problem."""
    try:
        streams = messages.read_stream_names(text)
    except messages.BadMessage as error:
        raise Malformed(f"{error}.") from None
    for name, seq in _read_cursor(cursor).items():
        if name in streams:
            streams[name] = seq
    return streams


async def events(*, session_id: UUID, streams: dict[str, int | None], holder: tickets.Pass) -> AsyncIterator[bytes]:
    """Server-sent events until the client leaves, the login ends or this process does."""
    drain.install()
    wake = asyncio.Event()
    _waiting.add(wake)
    reader = Reader(wake.set)
    told = _Told(streams)
    bridge = hub().bridge(session_id)
    bridge.attach(reader)
    # Subscribing may wait for the event log; the first bytes must not.
    joining = asyncio.ensure_future(bridge.subscribe(reader, streams))
    try:
        yield b": welcome\n\n"
        beat_due, market_due = 0.0, 0.0
        while True:
            now = time.monotonic()
            if drain.draining():
                yield told.event(frames.server_shutdown(now=_now()))
                return
            if joining.done():
                joining.result()
            if now >= beat_due:
                if beat_due and not await in_thread(tickets.still_stands, holder=holder, now=_now()):
                    yield told.event(frames.error("SESSION_REVOKED", "this login has been ended", now=_now()))
                    return
                beat_due = now + HEARTBEAT_SECONDS
                reader.say(_heartbeat(bridge, reader))
            if reader.outbox.overflowed:
                yield told.event(frames.error("SLOW_READER", "too much is unread", now=_now()))
                return
            if reader.halted:
                yield told.event(frames.error("SESSION_HALTED", "the exchange is halted", now=_now()))
                return
            for message in reader.outbox.take_messages():
                told.note(message)
                yield told.event(message.data)
            # The server takes the next event only when the connection took the last: taken is acknowledged.
            reader.outbox.acknowledge_until(reader.outbox.mark())
            if reader.outbox.has_market and time.monotonic() >= market_due:
                market_due = time.monotonic() + MARKET_SECONDS
                yield b"".join(told.event(frame) for frame in reader.outbox.take_market())
            due = min(beat_due, market_due) if reader.outbox.has_market else beat_due
            wake.clear()
            if not reader.outbox.has_private:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), max(0.005, due - time.monotonic()))
                if reader.outbox.has_market and not reader.outbox.has_private:
                    await asyncio.sleep(max(0.0, market_due - time.monotonic()))
    finally:
        joining.cancel()
        bridge.detach(reader)


async def poll(*, session_id: UUID, streams: dict[str, int | None], close_after: bool = False) -> dict[str, Any]:
    """Everything since the cursor, once: `{"frames": […], "cursor": …}`. `close_after`: the loop ends after it."""
    wake = asyncio.Event()
    reader = Reader(wake.set)
    told = _Told(streams)
    bridge = hub().bridge(session_id)
    bridge.attach(reader)
    try:
        await bridge.subscribe(reader, streams)
        wanted = any(not is_private(name) for name in streams)
        deadline = time.monotonic() + POLL_SECONDS
        while wanted and not reader.outbox.has_market and time.monotonic() < deadline:
            wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), deadline - time.monotonic())
        reader.say(_heartbeat(bridge, reader))
        messages = reader.outbox.take_messages()
        for message in messages:
            told.note(message)
        taken = [message.data for message in messages] + reader.outbox.take_market()
        return {"frames": [orjson.Fragment(frame) for frame in taken], "cursor": told.cursor()}
    finally:
        bridge.detach(reader)
        if close_after:
            await hub().close()


async def _wake_all() -> None:
    for wake in list(_waiting):
        wake.set()


drain.on_drain(_wake_all)


def _heartbeat(bridge: Bridge, reader: Reader) -> bytes:
    return frames.heartbeat(
        now=_now(),
        t=int(time.monotonic() * 1000),
        epoch=bridge.location.epoch,
        next_seq=bridge.heartbeat_numbers(reader),
        rtt_ms=None,
        link="live" if bridge.live else "degraded",
    )


class _Told:
    """How far each private stream was told to this client: by messages that left, never by those that wait."""

    def __init__(self, streams: dict[str, int | None]) -> None:
        self._numbers = {name: seq for name, seq in streams.items() if seq is not None and is_private(name)}

    def note(self, message: Message) -> None:
        """This message leaves now."""
        if message.stands is not None:
            name, seq = message.stands
            self._numbers[name] = seq

    def event(self, data: bytes) -> bytes:
        return b"id: " + self.cursor().encode() + b"\ndata: " + data + b"\n\n"

    def cursor(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(self._numbers)).decode().rstrip("=")


def _read_cursor(cursor: str) -> dict[str, int]:
    if not cursor:
        return {}
    try:
        numbers = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if len(cursor) <= 512 and isinstance(numbers, dict):
            checked = {name: seq for name, seq in numbers.items() if is_private(name)}
            if all(isinstance(seq, int) and 0 <= seq < 2**63 for seq in checked.values()):
                return checked
    except (binascii.Error, UnicodeError, ValueError):
        pass
    raise Problem(code="INVALID_CURSOR")


def _now() -> datetime:
    return datetime.now(UTC)
