"""What happened at the venue, in the order in which it happened. Past tense, immutable, integers only.

The user's own events (ExecutionReport, CancelRejected, AccountUpdated, PositionUpdated) carry everything
that the journal projects; public events (TradePrinted, LevelChanged) feed market data; PhaseChanged and
DayChanged both.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator_engine.core.reasons import (
    ExecType,
    LastLiquidity,
    MarketPhase,
    OrderType,
    OrdStatus,
    RejectCode,
    Side,
    TimeInForce,
    TradingState,
)


@dataclass(frozen=True, slots=True)
class LedgerLeg:
    """One side of a double entry. Cash legs: `asset` is the currency, `amount` minor units; positions:
    symbol, lots.

    The legs of one report sum to zero for each asset. `account` is USER, VENUE (the other participants) or
    FEES.
    """

    account: str
    asset: str
    amount: int
    is_cash: bool


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One step in an order's life: why (`exec_type`), the state after it, and for a trade the fill itself.

    `cum_notional_minor` is Σ price × quantity of the fills, so that the average price is exact.
    `quantity_ahead_lots` is what rests before the order at its price, −1 where it does not rest.
    """

    order_id: int
    client_order_id: str
    original_client_order_id: str | None
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity_lots: int
    price_ticks: int | None
    stop_price_ticks: int | None
    status: OrdStatus
    exec_type: ExecType
    cum_lots: int
    leaves_lots: int
    cum_notional_minor: int
    sim_time_ns: int
    execution_id: int
    working: bool = True
    last_lots: int = 0
    last_price_ticks: int | None = None
    last_liquidity: LastLiquidity | None = None
    fee_minor: int = 0
    reject_code: RejectCode | None = None
    text: str = ""
    quantity_ahead_lots: int = -1
    display_lots: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    raw_quantity: str | None = None
    """A refused order's quantity as the trader wrote it, where it is no number of lots; else None."""
    raw_price: str | None = None
    """A refused order's price as the trader wrote it, where it is no number of ticks; else None."""
    legs: tuple[LedgerLeg, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelRejected:
    """A cancel or replace that could not be done; the order's state is unchanged and stated."""

    order_id: int
    """0 when the order is unknown."""
    client_order_id: str
    original_client_order_id: str
    symbol: str
    status: OrdStatus | None
    for_replace: bool
    reject_code: RejectCode
    text: str
    sim_time_ns: int
    execution_id: int
    standing: ExecutionReport | None = None
    """The order as it stands, None when it is unknown. Its own exec_type says nothing here."""


@dataclass(frozen=True, slots=True)
class AccountUpdated:
    """The account after an event that changed it. Marks are left out: they are a view, not a fact."""

    currency: str
    cash_minor: int
    reserved_minor: int
    buying_power_minor: int
    realized_pnl_minor: int
    fees_minor: int
    state: TradingState
    sim_time_ns: int


@dataclass(frozen=True, slots=True)
class PositionUpdated:
    """A position after a fill. `cost_minor` is signed like the quantity: average price = cost ÷ quantity."""

    symbol: str
    quantity_lots: int
    cost_minor: int
    realized_pnl_minor: int
    fees_minor: int
    sim_time_ns: int


@dataclass(frozen=True, slots=True)
class TradePrinted:
    """A public trade. `aggressor` is the side that took; `user` says whether the session's trader took
    part."""

    symbol: str
    number: int
    price_ticks: int
    quantity_lots: int
    aggressor: Side
    sim_time_ns: int
    user: bool = False


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """A price level's total after an event; `quantity_lots` and `orders` 0 when it is gone."""

    symbol: str
    side: Side
    price_ticks: int
    quantity_lots: int
    orders: int
    sim_time_ns: int


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """The market moved to another phase; `symbol` None for all of them."""

    phase: MarketPhase
    symbol: str | None
    sim_time_ns: int


@dataclass(frozen=True, slots=True)
class DayChanged:
    """A new simulated trading day began (`date` is YYYY-MM-DD)."""

    date: str
    sim_time_ns: int


@dataclass(frozen=True, slots=True)
class News:
    """A headline of the scenario; `symbol` None when it concerns the whole market."""

    headline: str
    symbol: str | None
    sim_time_ns: int


PrivateEvent = ExecutionReport | CancelRejected | AccountUpdated | PositionUpdated
PublicEvent = TradePrinted | LevelChanged | PhaseChanged | DayChanged | News
Event = PrivateEvent | PublicEvent
