"""Reads of orders and executions, in the public API's shapes. Numbers come from the venue's own JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import QuerySet

from apps.orders.models import Execution, Order, OrderAlias
from simulator_engine.core.reasons import OrdStatus

ORDER_FIELDS: Final = (
    "order_id",
    "client_order_id",
    "original_client_order_id",
    "symbol",
    "side",
    "type",
    "time_in_force",
    "quantity",
    "price",
    "stop_price",
    "display_quantity",
    "post_only",
    "reduce_only",
    "status",
    "working",
    "cum_quantity",
    "leaves_quantity",
    "average_price",
    "quantity_ahead",
    "reject_code",
    "text",
    "sim_time",
    "seq",
)

OPEN_STATUSES: Final = tuple(status.value for status in OrdStatus if not status.terminal)


def wall_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def order_dict(order: Order) -> dict[str, Any]:
    """An order in the public shape."""
    report = orjson.loads(order.report)
    shown = {name: report.get(name) for name in ORDER_FIELDS}
    shown["created_at"] = wall_text(order.created_at)
    shown["updated_at"] = wall_text(order.updated_at)
    return shown


def execution_dict(execution: Execution) -> dict[str, Any]:
    """An execution in the public shape: the journaled body, its event's type and when it was made durable."""
    report: dict[str, Any] = orjson.loads(execution.report)
    report["event_type"] = execution.event_type
    report["at"] = wall_text(execution.at)
    return report


def find_alias(*, session_id: UUID, client_order_id: str) -> OrderAlias | None:
    return OrderAlias.objects.filter(session_id=session_id, client_order_id=client_order_id).first()


def find_order(*, session_id: UUID, client_order_id: str) -> Order | None:
    """The order that bears or has borne this id; None when there is none (yet)."""
    alias = OrderAlias.objects.filter(session_id=session_id, client_order_id=client_order_id).values("order_id")
    return Order.objects.filter(session_id=session_id, order_id__in=alias).order_by().first()


def list_orders(*, session_id: UUID, statuses: tuple[str, ...] = (), symbol: str | None = None) -> QuerySet[Order]:
    """A session's orders, newest first."""
    rows = Order.objects.filter(session_id=session_id)
    if statuses:
        rows = rows.filter(status__in=statuses)
    if symbol:
        rows = rows.filter(symbol=symbol)
    return rows.order_by("-first_event_seq")


def executions_after(*, session_id: UUID, after_seq: int, limit: int) -> list[Execution]:
    """Executions with seq above `after_seq`, oldest first: for a client that follows along."""
    return list(Execution.objects.filter(session_id=session_id, seq__gt=after_seq).order_by("seq")[:limit])


def list_executions(*, session_id: UUID) -> QuerySet[Execution]:
    """A session's executions, newest first."""
    return Execution.objects.filter(session_id=session_id).order_by("-seq")


def orders_by_alias(*, session_id: UUID, client_order_ids: list[str]) -> dict[str, Order]:
    """The orders that bear or have borne these ids, by id."""
    aliases = dict(
        OrderAlias.objects.filter(session_id=session_id, client_order_id__in=client_order_ids).values_list(
            "client_order_id", "order_id"
        )
    )
    orders = Order.objects.filter(session_id=session_id).in_bulk([value for value in aliases.values() if value])
    return {alias: orders[order_id] for alias, order_id in aliases.items() if order_id in orders}
