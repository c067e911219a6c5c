"""The portfolio as a trader asks for it: stored facts, valued at the middle of the market."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from apps.common.problems import Problem
from apps.portfolio import marks, opening, selectors
from apps.portfolio.models import AccountState, Position
from apps.simulator_sessions import gateway as gateways
from apps.simulator_sessions.selectors import get_session


def positions(*, user: Any, session_id: UUID) -> list[dict[str, Any]]:
    """Every position that the session has had, flat ones included. Raises a 404 Problem for another's session."""
    session = get_session(user=user, session_id=session_id)
    rows = _positions(session.id)
    known = marks.marks_of(session=session, symbols=[row.symbol for row in rows if row.quantity])
    return [selectors.position_dict(row, known.get(row.symbol)) for row in rows]


def account(*, user: Any, session_id: UUID) -> dict[str, Any]:
    """The account with equity and unrealized P&L; before the first event, as it was opened. Raises a 404 Problem."""
    session = get_session(user=user, session_id=session_id)
    state = selectors.account_state(session_id=session.id) or _opened_account(session.id)
    rows = [row for row in _positions(session.id) if row.quantity]
    known = marks.marks_of(session=session, symbols=[row.symbol for row in rows])
    return selectors.account_dict(state, rows, known)


def _positions(session_id: UUID) -> list[Position]:
    """The stored positions, and of the opening holdings those that no event has touched yet."""
    rows = selectors.list_positions(session_id=session_id)
    touched = {row.symbol for row in rows}
    for holding in opening.opening_of(session_id=session_id).holdings:
        if holding.symbol not in touched:
            rows.append(_opened_position(session_id, holding))
    return sorted(rows, key=lambda row: row.symbol)


def _opened_position(session_id: UUID, holding: opening.Holding) -> Position:
    fields: dict[str, Any] = {
        "symbol": holding.symbol,
        "quantity": format(holding.quantity, "f"),
        "average_price": format((holding.cost / holding.quantity).normalize(), "f"),
        "cost": selectors.money_text(holding.cost),
        "realized_pnl": "0.00",
        "fees": "0.00",
        "sim_time": None,
        "seq": 0,
    }
    return Position(
        session_id=session_id,
        symbol=holding.symbol,
        quantity=holding.quantity,
        cost=holding.cost,
        realized_pnl=Decimal(0),
        fees=Decimal(0),
        report=orjson.dumps(fields).decode(),
        event_seq=opening.EVENT_SEQ,
    )


def _opened_account(session_id: UUID) -> AccountState:
    begun = opening.opening_of(session_id=session_id)
    cash = selectors.money_text(begun.cash)
    fields = {
        "currency": begun.currency,
        "cash": cash,
        "reserved": "0.00",
        "buying_power": cash,
        "realized_pnl": "0.00",
        "fees": "0.00",
        "state": "ACTIVE",
        "sim_time": None,
        "seq": 0,
    }
    return AccountState(
        session_id=session_id,
        currency=begun.currency,
        cash=begun.cash,
        state="ACTIVE",
        report=orjson.dumps(fields).decode(),
        event_seq=opening.EVENT_SEQ,
    )


def verify_ledger(*, session_id: UUID, ask_engine: bool = False, session: Any = None) -> list[str]:
    """Every disagreement between the ledger, its own balance, and the positions and account; empty when all is well.

    `ask_engine` compares the running simulator's balances too (pass the session).
    """
    sums = selectors.ledger_sums(session_id=session_id)
    faults = []
    assets = {(asset, cash) for _, asset, cash in sums}
    for asset, cash in sorted(assets):
        total = sum(value for (_, name, is_cash), value in sums.items() if (name, is_cash) == (asset, cash))
        if total != 0:
            faults.append(f"{asset}: the ledger's legs sum to {total}, not to zero")
    state = selectors.account_state(session_id=session_id)
    if state is not None:
        booked = sums.get(("USER", state.currency, True))
        if booked is not None and booked != state.cash:
            faults.append(
                f"cash: the ledger says {selectors.money_text(booked)}, the account {selectors.money_text(state.cash)}"
            )
    for position in _positions(session_id) if sums else []:
        held = sums.get(("USER", position.symbol, False), Decimal(0))
        if held != position.quantity:
            faults.append(f"{position.symbol}: the ledger says {held:f}, the position {position.quantity:f}")
    if ask_engine and session is not None and state is not None:
        faults.extend(_compare_engine(session, state))
    return faults


def _compare_engine(session: Any, state: Any) -> list[str]:
    try:
        answer = gateways.get_gateway().get_state(session=session, kind="account")
    except Problem as problem:
        return [f"the simulator could not be asked: {problem.detail}"]
    engine = orjson.loads(answer) if isinstance(answer, bytes | bytearray | memoryview) else dict(answer)
    stored = orjson.loads(state.report)
    return [
        f"{name}: the simulator says {engine[name]}, the account {stored[name]}"
        for name in ("cash", "reserved", "buying_power", "realized_pnl", "fees")
        if engine.get(name) is not None and engine[name] != stored[name]
    ]
