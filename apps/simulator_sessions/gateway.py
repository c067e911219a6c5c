"""The platform's door to a session's simulator: finds the run, sends with a deadline, answers honestly.

A call that was handed to the channel and failed is *unknown* until the journal or a moved epoch says otherwise. Nothing
is ever sent twice by this module, and no transaction may be open around it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.db import connection

from apps.common.problems import Problem
from apps.simulator_sessions import clients, journal_reads
from apps.simulator_sessions.clients import CallFailed, SimulatorClient
from apps.simulator_sessions.lifecycle import Status, Target
from apps.simulator_sessions.models import SessionLease, SimulatorSession
from apps.simulator_sessions.pokes import request_reconcile
from simulator_engine import client as engine

EXECUTE_SECONDS = 2.5  # a commit takes milliseconds; this long, and the reply is as good as lost
READ_SECONDS = 2.5
RESOLVE_SECONDS = 2.0  # a killed simulator is noticed in 0.2 s and its epoch moved at once
RESOLVE_POLL_SECONDS = 0.02

_REFUSED_UNSENT = {
    "UNAVAILABLE": "SESSION_RECOVERING",
    "UNAUTHENTICATED": "SESSION_RECOVERING",  # its epoch has just moved on
    "PERMISSION_DENIED": "SESSION_RECOVERING",
    "RESOURCE_EXHAUSTED": "CAPACITY",
}


class OrderTerms(Protocol):
    """A new order as its service has parsed it; numbers are decimal texts."""

    @property
    def client_order_id(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Any: ...
    @property
    def type(self) -> Any: ...
    @property
    def quantity(self) -> str: ...
    @property
    def price(self) -> str | None: ...
    @property
    def stop_price(self) -> str | None: ...
    @property
    def time_in_force(self) -> Any: ...
    @property
    def display_quantity(self) -> str | None: ...
    @property
    def min_quantity(self) -> str | None: ...
    @property
    def post_only(self) -> bool: ...
    @property
    def reduce_only(self) -> bool: ...
    @property
    def sent_at_ms(self) -> int: ...
    @property
    def good_for_ms(self) -> int: ...


class ReplaceTerms(Protocol):
    """New terms for an order; None keeps the present one."""

    @property
    def client_order_id(self) -> str: ...
    @property
    def quantity(self) -> str | None: ...
    @property
    def price(self) -> str | None: ...
    @property
    def stop_price(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class TouchedOrder:
    client_order_id: str
    symbol: str
    accepted: bool
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class GatewayReply:
    """The simulator's answer. `outcome`: APPLIED, REFUSED, REPLAYED, DUPLICATE, IN_PROGRESS or NOT_APPLIED."""

    outcome: str
    code: str = ""
    text: str = ""
    command_seq: int = 0
    first_event_seq: int = 0
    last_event_seq: int = 0
    orders: tuple[TouchedOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedState:
    command_seq: int
    sim_time_ns: int
    state_hash: str


class Gateway:
    """Stateless; the channels behind it belong to the process."""

    # --- commands ---

    def submit(self, *, session: SimulatorSession, order: OrderTerms, body_hash: bytes) -> GatewayReply:
        return self._execute(session, order.client_order_id, _submit_command(order, body_hash))

    def cancel(
        self, *, session: SimulatorSession, request_id: str, client_order_id: str, body_hash: bytes = b""
    ) -> GatewayReply:
        command = engine.cancel_command(request_id=request_id, client_order_id=client_order_id, body_hash=body_hash)
        return self._execute(session, request_id, command)

    def replace(
        self,
        *,
        session: SimulatorSession,
        original_client_order_id: str,
        terms: ReplaceTerms,
        body_hash: bytes = b"",
    ) -> GatewayReply:
        command = engine.replace_command(
            client_order_id=terms.client_order_id,
            original_client_order_id=original_client_order_id,
            quantity=terms.quantity,
            price=terms.price,
            stop_price=terms.stop_price,
            body_hash=body_hash,
        )
        return self._execute(session, terms.client_order_id, command)

    def mass_cancel(
        self,
        *,
        session: SimulatorSession,
        request_id: str,
        symbol: str | None = None,
        side: Any = None,
        body_hash: bytes = b"",
    ) -> GatewayReply:
        command = engine.mass_cancel_command(
            request_id=request_id, symbol=symbol, side=_text(side), body_hash=body_hash
        )
        return self._execute(session, request_id, command)

    def flatten(
        self,
        *,
        session: SimulatorSession,
        client_order_id: str,
        symbol: str,
        reverse: bool = False,
        body_hash: bytes = b"",
    ) -> GatewayReply:
        command = engine.flatten_command(
            client_order_id=client_order_id, symbol=symbol, reverse=reverse, body_hash=body_hash
        )
        return self._execute(session, client_order_id, command)

    def control(
        self,
        *,
        session: SimulatorSession,
        request_id: str,
        action: str,
        speed: str = "",
        body_hash: bytes = b"",
    ) -> GatewayReply:
        """Turn the session's clock: pause, resume, step or speed."""
        command = engine.clock_command(request_id=request_id, action=action, speed=speed, body_hash=body_hash)
        return self._execute(session, request_id, command)

    # --- reads ---

    def preview(self, *, session: SimulatorSession, order: OrderTerms) -> Any:
        """The venue's judgement of an order that is not placed, as JSON bytes."""
        return self._read(
            session,
            lambda run: run.preview(_submit_command(order, b""), timeout_seconds=READ_SECONDS),
        )

    def get_state(self, *, session: SimulatorSession, kind: str, **query: Any) -> bytes:
        """JSON bytes in the public API's shape. `query`: symbol, depth, interval_seconds, from_ns, to_ns, limit."""
        reply = self._read(session, lambda run: run.read_state(kind, timeout_seconds=READ_SECONDS, **query))
        if reply.code == "INVALID_ARGUMENT":
            raise Problem(reply.text, code="MALFORMED")
        if reply.code:
            raise Problem(reply.text, code=reply.code, status=422)
        return bytes(reply.body)

    def save_snapshot(self, *, session: SimulatorSession, name: str) -> SavedState:
        """Keep the present state under a name, for good."""
        reply = self._read(session, lambda run: run.save_snapshot(name, timeout_seconds=10.0))
        return SavedState(reply.command_seq, reply.sim_time_ns, reply.state_hash)

    # --- how a call is made ---

    def _execute(self, session: SimulatorSession, request_id: str, command: Any) -> GatewayReply:
        _require_no_transaction()
        lease = _serving_lease(session)
        run = clients.client_for(session_id=session.id, epoch=lease.epoch, endpoint=lease.endpoint)
        try:
            reply = run.execute(command, timeout_seconds=EXECUTE_SECONDS)
        except CallFailed as failed:
            if not failed.sent:
                return _refused_unsent(failed)
            request_reconcile(session.id)
            raise _resolve(session, request_id, lease.epoch) from failed
        return GatewayReply(
            outcome=engine.outcome_name(reply),
            code=reply.code,
            text=reply.text,
            command_seq=reply.command_seq,
            first_event_seq=reply.first_event_seq,
            last_event_seq=reply.last_event_seq,
            orders=tuple(
                TouchedOrder(item.client_order_id, item.symbol, item.accepted, item.code, item.text)
                for item in reply.orders
            ),
        )

    def _read(self, session: SimulatorSession, call: Callable[[SimulatorClient], Any]) -> Any:
        """A read changes nothing, so a failure is always outcome none."""
        _require_no_transaction()
        lease = _serving_lease(session)
        run = clients.client_for(session_id=session.id, epoch=lease.epoch, endpoint=lease.endpoint)
        try:
            return call(run)
        except CallFailed as failed:
            if failed.code.name == "INVALID_ARGUMENT":
                raise Problem(failed.detail, code="MALFORMED") from failed
            if failed.code.name == "DEADLINE_EXCEEDED":
                request_reconcile(session.id)
            raise recovering() from failed


def recovering(detail: str = "") -> Problem:
    return Problem(detail, code="SESSION_RECOVERING", headers={"Retry-After": "1"})


@lru_cache(maxsize=1)
def get_gateway() -> Gateway:
    return Gateway()


def _submit_command(order: OrderTerms, body_hash: bytes) -> Any:
    return engine.submit_command(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=_text(order.side) or "",
        order_type=_text(order.type) or "",
        time_in_force=_text(order.time_in_force) or "",
        quantity=order.quantity,
        price=order.price,
        stop_price=order.stop_price,
        display_quantity=order.display_quantity,
        min_quantity=order.min_quantity,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        sent_at_ms=order.sent_at_ms,
        good_for_ms=order.good_for_ms,
        body_hash=body_hash,
    )


def _text(word: Any) -> str | None:
    return None if word is None else str(getattr(word, "value", word))


def _serving_lease(session: SimulatorSession) -> SessionLease:
    """The lease of the run that serves now. Raises a Problem with outcome none when there is none."""
    lease = SessionLease.objects.filter(session_id=session.id).first()
    if lease is not None and lease.state == "READY" and lease.endpoint:
        return lease
    row = SimulatorSession.objects.filter(id=session.id).only("status", "target", "cause").first()
    if row is None:
        raise Problem(code="NOT_FOUND")
    halted = lease is not None and lease.state == "HALTED"
    if halted or row.cause.startswith("halted"):
        raise Problem(code="SESSION_HALTED")
    if row.cause.startswith("capacity"):
        raise Problem(code="CAPACITY", headers={"Retry-After": "5"})
    resting = row.status in (Status.STOPPED.value, Status.FAILED.value, Status.HIBERNATED.value)
    if row.target != Target.READY.value or (resting and row.status != Status.HIBERNATED.value):
        raise Problem(f"This exchange is {row.status.lower()}; wake it first.", code="SESSION_STOPPED")
    raise recovering()


def _refused_unsent(failed: CallFailed) -> GatewayReply:
    """The handler's own refusal, before it stamped anything."""
    name = failed.code.name
    if name == "INVALID_ARGUMENT":
        raise Problem(failed.detail, code="MALFORMED")
    if name == "FAILED_PRECONDITION" and "epoch" not in failed.detail:
        return GatewayReply("NOT_APPLIED", "STALE_ORDER", failed.detail)
    if name == "UNAVAILABLE" and "journal" in failed.detail:
        raise Problem(code="JOURNAL_UNAVAILABLE", headers={"Retry-After": "1"})
    raise Problem(code=_REFUSED_UNSENT.get(name, "SESSION_RECOVERING"), headers={"Retry-After": "1"})


def _resolve(session: SimulatorSession, request_id: str, epoch: int) -> Problem:
    """What became of a command whose call broke: in the journal → applied; absent after its epoch ended → none.

    The epoch is read before the journal: once it has moved, nothing of the old one can still be written.
    """
    deadline = time.monotonic() + RESOLVE_SECONDS
    while True:
        now_epoch = SessionLease.objects.filter(session_id=session.id).values_list("epoch", flat=True).first()
        if journal_reads.holds_request(session_id=session.id, request_id=request_id):
            return Problem(code="OUTCOME_UNKNOWN", outcome="applied")
        if now_epoch is not None and now_epoch > epoch:
            return recovering("The exchange restarted before it took the request; nothing was done. Send it again.")
        if time.monotonic() >= deadline:
            return Problem(code="OUTCOME_UNKNOWN", outcome="unknown")
        time.sleep(RESOLVE_POLL_SECONDS)


def _require_no_transaction() -> None:
    blocks = connection.atomic_blocks
    assert not blocks or all(getattr(block, "_from_testcase", False) for block in blocks), (
        "no transaction may be open across a call that leaves the process"
    )


def close_channels() -> None:
    """Close this process's channels: it is ending."""
    clients.close_all()


__all__ = ["Gateway", "GatewayReply", "SavedState", "TouchedOrder", "close_channels", "get_gateway", "recovering"]
