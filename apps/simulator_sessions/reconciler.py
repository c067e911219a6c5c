"""The reconciler as threads of one process: a queue in which doubles merge, a sweep, and the launcher's notices.

For the laptop's one process and for a process of its own; production drives the same functions by Celery.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.db import connections

from apps.simulator_sessions import observing, pokes, reconciling
from apps.simulator_sessions.launchers.base import Launcher, get_launcher

log = logging.getLogger("tradesim.sessions.reconciler")

WORKERS = 4  # acts wait for processes and sockets; more only compete for SQLite's one writer
SUSPECT_SECONDS = 0.5


class Reconciler:
    """Start it, poke it, stop it. One session is worked on by one thread at a time, and again if poked meanwhile."""

    def __init__(self, launcher: Launcher | None = None, *, workers: int = WORKERS) -> None:
        self._launcher = launcher or get_launcher()
        self._workers = workers
        self._waiting: OrderedDict[uuid.UUID, None] = OrderedDict()
        self._working: set[uuid.UUID] = set()
        self._again: set[uuid.UUID] = set()
        self._relist = threading.Event()
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._undo: list[Callable[[], None]] = []

    def start(self) -> Reconciler:
        for number in range(self._workers):
            self._spawn(self._work, f"reconcile-{number}")
        self._spawn(self._sweep, "reconcile-sweep")
        self._undo.append(pokes.use_in_process(self.poke))
        self._undo.append(self._launcher.watch(self._on_exit))
        return self

    def stop(self) -> None:
        """Finish the steps under way and end the threads. Simulators are left running."""
        self._stopped.set()
        self._relist.set()
        for undo in reversed(self._undo):
            undo()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=10.0)

    def poke(self, session_id: uuid.UUID) -> None:
        with self._changed:
            if session_id in self._working:
                self._again.add(session_id)
            elif session_id not in self._waiting:
                self._waiting[session_id] = None
                self._changed.notify()

    def _on_exit(self, session_id: uuid.UUID | None) -> None:
        if session_id is None:
            self._relist.set()
        else:
            self.poke(session_id)

    def _spawn(self, target: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _take(self) -> uuid.UUID | None:
        with self._changed:
            while not self._stopped.is_set():
                if self._waiting:
                    session_id, _ = self._waiting.popitem(last=False)
                    self._working.add(session_id)
                    return session_id
                self._changed.wait()
        return None

    def _done(self, session_id: uuid.UUID) -> None:
        with self._changed:
            self._working.discard(session_id)
            if session_id in self._again:
                self._again.discard(session_id)
                self._waiting[session_id] = None
                self._changed.notify()

    def _work(self) -> None:
        try:
            while (session_id := self._take()) is not None:
                try:
                    reconciling.reconcile_one(session_id, launcher=self._launcher)
                except Exception:
                    log.exception("could not reconcile %s; the sweep comes back to it", session_id)
                    connections.close_all()
                finally:
                    self._done(session_id)
        finally:
            connections.close_all()

    def _sweep(self) -> None:
        next_sweep = next_relist = 0.0
        try:
            while not self._stopped.is_set():
                now = time.monotonic()
                relist = self._relist.is_set() or now >= next_relist
                try:
                    if relist or now >= next_sweep:
                        self._relist.clear()
                        next_sweep = now + settings.RECONCILE_SECONDS
                        next_relist = now + settings.RELIST_SECONDS if relist else next_relist
                        found = reconciling.sweep(relist=relist)
                    else:
                        found = observing.suspects()
                    for session_id in found:
                        self.poke(session_id)
                except Exception:
                    log.exception("the sweep failed; it comes again")
                    connections.close_all()
                self._relist.wait(SUSPECT_SECONDS)
        finally:
            connections.close_all()
