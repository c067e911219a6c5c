"""Waiting for something to become true, with a deadline instead of a nap."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class NeverHappened(AssertionError):
    """The deadline passed first; carries the last answer or error."""


def eventually(probe: Callable[[], T], timeout: float = 5.0, *, interval: float = 0.01, what: str = "") -> T:
    """The first true value of ``probe()``. AssertionErrors count as "not yet". Raises NeverHappened."""
    deadline = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            value = probe()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() >= deadline:
            raise NeverHappened(f"not within {timeout} s: {what or probe!r}; last: {last!r}")
        time.sleep(interval)


async def eventually_async(
    probe: Callable[[], Awaitable[T]], timeout: float = 5.0, *, interval: float = 0.01, what: str = ""
) -> T:
    """The same for a coroutine function."""
    deadline = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            value = await probe()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() >= deadline:
            raise NeverHappened(f"not within {timeout} s: {what or probe!r}; last: {last!r}")
        await asyncio.sleep(interval)
