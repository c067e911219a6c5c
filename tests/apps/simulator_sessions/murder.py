"""Receivers of the journal that kill the simulator in the middle of its append: before the commit, or round it."""

from __future__ import annotations

import os
import signal

from apps.simulator_sessions.launchers.base import get_launcher

victim_request = ""
"""The request_id at whose append the simulator is killed; empty: none."""


class CommitLost(RuntimeError):
    """Undoes the append, as a database that went down in mid-commit does."""


def _kill(session_id, records) -> bool:
    if not any(record.request_id == victim_request for record in records):
        return False
    for name, pid in get_launcher().processes().items():  # type: ignore[attr-defined]
        if name.startswith(str(session_id)):
            os.kill(pid, signal.SIGKILL)
    return True


def kill_and_commit(*, session_id, records, reports, committed_at) -> None:
    _kill(session_id, records)


def kill_and_lose(*, session_id, records, reports, committed_at) -> None:
    if _kill(session_id, records):
        raise CommitLost
