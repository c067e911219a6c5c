"""One use of an id: claimed and committed before a command leaves, and what an id stands for afterwards.

The venue and the journal make an order exactly once; claims only make the answers in between honest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError

from apps.common.durability import outliving_processes
from apps.common.problems import Problem
from apps.journal import selectors as journal
from apps.orders import refusals, selectors
from apps.orders.models import Execution, Order, OrderAlias
from apps.orders.projection import CANCEL_REJECTED
from apps.simulator_sessions.gateway import GatewayReply, TouchedOrder
from apps.simulator_sessions.models import SessionLease

IN_FLIGHT: Final = timedelta(seconds=5)
"""Longer than the deadline of any call to a simulator (2 s): after it nobody is still waiting for this claim."""

FORGOTTEN: Final = timedelta(seconds=30)
"""A claim of an epoch that ended, this old and absent from the journal, can never be applied any more."""


@dataclass(frozen=True, slots=True)
class Found:
    """An earlier use of the same id with the same terms: its order, or the refusal of a change."""

    order: Order | None
    code: str = ""
    text: str = ""


def claim(*, session_id: UUID, client_order_id: str, body_hash: bytes, now: datetime) -> Found | None:
    """Take the id for a command that is about to be sent; no crash of ours forgets it. None: it is ours, send.

    Also None for an earlier claim whose outcome nobody knows any more: sending the same again converges. Raises
    409 `duplicate-order` or `in-progress`.
    """
    row = OrderAlias(
        session_id=session_id,
        client_order_id=client_order_id,
        state=OrderAlias.State.CLAIMED,
        body_hash=body_hash,
        created_at=now,
    )
    try:
        # Whoever reads the claim is a process of this machine's life: the facts that outlast it are the journal's.
        with outliving_processes():
            row.save(force_insert=True)
    except IntegrityError:
        return look_up(session_id=session_id, client_order_id=client_order_id, body_hash=body_hash, now=now)
    return None


def look_up(*, session_id: UUID, client_order_id: str, body_hash: bytes, now: datetime) -> Found | None:
    """What an id stands for already; None when it is free, or its claim has been left behind. Raises as `claim`."""
    alias = selectors.find_alias(session_id=session_id, client_order_id=client_order_id)
    if alias is None:
        return None
    if bytes(alias.body_hash) != body_hash:
        raise refusals.duplicate_order(client_order_id)
    if alias.order_id is not None:
        order = Order.objects.filter(session_id=session_id, order_id=alias.order_id).first()
        if order is not None:
            return Found(order)
    if alias.state == OrderAlias.State.REFUSED:
        code, text = _refusal_of(session_id, client_order_id)
        return Found(None, code, text)
    if now - alias.created_at < IN_FLIGHT:
        raise refusals.in_progress(client_order_id)
    # Left behind: a retry takes it over, so that a third one finds it in flight again.
    taken = OrderAlias.objects.filter(pk=alias.pk, state=OrderAlias.State.CLAIMED, created_at=alias.created_at)
    if taken.update(created_at=now, claimed_epoch=0) == 0:
        raise refusals.in_progress(client_order_id)
    return None


def give_up(*, session_id: UUID, client_order_id: str) -> None:
    """The command certainly was not applied: its id is free again."""
    OrderAlias.objects.filter(
        session_id=session_id, client_order_id=client_order_id, state=OrderAlias.State.CLAIMED, event_seq=0
    ).delete()


def left_unknown(*, session_id: UUID, client_order_id: str, now: datetime) -> None:
    """The call broke and the journal does not know yet: the id stays claimed, but a retry may be sent at once."""
    OrderAlias.objects.filter(
        session_id=session_id, client_order_id=client_order_id, state=OrderAlias.State.CLAIMED
    ).update(created_at=now - IN_FLIGHT)


def pending_or_unknown(*, session_id: UUID, client_order_id: str, now: datetime) -> Problem:
    """For an id without an order: IN_PROGRESS while it may still become one, else UNKNOWN_ORDER (and it is free)."""
    alias = selectors.find_alias(session_id=session_id, client_order_id=client_order_id)
    if alias is None or alias.state == OrderAlias.State.REFUSED:
        return refusals.unknown_order(client_order_id)
    if alias.state == OrderAlias.State.CLAIMED and _can_never_be(alias, now):
        give_up(session_id=session_id, client_order_id=client_order_id)
        return refusals.unknown_order(client_order_id)
    return refusals.in_progress(client_order_id)


def journaled(*, session_id: UUID, request_id: str, body_hash: bytes) -> GatewayReply | None:
    """The reply to a command that the journal holds; None when it does not hold it (now).

    DUPLICATE when what it holds under this id is another request.
    """
    stored = journal.command_by_request_id(session_id=session_id, request_id=request_id)
    if stored is None:
        return None
    if stored.body_hash != body_hash:
        return GatewayReply("DUPLICATE")
    answers = []
    for report in stored.reports:
        data = report.data
        if report.type == CANCEL_REJECTED or report.type == "order.rejected":
            code, text = data.get("reject_code") or "", data.get("text") or ""
            if stored.kind != "mass_cancel":
                return GatewayReply("REFUSED", code, text)
            answers.append(TouchedOrder(data["original_client_order_id"], data.get("symbol") or "", False, code, text))
        elif report.type == "order.canceled":
            answers.append(TouchedOrder(data["client_order_id"], data["symbol"], True, "", ""))
    return GatewayReply("APPLIED", orders=tuple(answers))


def _can_never_be(alias: OrderAlias, now: datetime) -> bool:
    """An epoch has ended since it could last have been sent, and the journal does not hold it.

    The epoch is noted at the first question after every deadline has passed, not at the claim: a claim is on the hot
    path, and hardly any is ever asked about.
    """
    if now - alias.created_at < FORGOTTEN:
        return False
    epoch = _epoch(alias.session_id)
    if alias.claimed_epoch == 0:
        OrderAlias.objects.filter(pk=alias.pk, claimed_epoch=0).update(claimed_epoch=epoch)
        return False
    if epoch <= alias.claimed_epoch:
        return False
    return journal.command_by_request_id(session_id=alias.session_id, request_id=alias.client_order_id) is None


def _refusal_of(session_id: UUID, client_order_id: str) -> tuple[str, str]:
    report = Execution.objects.filter(
        session_id=session_id, event_type=CANCEL_REJECTED, client_order_id=client_order_id
    ).first()
    if report is None:
        return "UNKNOWN_ORDER", ""
    shown = selectors.execution_dict(report)
    return shown["reject_code"], shown["text"]


def _epoch(session_id: UUID) -> int:
    epoch = SessionLease.objects.filter(session_id=session_id).values_list("epoch", flat=True).first()
    return int(epoch or 0)
