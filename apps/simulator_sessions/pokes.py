"""Asking for a session to be looked at now instead of at the next sweep. A hint only: losing one loses nothing."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from django.conf import settings

from apps.common.background import enqueue

log = logging.getLogger("tradesim.sessions")

_in_process: list[Callable[[uuid.UUID], None]] = []


def use_in_process(poke: Callable[[uuid.UUID], None]) -> Callable[[], None]:
    """Send hints straight to a reconciler in this process. → a function that undoes it."""
    _in_process.append(poke)
    return lambda: _in_process.remove(poke)


def request_reconcile(session_id: uuid.UUID) -> None:
    """Ask the reconciler to look at this session. Call it after the commit of what it should see; never raises."""
    if _in_process:
        for poke in tuple(_in_process):
            poke(session_id)
        return
    if not settings.BACKGROUND_BACKEND.endswith(".CeleryBackend"):
        return  # a command on a laptop: reconciling is the serving process's, whose sweep sees it soon
    try:
        enqueue("simulator_sessions.reconcile_one", session_id=str(session_id))
    except Exception:
        log.warning("could not ask for a reconcile of %s; the sweep will see it", session_id, exc_info=True)
