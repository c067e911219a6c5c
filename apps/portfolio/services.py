"""The portfolio as a trader asks for it: stored facts, valued at the middle of the market."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from apps.common.problems import Problem
from apps.portfolio import marks, selectors
from apps.simulator_sessions import gateway as gateways
from apps.simulator_sessions.selectors import get_session


def positions(*, user: Any, session_id: UUID) -> list[dict[str, Any]]:
    """Every position that the session has had, flat ones included. Raises a 404 Problem for another's session."""
    session = get_session(user=user, session_id=session_id)
    rows = selectors.list_positions(session_id=session.id)
    known = marks.marks_of(session=session, symbols=[row.symbol for row in rows if row.quantity])
    return [selectors.position_dict(row, known.get(row.symbol)) for row in rows]


def account(*, user: Any, session_id: UUID) -> dict[str, Any]:
    """The account with equity and unrealized P&L.

    Before the first event it is asked of the simulator. Raises 404, or 503 when neither can say.
    """
    session = get_session(user=user, session_id=session_id)
    state = selectors.account_state(session_id=session.id)
    if state is None:
        answer = gateways.get_gateway().get_state(session=session, kind="account")
        return orjson.loads(answer) if isinstance(answer, bytes | bytearray | memoryview) else dict(answer)
    rows = [row for row in selectors.list_positions(session_id=session.id) if row.quantity]
    known = marks.marks_of(session=session, symbols=[row.symbol for row in rows])
    return selectors.account_dict(state, rows, known)


class LedgerDisagrees(Exception):
    """The ledger's sums and the venue's balances differ: a fault, never to be smoothed over."""


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
    for position in selectors.list_positions(session_id=session_id):
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
