"""Small venues for the tests of the core: one line makes a book that a trader can read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from simulator_engine.core.accounts import AccountTerms
from simulator_engine.core.commands import SubmitOrder
from simulator_engine.core.events import CancelRejected, Event, ExecutionReport
from simulator_engine.core.fees import FeeSchedule
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.quantities import MINOR_PER_UNIT
from simulator_engine.core.reasons import OrderType, Side
from simulator_engine.core.venue import Venue

BUY, SELL = Side.BUY, Side.SELL
MAKER = 5
NOW = 1_000_000_000

T = TypeVar("T")


def units(amount: float | str) -> int:
    """Minor units of an amount of money."""
    return int(Decimal(str(amount)) * MINOR_PER_UNIT)


def instrument(symbol: str = "ACME", **changes: Any) -> Instrument:
    """A share with a tick of 0.01, closed at 50.00."""
    terms: dict[str, Any] = {
        "symbol": symbol,
        "name": symbol,
        "currency": "USD",
        "tick_size": Decimal("0.01"),
        "lot_size": Decimal(1),
        "previous_close_ticks": 5000,
    }
    return Instrument(**{**terms, **changes})


def venue(
    *,
    cash: float | str = 1_000_000,
    fees: FeeSchedule | None = None,
    instruments: tuple[Instrument, ...] | None = None,
    open_market: bool = True,
    record_public: bool = False,
    rules: Any = None,
    **terms: Any,
) -> Venue:
    """A venue in continuous trading, its opening events taken away."""
    made = Venue(
        instruments=instruments or (instrument(),),
        terms=AccountTerms(currency="USD", starting_cash_minor=units(cash), fees=fees or FeeSchedule(), **terms),
        rules=rules,
        record_public=record_public,
    )
    if open_market:
        made.open_day("2026-01-05", NOW)
        made.drain()
    return made


def quote(
    made: Venue,
    *,
    bids: tuple[tuple[int, int], ...] = (),
    asks: tuple[tuple[int, int], ...] = (),
    symbol: str = "ACME",
    owner: int = MAKER,
) -> list[int]:
    """Rest participants' orders of (price in ticks, lots); their ids, bids first."""
    return [
        made.participant_limit(symbol, side, price, lots, owner, NOW)
        for side, rows in ((BUY, bids), (SELL, asks))
        for price, lots in rows
    ]


def order(name: str, side: Side, quantity: int | str, price: str | None = None, **changes: Any) -> SubmitOrder:
    """A limit order, or a market order when there is no price."""
    terms: dict[str, Any] = {
        "request_id": name,
        "symbol": "ACME",
        "side": side,
        "order_type": OrderType.MARKET if price is None else OrderType.LIMIT,
        "quantity": str(quantity),
        "price": price,
    }
    return SubmitOrder(**{**terms, **changes})


def of(kind: type[T], events: list[Event]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def reports(events: list[Event]) -> list[ExecutionReport]:
    return of(ExecutionReport, events)


def steps(events: list[Event]) -> list[tuple[str, str]]:
    """(why, status after it) of each report."""
    return [(report.exec_type.value, report.status.value) for report in reports(events)]


def refusal(events: list[Event]) -> CancelRejected:
    """The one event, which must be a refused cancel or replace."""
    assert len(events) == 1
    assert isinstance(events[0], CancelRejected)
    return events[0]
