"""Sessions and journaled facts in one line each, in the shapes that the simulator sends."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import orjson
from django.utils import timezone

from apps.journal.receivers import CommittedReport, JournaledCommand, Leg
from apps.simulator_sessions.models import SessionLease, SimulatorSession

START_NS = 1_223_645_400_000_000_000  # 2008-10-10T13:30:00Z


def make_session(
    user: Any, *, status: str = "READY", lease_state: str = "READY", epoch: int = 1, account: Any = None
) -> SimulatorSession:
    """A session of this user with a lease at `epoch` whose run answers at no real address."""
    now = timezone.now()
    session = SimulatorSession.objects.create(
        user=user,
        name="test",
        scenario="open-market",
        seed=1,
        account=account or {},
        requested_at=now,
        status_at=now,
        status=status,
    )
    endpoint = "unix:/nowhere/simulator.sock" if lease_state == "READY" else ""
    SessionLease.objects.create(session=session, epoch=epoch, state=lease_state, endpoint=endpoint)
    return session


def command(seq: int, request_id: str, *, kind: str = "submit", body_hash: bytes = b"h" * 32) -> JournaledCommand:
    return JournaledCommand(seq, 1, START_NS, seq, kind, request_id, body_hash, b"")


def order_number(session_id: uuid.UUID, number: int) -> str:
    return str(uuid.uuid5(session_id, f"order:{number}"))


def execution(
    session_id: uuid.UUID,
    event_seq: int,
    client_order_id: str,
    *,
    number: int = 1,
    seq: int | None = None,
    event: str = "order.accepted",
    execution_type: str = "NEW",
    status: str = "NEW",
    quantity: str = "10",
    cum: str = "0",
    caused_by: int = 0,
    caused_by_request: str | None = None,
    legs: tuple[Leg, ...] = (),
    **more: Any,
) -> CommittedReport:
    """An execution report as the wire makes it; `seq` is its number on the orders stream (default: event_seq)."""
    done = status in ("FILLED", "CANCELED", "REJECTED", "EXPIRED")
    data: dict[str, Any] = {
        "order_id": order_number(session_id, number),
        "client_order_id": client_order_id,
        "original_client_order_id": None,
        "symbol": "ACME",
        "side": "BUY",
        "type": "LIMIT",
        "time_in_force": "DAY",
        "quantity": quantity,
        "price": "10.00",
        "stop_price": None,
        "display_quantity": None,
        "post_only": False,
        "reduce_only": False,
        "status": status,
        "working": True,
        "cum_quantity": cum,
        "leaves_quantity": "0" if done else str(Decimal(quantity) - Decimal(cum)),
        "average_price": None if cum == "0" else "10.00",
        "reject_code": None,
        "text": "",
        "sim_time": "2008-10-10T13:30:00.000000Z",
        "seq": seq or event_seq,
        "execution_id": str(uuid.uuid5(session_id, f"execution:{event_seq}")),
        "execution_type": execution_type,
        "last_quantity": None,
        "last_price": None,
        "last_liquidity": None,
        "fee": None,
        "quantity_ahead": None,
        "caused_by_request": caused_by_request,
        **more,
    }
    return report(event_seq, "orders", seq or event_seq, event, data, caused_by=caused_by, legs=legs)


def cancel_rejected(
    event_seq: int,
    client_order_id: str,
    original: str,
    *,
    code: str = "TOO_LATE_TO_CANCEL",
    for_replace: bool = True,
    caused_by: int = 1,
) -> CommittedReport:
    data = {
        "order_id": None,
        "client_order_id": client_order_id,
        "original_client_order_id": original,
        "symbol": "ACME",
        "status": "FILLED",
        "for_replace": for_replace,
        "reject_code": code,
        "text": "the order is filled already",
        "sim_time": "2008-10-10T13:30:00.000000Z",
        "seq": event_seq,
        "execution_id": f"x-{event_seq}",
        "caused_by_request": client_order_id,
    }
    return report(event_seq, "orders", event_seq, "cancel.rejected", data, caused_by=caused_by)


def account_updated(event_seq: int, *, cash: str = "1000.00", legs: tuple[Leg, ...] = ()) -> CommittedReport:
    data = {
        "currency": "USD",
        "cash": cash,
        "reserved": "0.00",
        "buying_power": cash,
        "realized_pnl": "0.00",
        "fees": "0.00",
        "state": "ACTIVE",
        "sim_time": "2008-10-10T13:30:00.000000Z",
        "seq": event_seq,
    }
    return report(event_seq, "account", event_seq, "account.updated", data, legs=legs)


def position_updated(event_seq: int, *, quantity: str, cost: str, symbol: str = "ACME") -> CommittedReport:
    data = {
        "symbol": symbol,
        "quantity": quantity,
        "average_price": None if quantity == "0" else format(Decimal(cost) / Decimal(quantity), "f"),
        "cost": cost,
        "realized_pnl": "0.00",
        "fees": "0.00",
        "sim_time": "2008-10-10T13:30:00.000000Z",
        "seq": event_seq,
    }
    return report(event_seq, "account", event_seq, "position.updated", data)


def report(
    event_seq: int,
    stream: str,
    stream_seq: int,
    type: str,
    data: dict[str, Any],
    *,
    caused_by: int = 0,
    legs: tuple[Leg, ...] = (),
) -> CommittedReport:
    body = orjson.dumps(data)
    return CommittedReport(
        event_seq=event_seq,
        stream=stream,
        stream_seq=stream_seq,
        type=type,
        caused_by=caused_by,
        sim_time_ns=START_NS + event_seq * 1_000_000,
        wall_time_ms=1_700_000_000_000 + event_seq,
        epoch=1,
        body=body,
        data=data,
        legs=legs,
    )


def fill_legs(cash: str, shares: str, symbol: str = "ACME") -> tuple[Leg, ...]:
    """A buy of `shares` for `cash`, between the user and the venue's participants."""
    return (
        Leg("USER", "USD", -Decimal(cash), True),
        Leg("VENUE", "USD", Decimal(cash), True),
        Leg("USER", symbol, Decimal(shares), False),
        Leg("VENUE", symbol, -Decimal(shares), False),
    )
