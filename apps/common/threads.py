"""Threads that outlive their request: each keeps its database connection, instead of opening one a request.

Without them every request of an ASGI server makes a thread, and a connection in it, and throws both away.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext


class ReusedThreads:
    """Wraps an ASGI application: the synchronous code of each HTTP request runs in one thread of a growing pool."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._idle: deque[ThreadPoolExecutor] = deque()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        # The last one used has the warmest connection.
        executor = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        try:
            async with ThreadSensitiveContext(executor=executor):
                await self._application(scope, receive, send)
        finally:
            # A request whose client went away may have left work behind: the thread is free only after it.
            executor.submit(int).add_done_callback(lambda _: self._idle.append(executor))
