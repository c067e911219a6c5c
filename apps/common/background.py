"""Work after commit, by registered task name, so that a service need not import the task that follows it.

Nothing here guarantees that a task runs: what must happen is found again by a reconciler or a sweep.
"""

import atexit
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import structlog
from celery import current_app
from django.conf import settings
from django.db import close_old_connections, connections, transaction
from django.utils.module_loading import import_string

from apps.common import telemetry

log = structlog.get_logger(__name__)


class UnknownTask(LookupError):
    """No task is registered under this name: a fault in the program."""


class Backend(Protocol):
    def run(self, name: str, kwargs: dict[str, Any]) -> None: ...


def task(name: str) -> Any:
    """The registered task. Raises UnknownTask."""
    if name not in current_app.tasks:
        current_app.loader.import_default_modules()
    try:
        return current_app.tasks[name]
    except KeyError:
        raise UnknownTask(name) from None


class InlineBackend:
    """Runs the task at once in this thread: for tests."""

    def run(self, name: str, kwargs: dict[str, Any]) -> None:
        task(name).run(**kwargs)


class ThreadBackend:
    """Runs the task in one of a few threads of this process: for a laptop without a broker."""

    _pool: ThreadPoolExecutor | None = None

    def run(self, name: str, kwargs: dict[str, Any]) -> None:
        found = task(name)
        if ThreadBackend._pool is None:
            ThreadBackend._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="background")
            atexit.register(ThreadBackend._pool.shutdown, wait=False, cancel_futures=True)
        ThreadBackend._pool.submit(self._work, found, name, kwargs)

    @staticmethod
    def _work(found: Any, name: str, kwargs: dict[str, Any]) -> None:
        close_old_connections()
        try:
            found.run(**kwargs)
        except Exception:
            telemetry.BACKGROUND_TASKS.labels(name=name, outcome="failed").inc()
            log.exception("background_task_failed", task=name)
        finally:
            connections.close_all()


class CeleryBackend:
    """Hands the task to the broker. A broker that is away is counted and logged; the caller's work stands."""

    def run(self, name: str, kwargs: dict[str, Any]) -> None:
        try:
            current_app.send_task(name, kwargs=kwargs, retry=False, ignore_result=True)
        except Exception:
            telemetry.BACKGROUND_TASKS.labels(name=name, outcome="not_enqueued").inc()
            log.exception("background_task_not_enqueued", task=name)


def enqueue(name: str, **kwargs: Any) -> None:
    """Runs the task ``name`` with ``kwargs`` (JSON values) once the present transaction has committed, or
    at once
    when there is none. A transaction rolled back enqueues nothing."""
    backend: Backend = import_string(settings.BACKGROUND_BACKEND)()
    telemetry.BACKGROUND_TASKS.labels(name=name, outcome="enqueued").inc()
    transaction.on_commit(partial(backend.run, name, kwargs))
