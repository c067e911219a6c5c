"""The ledger, positions and accounts in the admin: to be looked at, never edited."""

from __future__ import annotations

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.portfolio.models import AccountState, LedgerEntry, Position


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ["event_seq", "leg", "session_id", "account", "asset", "amount", "client_order_id", "at"]
    list_filter = ["account", "is_cash"]
    search_fields = ["=session__id", "=client_order_id", "=execution_id", "asset"]


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "symbol", "quantity", "cost", "realized_pnl", "fees", "updated_at"]
    search_fields = ["=session__id", "symbol"]


@admin.register(AccountState)
class AccountStateAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "currency", "cash", "reserved", "buying_power", "realized_pnl", "state", "updated_at"]
    list_filter = ["state"]
    search_fields = ["=session__id"]
