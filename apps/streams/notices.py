"""Wake-up notices about a session through the channel layer. A hint only: the truth is polled each second."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

from apps.streams import hub

log = logging.getLogger("tradesim.streams")


def group(session_id: UUID | str) -> str:
    return f"session.{session_id}"


async def join(layer: Any, session_id: UUID, channel: str) -> None:
    if layer is not None:
        await layer.group_add(group(session_id), channel)


async def leave(layer: Any, session_id: UUID, channel: str) -> None:
    if layer is not None:
        await layer.group_discard(group(session_id), channel)


def session_changed(*, session_id: UUID | str) -> None:
    """Tell every process that watches this session to look at it now. Never raises; losing one loses nothing.

    Bridges of this process are told directly, from any thread: an in-memory layer must not be used across threads.
    """
    try:
        hub.poke_all(UUID(str(session_id)))
        layer = get_channel_layer()
        if layer is None or isinstance(layer, InMemoryChannelLayer):
            return
        async_to_sync(layer.group_send)(group(session_id), {"type": "session.notice", "session": str(session_id)})
    except Exception:
        log.warning("could not send a notice about session %s", session_id, exc_info=True)
