"""Advances orders, their ids and their executions inside the journal's own transaction.

Keyed by event_seq: a repeated batch changes nothing, an older report never overwrites a newer one. One statement
a table. It never leaves the process and never decides anything: the venue did.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.common.upsert import upsert_newer
from apps.orders.models import Execution, Order, OrderAlias
from simulator_engine.core.reasons import ExecType

if TYPE_CHECKING:
    from apps.journal.receivers import CommittedReport, JournaledCommand

STREAM = "orders"
CANCEL_REJECTED = "cancel.rejected"
ID_BEARING_COMMANDS = frozenset({"submit", "replace", "flatten"})
"""The commands whose request_id becomes an order's client_order_id."""

_GIVES_AN_ID = frozenset({ExecType.NEW, ExecType.PENDING_NEW, ExecType.REJECTED, ExecType.REPLACED})


def project(
    *,
    session_id: UUID,
    records: Sequence[JournaledCommand],
    reports: Sequence[CommittedReport],
    committed_at: datetime,
) -> None:
    """Apply one committed batch. Must run inside the transaction that stores it."""
    mine = [report for report in reports if report.stream == STREAM]
    aliases = _aliases(session_id, records, mine, committed_at)
    if aliases:
        upsert_newer(
            OrderAlias,
            aliases,
            key=("session", "client_order_id"),
            newer="event_seq",
            keep=("body_hash", "created_at", "claimed_epoch"),
        )
    if not mine:
        return
    Execution.objects.bulk_create(
        [_execution(session_id, report, committed_at) for report in mine], ignore_conflicts=True
    )
    orders: dict[UUID, Order] = {}
    for report in sorted(mine, key=lambda report: report.event_seq):
        if report.type != CANCEL_REJECTED:
            row = _order(session_id, report, committed_at)
            earlier = orders.get(row.order_id)
            if earlier is not None:
                row.first_event_seq = earlier.first_event_seq
            orders[row.order_id] = row
    upsert_newer(
        Order, list(orders.values()), key=("order_id",), newer="event_seq", keep=("created_at", "first_event_seq")
    )


def _aliases(
    session_id: UUID, records: Sequence[JournaledCommand], reports: Sequence[CommittedReport], at: datetime
) -> list[OrderAlias]:
    """The ids that this batch gave to orders, refused, or at least made durable."""
    hashes = {record.request_id: bytes(record.body_hash) for record in records if record.kind in ID_BEARING_COMMANDS}
    found: dict[str, OrderAlias] = {}

    def note(client_order_id: str, state: str, order_id: UUID | None, event_seq: int) -> None:
        found[client_order_id] = OrderAlias(
            session_id=session_id,
            client_order_id=client_order_id,
            order_id=order_id,
            state=state,
            body_hash=hashes.get(client_order_id, b""),
            event_seq=event_seq,
            created_at=at,
        )

    for request_id in hashes:
        if request_id:
            note(request_id, OrderAlias.State.CLAIMED, None, 0)
    for report in sorted(reports, key=lambda report: report.event_seq):
        data = report.data
        client_order_id = data["client_order_id"]
        if report.type == CANCEL_REJECTED:
            if data.get("for_replace"):
                note(client_order_id, OrderAlias.State.REFUSED, None, report.event_seq)
        elif data["execution_type"] in _GIVES_AN_ID or data.get("caused_by_request") == client_order_id:
            note(client_order_id, OrderAlias.State.BORNE, UUID(data["order_id"]), report.event_seq)
    return list(found.values())


def _order(session_id: UUID, report: CommittedReport, at: datetime) -> Order:
    data = report.data
    return Order(
        order_id=UUID(data["order_id"]),
        session_id=session_id,
        client_order_id=data["client_order_id"],
        symbol=data["symbol"],
        side=data["side"],
        type=data["type"],
        time_in_force=data["time_in_force"],
        quantity=_decimal(data["quantity"]),
        price=_decimal(data["price"]),
        stop_price=_decimal(data["stop_price"]),
        status=data["status"],
        cum_quantity=_decimal(data["cum_quantity"]),
        leaves_quantity=_decimal(data["leaves_quantity"]),
        average_price=_decimal(data["average_price"]),
        quantity_ahead=_decimal(data.get("quantity_ahead")),
        reject_code=data["reject_code"] or "",
        text=data["text"] or "",
        report=bytes(report.body).decode(),
        seq=report.stream_seq,
        event_seq=report.event_seq,
        first_event_seq=report.event_seq,
        sim_time=_sim_time(report),
        created_at=at,
        updated_at=at,
    )


def _execution(session_id: UUID, report: CommittedReport, at: datetime) -> Execution:
    data = report.data
    return Execution(
        session_id=session_id,
        event_seq=report.event_seq,
        seq=report.stream_seq,
        event_type=report.type,
        execution_id=data["execution_id"],
        execution_type=data.get("execution_type") or "",
        order_id=UUID(data["order_id"]) if data.get("order_id") else None,
        client_order_id=data["client_order_id"] or "",
        symbol=data.get("symbol") or "",
        side=data.get("side") or "",
        last_quantity=_decimal(data.get("last_quantity")),
        last_price=_decimal(data.get("last_price")),
        fee=_decimal(data.get("fee")),
        report=bytes(report.body).decode(),
        sim_time=_sim_time(report),
        at=at,
    )


def _decimal(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)


def _sim_time(report: CommittedReport) -> datetime:
    return datetime.fromtimestamp(report.sim_time_ns // 1_000_000_000, UTC).replace(
        microsecond=report.sim_time_ns // 1000 % 1_000_000
    )
