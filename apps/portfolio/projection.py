"""Advances the ledger, positions and account inside the journal's own transaction.

Keyed by event_seq: a repeated batch changes nothing. It books the legs that the venue made and computes nothing.
Raises UnbalancedLegs, which undoes the whole append, rather than store legs that do not sum to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from apps.common.upsert import upsert_newer
from apps.portfolio import opening
from apps.portfolio.models import POSITION_SCALE, AccountState, LedgerEntry, Position
from simulator_engine.core.quantities import MONEY_SCALE

if TYPE_CHECKING:
    from apps.journal.receivers import CommittedReport, JournaledCommand


class UnbalancedLegs(Exception):
    """An event's legs do not sum to zero for an asset, or are finer than the ledger's unit: a fault of the engine."""


def project(
    *,
    session_id: UUID,
    records: Sequence[JournaledCommand],
    reports: Sequence[CommittedReport],
    committed_at: datetime,
) -> None:
    """Apply one committed batch. Must run inside the transaction that stores it."""
    entries: list[LedgerEntry] = []
    positions: dict[str, Position] = {}
    account: AccountState | None = None
    if any(report.event_seq == 1 for report in reports):
        entries.extend(_opening_entries(session_id, reports, committed_at))
    for report in sorted(reports, key=lambda report: report.event_seq):
        if report.legs:
            entries.extend(_entries(session_id, report, committed_at))
        if report.type == "position.updated":
            positions[report.data["symbol"]] = _position(session_id, report, committed_at)
        elif report.type == "account.updated":
            account = _account(session_id, report, committed_at)
    if entries:
        LedgerEntry.objects.bulk_create(entries, ignore_conflicts=True)
    upsert_newer(Position, list(positions.values()), key=("session", "symbol"), newer="event_seq")
    if account is not None:
        upsert_newer(AccountState, [account], key=("session",), newer="event_seq")


def _opening_entries(session_id: UUID, reports: Sequence[CommittedReport], at: datetime) -> list[LedgerEntry]:
    """The deposit of cash and holdings that the account begins with, booked with the session's first event."""
    begun = opening.opening_of(session_id=session_id)
    sim_time = _sim_time(min(reports, key=lambda report: report.event_seq))
    amounts = [(begun.currency, True, begun.cash)]
    amounts += [(holding.symbol, False, holding.quantity) for holding in begun.holdings]
    legs = [
        (account, asset, is_cash, sign * int(amount.scaleb(MONEY_SCALE if is_cash else POSITION_SCALE)))
        for asset, is_cash, amount in amounts
        for account, sign in (("USER", 1), ("VENUE", -1))
    ]
    return [
        LedgerEntry(
            session_id=session_id,
            event_seq=opening.EVENT_SEQ,
            leg=place,
            account=account,
            asset=asset,
            is_cash=is_cash,
            amount_scaled=scaled,
            event_type=opening.EVENT_TYPE,
            sim_time=sim_time,
            at=at,
        )
        for place, (account, asset, is_cash, scaled) in enumerate(legs)
    ]


def _entries(session_id: UUID, report: CommittedReport, at: datetime) -> list[LedgerEntry]:
    sums: dict[tuple[str, bool], int] = defaultdict(int)
    entries = []
    for place, leg in enumerate(report.legs):
        amount = Decimal(leg.amount)
        scaled = amount.scaleb(MONEY_SCALE if leg.is_cash else POSITION_SCALE)
        if scaled != int(scaled):
            raise UnbalancedLegs(f"event {report.event_seq}: {amount} {leg.asset} is finer than the ledger's unit")
        sums[leg.asset, leg.is_cash] += int(scaled)
        entries.append(
            LedgerEntry(
                session_id=session_id,
                event_seq=report.event_seq,
                leg=place,
                account=leg.account,
                asset=leg.asset,
                is_cash=leg.is_cash,
                amount_scaled=int(scaled),
                event_type=report.type,
                client_order_id=report.data.get("client_order_id") or "",
                execution_id=report.data.get("execution_id") or "",
                sim_time=_sim_time(report),
                at=at,
            )
        )
    wrong = {asset: total for (asset, _), total in sums.items() if total != 0}
    if wrong:
        raise UnbalancedLegs(f"event {report.event_seq}: legs do not sum to zero: {wrong}")
    return entries


def _position(session_id: UUID, report: CommittedReport, at: datetime) -> Position:
    data = report.data
    return Position(
        session_id=session_id,
        symbol=data["symbol"],
        quantity=Decimal(data["quantity"]),
        cost=Decimal(data["cost"]),
        realized_pnl=Decimal(data["realized_pnl"]),
        fees=Decimal(data["fees"]),
        report=bytes(report.body).decode(),
        event_seq=report.event_seq,
        sim_time=_sim_time(report),
        updated_at=at,
    )


def _account(session_id: UUID, report: CommittedReport, at: datetime) -> AccountState:
    data = report.data
    return AccountState(
        session_id=session_id,
        currency=data["currency"],
        cash=Decimal(data["cash"]),
        reserved=Decimal(data["reserved"]),
        buying_power=Decimal(data["buying_power"]),
        realized_pnl=Decimal(data["realized_pnl"]),
        fees=Decimal(data["fees"]),
        state=data["state"],
        report=bytes(report.body).decode(),
        event_seq=report.event_seq,
        sim_time=_sim_time(report),
        updated_at=at,
    )


def _sim_time(report: CommittedReport) -> datetime:
    return datetime.fromtimestamp(report.sim_time_ns // 1_000_000_000, UTC).replace(
        microsecond=report.sim_time_ns // 1000 % 1_000_000
    )
