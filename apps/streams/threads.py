"""Blocking work of the streams, kept off the event loop and out of the one thread that Django's async views share."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

WORKERS: Final = 8
"""Each holds one database connection; the work is short reads."""

COMMAND_WORKERS: Final = 16
"""A command to a run that does not answer holds its thread for seconds: readers and their beats never wait for one."""

_pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="streams")
_commands = ThreadPoolExecutor(max_workers=COMMAND_WORKERS, thread_name_prefix="commands")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a short blocking read, made in a worker thread with healthy database connections."""
    return await _run(_pool, call, *args, **kwargs)


async def in_command_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `in_thread`, for what may wait for a simulator."""
    return await _run(_commands, call, *args, **kwargs)


async def _run(pool: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    context = contextvars.copy_context()

    def work() -> T:
        _let_go_of_spent_connections()
        try:
            return context.run(call, *args, **kwargs)
        finally:
            _let_go_of_spent_connections()

    return await asyncio.get_running_loop().run_in_executor(pool, work)


def _let_go_of_spent_connections() -> None:
    """Give connections back as a request does; a sound one to SQLite is kept: opening it costs as much as a read."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()
