"""What an account begins with, from the session's own terms: the ledger's first entries and the state before any event.

It knows what was agreed when the session was made; what happened since is the journal's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from apps.simulator_sessions.models import SimulatorSession
from simulator_engine.core.quantities import MINOR_PER_UNIT
from simulator_engine.market.scenarios import resolve
from simulator_engine.runtime.spec import account_terms

EVENT_SEQ = 0
"""The opening comes before every event."""

EVENT_TYPE = "account.opened"


@dataclass(frozen=True, slots=True)
class Holding:
    symbol: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Opening:
    """Cash and holdings at the start, in currency units and shares."""

    currency: str
    cash: Decimal
    holdings: tuple[Holding, ...]


def opening_of(*, session_id: UUID) -> Opening:
    """The opening of a session. Raises SimulatorSession.DoesNotExist."""
    scenario, date, account = SimulatorSession.objects.values_list("scenario", "scenario_date", "account").get(
        pk=session_id
    )
    return _opening(scenario, date.isoformat() if date else None, json.dumps(account, sort_keys=True))


@lru_cache(maxsize=256)
def _opening(slug: str, date: str | None, account: str) -> Opening:
    scenario = resolve(slug, date=date)
    terms = account_terms(scenario, json.loads(account))
    instruments = {instrument.symbol: instrument for instrument in scenario.instruments}
    holdings = []
    for symbol, lots, price_ticks in terms.holdings:
        instrument = instruments[symbol]
        cost = Decimal(instrument.notional_minor(price_ticks, lots)) / MINOR_PER_UNIT
        holdings.append(Holding(symbol, lots * instrument.lot_size, cost))
    return Opening(terms.currency, Decimal(terms.starting_cash_minor) / MINOR_PER_UNIT, tuple(holdings))
