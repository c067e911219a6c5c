"""The order path: shape, identity and quota are judged here, everything else by the venue; and honest answers.

A command is claimed under its id and committed before it leaves; what became of it is read from the journal's
projection, never guessed. No transaction is open across the call. Venue rules never live here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.common.problems import Problem
from apps.orders import bodies, claims, refusals, selectors
from apps.orders.models import Order
from apps.simulator_sessions import gateway as gateways
from apps.simulator_sessions.gateway import GatewayReply
from apps.simulator_sessions.selectors import get_session
from simulator_engine.core.reasons import OrdStatus

REPLAYED_HEADER = "Idempotent-Replayed"


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """What came of a command about one order, in the public shape.

    `replayed`: the answer of an earlier, identical request. `pending`: durable, but without a report so far.
    """

    order: dict[str, Any]
    replayed: bool = False
    pending: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {REPLAYED_HEADER: "true"} if self.replayed else {}


@dataclass(frozen=True, slots=True)
class CancelsAnswer:
    """What came of a mass cancel: one answer for each order that it touched."""

    results: list[dict[str, Any]] = field(default_factory=list)
    replayed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {REPLAYED_HEADER: "true"} if self.replayed else {}


def submit_order(
    *, user: Any, session_id: UUID, body: object, now: datetime, link_is_stale: bool = False
) -> OrderAnswer:
    """Place an order. `link_is_stale`: the socket it came by is too poor for orders that add risk.

    Raises a Problem: 400 for its shape, 409 for its id or the link, 422 with the venue's code, 503 when nothing was
    sent, 504 when the outcome is not known.
    """
    order = bodies.parse_order(body)
    session = get_session(user=user, session_id=session_id)
    body_hash = order.body_hash()
    found = claims.claim(session_id=session.id, client_order_id=order.client_order_id, body_hash=body_hash, now=now)
    if found is not None:
        return _first_answer(found)
    if link_is_stale and not order.reduce_only:
        claims.give_up(session_id=session.id, client_order_id=order.client_order_id)
        raise refusals.poor_connection(order.client_order_id)
    reply = _send(
        session.id,
        order.client_order_id,
        lambda: gateways.get_gateway().submit(session=session, order=order, body_hash=body_hash),
        body_hash=body_hash,
        now=now,
    )
    return _answer(session.id, order.client_order_id, reply, order)


def replace_order(
    *, user: Any, session_id: UUID, client_order_id: str, body: object, now: datetime, link_is_stale: bool = False
) -> OrderAnswer:
    """Change a live order, named by its present id, and give it a new one. Raises as `submit_order`, and
    404 `unknown-order`, 409 `superseded`, 409 `too-late-to-cancel`.
    """
    terms = bodies.parse_replace(body)
    session = get_session(user=user, session_id=session_id)
    body_hash = terms.body_hash(client_order_id)
    used = claims.look_up(session_id=session.id, client_order_id=terms.client_order_id, body_hash=body_hash, now=now)
    if used is not None:
        return _first_answer(used)
    order = selectors.find_order(session_id=session.id, client_order_id=client_order_id)
    if order is None:
        raise claims.pending_or_unknown(session_id=session.id, client_order_id=client_order_id, now=now)
    if order.client_order_id != client_order_id:
        raise refusals.superseded(client_order_id, order.client_order_id)
    found = claims.claim(session_id=session.id, client_order_id=terms.client_order_id, body_hash=body_hash, now=now)
    if found is not None:
        return _first_answer(found)
    if link_is_stale:
        claims.give_up(session_id=session.id, client_order_id=terms.client_order_id)
        raise refusals.poor_connection(terms.client_order_id)
    reply = _send(
        session.id,
        terms.client_order_id,
        lambda: gateways.get_gateway().replace(
            session=session, original_client_order_id=client_order_id, terms=terms, body_hash=body_hash
        ),
        body_hash=body_hash,
        now=now,
    )
    return _answer(session.id, terms.client_order_id, reply, None)


def cancel_order(
    *, user: Any, session_id: UUID, client_order_id: str, request_id: str | None = None, now: datetime
) -> OrderAnswer:
    """Cancel an order by any id that it has borne. Always passes quota and link gates.

    Raises 404 `unknown-order`, 409 `too-late-to-cancel`, or as `submit_order`.
    """
    key = bodies.parse_request_id(request_id)
    session = get_session(user=user, session_id=session_id)
    alias = selectors.find_alias(session_id=session.id, client_order_id=client_order_id)
    if alias is None or alias.state == alias.State.REFUSED:
        raise refusals.unknown_order(client_order_id)
    body_hash = bodies.cancel_hash(client_order_id)
    reply = _send(
        session.id,
        key,
        lambda: gateways.get_gateway().cancel(
            session=session, request_id=key, client_order_id=client_order_id, body_hash=body_hash
        ),
        body_hash=body_hash,
        now=now,
        claimed=False,
    )
    if reply.outcome == "DUPLICATE":
        raise Problem(code="IDEMPOTENCY_MISMATCH")
    return _answer(session.id, client_order_id, reply, None)


def cancel_orders(
    *,
    user: Any,
    session_id: UUID,
    symbol: str | None = None,
    side: str | None = None,
    request_id: str | None = None,
    now: datetime,
) -> CancelsAnswer:
    """Cancel all live orders, or those of a symbol, a side or both; an answer for each."""
    wanted_symbol, wanted_side = bodies.parse_filters(symbol, side)
    key = bodies.parse_request_id(request_id)
    session = get_session(user=user, session_id=session_id)
    body_hash = bodies.mass_cancel_hash(wanted_symbol, wanted_side)
    reply = _send(
        session.id,
        key,
        lambda: gateways.get_gateway().mass_cancel(
            session=session, request_id=key, symbol=wanted_symbol, side=wanted_side, body_hash=body_hash
        ),
        body_hash=body_hash,
        now=now,
        claimed=False,
    )
    _raise_refusal(key, reply, duplicate=Problem(code="IDEMPOTENCY_MISMATCH"))
    answers = list(reply.orders)
    orders = selectors.orders_by_alias(
        session_id=session.id, client_order_ids=[answer.client_order_id for answer in answers]
    )
    results = [
        {
            "client_order_id": answer.client_order_id,
            "symbol": answer.symbol,
            "accepted": bool(answer.accepted),
            "code": answer.code or None,
            "text": answer.text,
            "order": selectors.order_dict(orders[answer.client_order_id]) if answer.client_order_id in orders else None,
        }
        for answer in answers
    ]
    return CancelsAnswer(results, replayed=reply.outcome == "REPLAYED")


def flatten_position(
    *,
    user: Any,
    session_id: UUID,
    symbol: str,
    body: object = None,
    request_id: str | None = None,
    reverse: bool = False,
    now: datetime,
) -> OrderAnswer:
    """Cancel the symbol's live orders and trade the whole position away at market (twice, when `reverse`)."""
    client_order_id = bodies.parse_flatten(body, request_id)
    session = get_session(user=user, session_id=session_id)
    body_hash = bodies.flatten_hash(symbol, reverse)
    found = claims.claim(session_id=session.id, client_order_id=client_order_id, body_hash=body_hash, now=now)
    if found is not None:
        return _first_answer(found)
    reply = _send(
        session.id,
        client_order_id,
        lambda: gateways.get_gateway().flatten(
            session=session, client_order_id=client_order_id, symbol=symbol, reverse=reverse, body_hash=body_hash
        ),
        body_hash=body_hash,
        now=now,
    )
    return _answer(session.id, client_order_id, reply, None)


def preview_order(*, user: Any, session_id: UUID, body: object, now: datetime) -> Any:
    """What an order would cost and do, and every rule that it would break; nothing changes. → the venue's JSON."""
    order = bodies.parse_order(body)
    session = get_session(user=user, session_id=session_id)
    return gateways.get_gateway().preview(session=session, order=order)


def query_order(*, user: Any, session_id: UUID, client_order_id: str, now: datetime) -> OrderAnswer:
    """The order that bears or has borne this id; `pending` while its fate is not known. Raises 404 `unknown-order`."""
    session = get_session(user=user, session_id=session_id)
    order = selectors.find_order(session_id=session.id, client_order_id=client_order_id)
    if order is not None:
        return OrderAnswer(selectors.order_dict(order))
    problem = claims.pending_or_unknown(session_id=session.id, client_order_id=client_order_id, now=now)
    if problem.code == "IN_PROGRESS":
        return OrderAnswer(_pending_order(client_order_id, None), pending=True)
    raise problem


def _send(
    session_id: UUID,
    request_id: str,
    call: Callable[[], GatewayReply],
    *,
    body_hash: bytes,
    now: datetime,
    claimed: bool = True,
) -> GatewayReply:
    """Hand a command over. What certainly was not sent frees its id; what is unknown is asked of the journal.

    A command that was done before is answered as it was then, which only the journal remembers.
    """
    try:
        reply = call()
    except Problem as problem:
        if problem.outcome == "none":
            if claimed:
                claims.give_up(session_id=session_id, client_order_id=request_id)
            raise
        stored = claims.journaled(session_id=session_id, request_id=request_id, body_hash=body_hash)
        if stored is None:
            if claimed:
                claims.left_unknown(session_id=session_id, client_order_id=request_id, now=now)
            raise refusals.outcome_unknown(request_id) from problem
        reply = stored
    if reply.outcome == "REPLAYED":
        stored = claims.journaled(session_id=session_id, request_id=request_id, body_hash=body_hash)
        if stored is not None:
            reply = replace(stored, outcome="REPLAYED") if stored.outcome == "APPLIED" else stored
    if claimed and reply.outcome in ("NOT_APPLIED", "DUPLICATE"):
        # Under this id the venue knows another request, or none: what was claimed will never be an order.
        claims.give_up(session_id=session_id, client_order_id=request_id)
    return reply


def _first_answer(found: claims.Found) -> OrderAnswer:
    """The answer that an id got the first time it was used with these terms."""
    if found.order is None:
        raise refusals.refused_by_venue(found.code, found.text)
    if found.order.status == OrdStatus.REJECTED:
        raise _rejected(found.order)
    return OrderAnswer(selectors.order_dict(found.order), replayed=True)


def _answer(session_id: UUID, client_order_id: str, reply: GatewayReply, asked: bodies.OrderBody | None) -> OrderAnswer:
    _raise_refusal(client_order_id, reply, duplicate=refusals.duplicate_order(client_order_id))
    order = selectors.find_order(session_id=session_id, client_order_id=client_order_id)
    replayed = reply.outcome == "REPLAYED"
    if order is None:
        return OrderAnswer(_pending_order(client_order_id, asked), replayed=replayed, pending=True)
    if order.status == OrdStatus.REJECTED:
        raise _rejected(order)
    return OrderAnswer(selectors.order_dict(order), replayed=replayed)


def _raise_refusal(request_id: str, reply: GatewayReply, *, duplicate: Problem) -> None:
    if reply.outcome == "REFUSED":
        raise refusals.refused_by_venue(reply.code, reply.text)
    if reply.outcome == "DUPLICATE":
        raise duplicate
    if reply.outcome == "IN_PROGRESS":
        raise refusals.in_progress(request_id)
    if reply.outcome == "NOT_APPLIED":
        raise refusals.not_sent(reply.code, reply.text)


def _rejected(order: Order) -> Problem:
    return refusals.refused_by_venue(order.reject_code, order.text)


def _pending_order(client_order_id: str, asked: bodies.OrderBody | None) -> dict[str, Any]:
    """An order without a report so far: what was asked, and PENDING_NEW."""
    shown: dict[str, Any] = dict.fromkeys((*selectors.ORDER_FIELDS, "created_at", "updated_at"))
    shown |= {"client_order_id": client_order_id, "status": OrdStatus.PENDING_NEW.value, "text": ""}
    if asked is not None:
        shown |= _terms(asked)
    return shown


def _terms(asked: bodies.OrderBody) -> Mapping[str, Any]:
    return {
        "symbol": asked.symbol,
        "side": asked.side.value,
        "type": asked.type.value,
        "time_in_force": asked.time_in_force.value,
        "quantity": asked.quantity,
        "price": asked.price,
        "stop_price": asked.stop_price,
        "cum_quantity": "0",
        "leaves_quantity": asked.quantity,
    }
