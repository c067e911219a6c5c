"""Keeps a worker process listening to its launcher, so that a simulator's end is acted on at once."""

from __future__ import annotations

import threading
import uuid

from django.conf import settings

from apps.common.background import enqueue
from apps.simulator_sessions.launchers.base import get_launcher

_lock = threading.Lock()
_watching = False


def ensure_watching() -> None:
    """Begin to listen, once a process; does nothing where tasks run inside the caller (tests, a laptop)."""
    global _watching
    if not settings.BACKGROUND_BACKEND.endswith(".CeleryBackend"):
        return
    with _lock:
        if not _watching:
            _watching = True
            get_launcher().watch(_on_exit)


def _on_exit(session_id: uuid.UUID | None) -> None:
    if session_id is None:
        enqueue("simulator_sessions.reconcile", relist=True)
    else:
        enqueue("simulator_sessions.reconcile_one", session_id=str(session_id))
