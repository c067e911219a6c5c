"""Orders and executions in the admin: to be looked at, never edited."""

from __future__ import annotations

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.orders.models import Execution, Order, OrderAlias


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = [
        "client_order_id",
        "session_id",
        "side",
        "symbol",
        "type",
        "quantity",
        "price",
        "status",
        "updated_at",
    ]
    list_filter = ["status", "side", "type"]
    search_fields = ["=client_order_id", "=order_id", "=session__id", "symbol"]


@admin.register(OrderAlias)
class OrderAliasAdmin(ReadOnlyAdmin):
    list_display = ["client_order_id", "session_id", "order_id", "state", "created_at"]
    list_filter = ["state"]
    search_fields = ["=client_order_id", "=order_id", "=session__id"]


@admin.register(Execution)
class ExecutionAdmin(ReadOnlyAdmin):
    list_display = ["seq", "session_id", "event_type", "client_order_id", "symbol", "last_quantity", "last_price", "at"]
    list_filter = ["event_type"]
    search_fields = ["=client_order_id", "=execution_id", "=order_id", "=session__id"]
