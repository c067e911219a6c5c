"""The output gate: nothing leaves that was emitted after a record which is not yet durable.

A position in the one order of output; whoever wants to speak waits until the journal has passed it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class GateClosed(Exception):
    """The run is over (fenced, halted or stopping): what was waiting will never be released by it."""


class OutputGate:
    """Counts batches: `opened` are committed, `formed` are known. Output belongs behind all that are formed."""

    def __init__(self) -> None:
        self._formed = 0
        self._opened = 0
        self._closed = False
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        self._futures: set[asyncio.Future[None]] = set()

    @property
    def clear(self) -> bool:
        """Whether output may leave at once."""
        return self._formed == self._opened

    @property
    def position(self) -> int:
        return self._formed

    def formed(self) -> int:
        """A batch has something that must be durable first; returns its number."""
        self._formed += 1
        return self._formed

    def release(self, action: Callable[[], None]) -> None:
        """Run the action as soon as everything emitted until now is durable: at once if it is already."""
        if self._closed:
            return
        if self.clear:
            action()
        else:
            self._waiting.append((self._formed, action))

    async def passed(self) -> None:
        """Wait until everything emitted until now is durable. Raises GateClosed when that will not happen here."""
        if self._closed:
            raise GateClosed
        if self.clear:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        self._waiting.append((self._formed, lambda: None if future.done() else future.set_result(None)))
        await future

    def open_until(self, number: int) -> None:
        """The journal has committed the batches up to this number."""
        self._opened = max(self._opened, number)
        while self._waiting and self._waiting[0][0] <= self._opened:
            self._waiting.popleft()[1]()

    def close(self) -> None:
        """Nothing is released any more."""
        self._closed = True
        self._waiting.clear()
        for future in list(self._futures):
            if not future.done():
                future.set_exception(GateClosed())
