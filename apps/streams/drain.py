"""A planned end of this process: readers are told before the server closes their connections.

It adds to the server's own signal handling, which follows a moment later, and replaces nothing of it.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

FAREWELL_SECONDS = 0.15
"""Between the signal and the server's own handling of it: time for the last frames to leave."""

_farewells: list[Callable[[], Coroutine[Any, Any, None]]] = []
_installed = False
_going: list[asyncio.Future[None]] = []
_draining = asyncio.Event()


def draining() -> bool:
    """Whether this process has been told to stop."""
    return _draining.is_set()


def on_drain(farewell: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run this in the event loop as soon as the process is told to stop."""
    _farewells.append(farewell)


def install() -> None:
    """Listen for the signals that stop a server; called from its running loop. Does nothing outside a main thread."""
    global _installed
    if _installed or threading.current_thread() is not threading.main_thread():
        return
    _installed = True
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, _handler(loop, before))


def _handler(
    loop: asyncio.AbstractEventLoop, before: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        if _draining.is_set() or not loop.is_running():
            before(number, frame)  # asked twice, or nobody is there to be told
            return
        loop.call_soon_threadsafe(_say_goodbye)
        loop.call_soon_threadsafe(loop.call_later, FAREWELL_SECONDS, before, number, frame)

    return handle


def _say_goodbye() -> None:
    if _draining.is_set():
        return
    _draining.set()
    _going.extend(asyncio.ensure_future(farewell()) for farewell in _farewells)
