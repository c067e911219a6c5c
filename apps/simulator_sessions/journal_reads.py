"""What sessions need to know from the journal, which is a floor above: asked through the module named in settings."""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import Any

from django.conf import settings


def _selectors() -> Any:
    return import_module(settings.JOURNAL_SELECTORS)


def holds_request(*, session_id: uuid.UUID, request_id: str) -> bool:
    """Whether a command with this id is committed."""
    return _selectors().command_by_request_id(session_id=session_id, request_id=request_id) is not None


def next_stream_seqs(*, session_id: uuid.UUID) -> dict[str, int]:
    """The next number of each private stream: orders, account, session."""
    found: dict[str, int] = _selectors().next_stream_seqs(session_id=session_id)
    return found


def snapshots_of(*, session_id: uuid.UUID) -> list[Any]:
    """Rows with name, command_seq, sim_time_ns, state_hash, size, at; newest first."""
    found: list[Any] = _selectors().list_snapshots(session_id=session_id)
    return found
