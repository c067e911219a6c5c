"""The second door of the order service: a command from a socket becomes one service call, its answer one message."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from apps.common import rate_limits
from apps.common.problems import Malformed, Problem, from_exception
from apps.orders import services
from apps.streams import frames
from apps.streams.messages import OrderCommand

log = structlog.get_logger(__name__)


def execute(
    *, user: Any, session_id: UUID, command: OrderCommand, may_trade: bool, link_is_stale: bool, now: datetime
) -> bytes:
    """Do one command; the message to send back. Never raises: a fault of ours is answered as one and logged."""
    try:
        if not may_trade:
            raise Problem("This login may look and not trade.", code="FORBIDDEN")
        rate_limits.check("orders", str(user.pk))
        answer = _call(user, session_id, command, link_is_stale, now)
    except Exception as error:
        problem = from_exception(error)
        if problem is None:
            log.exception("socket_command_failed", op=command.op)
            problem = Problem(code="INTERNAL_ERROR", outcome="unknown")
        return frames.reply("error", request=command.id, status=problem.status, body=problem.body())
    created = command.op == "order.submit" and not answer.replayed
    return frames.reply(
        "ack", request=command.id, status=201 if created else 200, body=answer.order, replayed=answer.replayed
    )


def _call(
    user: Any, session_id: UUID, command: OrderCommand, link_is_stale: bool, now: datetime
) -> services.OrderAnswer:
    body = dict(command.body)
    if command.op == "order.submit":
        return services.submit_order(user=user, session_id=session_id, body=body, now=now, link_is_stale=link_is_stale)
    named = "original_client_order_id" if command.op == "order.replace" else "client_order_id"
    target = body.pop(named, None)
    if not isinstance(target, str):
        raise Malformed(f"{named} names the order.")
    if command.op == "order.replace":
        return services.replace_order(
            user=user,
            session_id=session_id,
            client_order_id=target,
            body=body,
            now=now,
            link_is_stale=link_is_stale,
        )
    request_id = body.pop("request_id", None)
    if body or not isinstance(request_id, str | None):
        raise Malformed("A cancel names client_order_id and, if it likes, request_id.")
    return services.cancel_order(
        user=user, session_id=session_id, client_order_id=target, request_id=request_id, now=now
    )
