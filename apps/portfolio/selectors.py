"""Reads of what a trader owns, in the public API's shapes. Stored facts are the venue's own JSON; marks are a view."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import QuerySet, Sum

from apps.portfolio.models import POSITION_SCALE, AccountState, LedgerEntry, Position
from simulator_engine.core.quantities import MONEY_SCALE, format_money

_MINOR: Final = Decimal(1).scaleb(-MONEY_SCALE)


def money_text(amount: Decimal) -> str:
    """Money as on every wire: at least two decimals, rounded half to even at the fourth."""
    minor = amount.quantize(_MINOR, rounding=ROUND_HALF_EVEN).scaleb(MONEY_SCALE)
    return format_money(int(minor))


def _wall_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def list_positions(*, session_id: UUID) -> list[Position]:
    return list(Position.objects.filter(session_id=session_id).order_by("symbol"))


def account_state(*, session_id: UUID) -> AccountState | None:
    return AccountState.objects.filter(session_id=session_id).first()


def ledger(*, session_id: UUID, asset: str | None = None, account: str | None = None) -> QuerySet[LedgerEntry]:
    """A session's ledger entries, newest first."""
    rows = LedgerEntry.objects.filter(session_id=session_id)
    if asset:
        rows = rows.filter(asset=asset)
    if account:
        rows = rows.filter(account=account)
    return rows.order_by("-event_seq", "-leg")


def position_dict(position: Position, mark: Decimal | None) -> dict[str, Any]:
    """A position with its unrealized P&L at `mark`; None where there is no mark."""
    shown: dict[str, Any] = orjson.loads(position.report)
    value = None if mark is None else mark * position.quantity - position.cost
    shown["mark_price"] = None if mark is None else format(mark, "f")
    shown["unrealized_pnl"] = money_text(value) if value is not None else ("0.00" if position.quantity == 0 else None)
    shown["updated_at"] = _wall_text(position.updated_at)
    return shown


def account_dict(account: AccountState, positions: list[Position], marks: Mapping[str, Decimal]) -> dict[str, Any]:
    """The account with equity and unrealized P&L. A position without a mark is valued at its cost."""
    shown: dict[str, Any] = orjson.loads(account.report)
    worth = unrealized = Decimal(0)
    for position in positions:
        mark = marks.get(position.symbol)
        value = position.cost if mark is None else mark * position.quantity
        worth += value
        unrealized += value - position.cost
    shown["equity"] = money_text(account.cash + worth)
    shown["unrealized_pnl"] = money_text(unrealized)
    shown["updated_at"] = _wall_text(account.updated_at)
    return shown


def ledger_dict(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "event_seq": entry.event_seq,
        "leg": entry.leg,
        "account": entry.account,
        "asset": entry.asset,
        "is_cash": entry.is_cash,
        "amount": money_text(entry.amount) if entry.is_cash else format(entry.amount.normalize(), "f"),
        "event_type": entry.event_type,
        "client_order_id": entry.client_order_id or None,
        "execution_id": entry.execution_id or None,
        "sim_time": entry.sim_time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def stored_portfolio(*, session_id: UUID) -> dict[str, Any]:
    """Account and positions as last journaled, without marks: where the account stream stands."""
    account = account_state(session_id=session_id)
    return {
        "account": None if account is None else orjson.loads(account.report),
        "positions": [orjson.loads(position.report) for position in list_positions(session_id=session_id)],
    }


def ledger_sums(*, session_id: UUID) -> dict[tuple[str, str, bool], Decimal]:
    """The ledger's balance of each (account, asset, is_cash), exact."""
    rows = (
        LedgerEntry.objects.filter(session_id=session_id)
        .order_by()
        .values("account", "asset", "is_cash")
        .annotate(total=Sum("amount_scaled"))
    )
    return {
        (row["account"], row["asset"], row["is_cash"]): Decimal(row["total"]).scaleb(
            -(MONEY_SCALE if row["is_cash"] else POSITION_SCALE)
        )
        for row in rows
    }
