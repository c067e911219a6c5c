"""The life of the trader's orders: one table of allowed steps, the record of each order, and the ids it has
borne.

A step that the table does not hold is a defect, never a state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from simulator_engine.core.reasons import ExecType, OrderType, OrdStatus, Side, TimeInForce

_S = OrdStatus
_E = ExecType

TRANSITIONS: Final[dict[tuple[OrdStatus, ExecType], frozenset[OrdStatus]]] = {
    (_S.PENDING_NEW, _E.REJECTED): frozenset({_S.REJECTED}),
    (_S.PENDING_NEW, _E.NEW): frozenset({_S.NEW}),
    (_S.NEW, _E.TRIGGERED_OR_ACTIVATED_BY_SYSTEM): frozenset({_S.NEW}),
    (_S.NEW, _E.TRADE): frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    (_S.PARTIALLY_FILLED, _E.TRADE): frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    (_S.NEW, _E.PENDING_CANCEL): frozenset({_S.PENDING_CANCEL}),
    (_S.PARTIALLY_FILLED, _E.PENDING_CANCEL): frozenset({_S.PENDING_CANCEL}),
    (_S.PENDING_CANCEL, _E.TRADE): frozenset({_S.PENDING_CANCEL, _S.FILLED}),
    (_S.PENDING_CANCEL, _E.CANCELED): frozenset({_S.CANCELED}),
    (_S.NEW, _E.CANCELED): frozenset({_S.CANCELED}),
    (_S.PARTIALLY_FILLED, _E.CANCELED): frozenset({_S.CANCELED}),
    (_S.NEW, _E.PENDING_REPLACE): frozenset({_S.PENDING_REPLACE}),
    (_S.PARTIALLY_FILLED, _E.PENDING_REPLACE): frozenset({_S.PENDING_REPLACE}),
    (_S.PENDING_REPLACE, _E.TRADE): frozenset({_S.PENDING_REPLACE, _S.FILLED}),
    (_S.PENDING_REPLACE, _E.REPLACED): frozenset({_S.NEW, _S.PARTIALLY_FILLED, _S.FILLED}),
    (_S.NEW, _E.REPLACED): frozenset({_S.NEW}),
    (_S.PARTIALLY_FILLED, _E.REPLACED): frozenset({_S.PARTIALLY_FILLED, _S.FILLED}),
    (_S.NEW, _E.RESTATED): frozenset({_S.NEW}),
    (_S.PARTIALLY_FILLED, _E.RESTATED): frozenset({_S.PARTIALLY_FILLED}),
    (_S.NEW, _E.EXPIRED): frozenset({_S.EXPIRED}),
    (_S.PARTIALLY_FILLED, _E.EXPIRED): frozenset({_S.EXPIRED}),
    (_S.PENDING_CANCEL, _E.EXPIRED): frozenset({_S.EXPIRED}),
    (_S.PENDING_REPLACE, _E.EXPIRED): frozenset({_S.EXPIRED}),
}
"""(status before, why) → the statuses that may follow. Everything that is not here is impossible."""


class ImpossibleTransition(Exception):
    """An order was asked to take a step that its state does not allow."""


@dataclass(slots=True)
class Order:
    """One order of the trader. ordered = filled + open + canceled, always; money in minor units.

    `reserved_minor` is what it holds back of the buying power, `fee_numerator` and `fee_charged_minor` what
    its fills have cost so far (see fees.py).
    """

    order_id: int
    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity_lots: int
    price_ticks: int | None
    post_only: bool = False
    reduce_only: bool = False
    stop_price_ticks: int | None = None
    status: OrdStatus = OrdStatus.PENDING_NEW
    cum_lots: int = 0
    canceled_lots: int = 0
    cum_notional_minor: int = 0
    collar_ticks: int = 0
    reserved_minor: int = 0
    fee_numerator: int = 0
    fee_charged_minor: int = 0
    entered_ns: int = 0
    client_order_ids: list[str] = field(default_factory=list)
    """Every id it has borne, oldest first, the present one last."""

    @property
    def leaves_lots(self) -> int:
        """What can still trade; 0 in a terminal state."""
        return 0 if self.status.terminal else self.quantity_lots - self.cum_lots - self.canceled_lots

    @property
    def previous_client_order_id(self) -> str | None:
        """The id before the present one, None for an order that was never replaced."""
        return self.client_order_ids[-2] if len(self.client_order_ids) > 1 else None

    @property
    def limit_ticks(self) -> int:
        """The worst price that it accepts: its limit, or a market order's collar."""
        return self.collar_ticks if self.price_ticks is None else self.price_ticks

    def move(self, exec_type: ExecType, status: OrdStatus) -> None:
        """Take one step of the table. Raises ImpossibleTransition for any other."""
        if status not in TRANSITIONS.get((self.status, exec_type), ()):
            raise ImpossibleTransition(f"order {self.order_id}: {self.status} --{exec_type}--> {status}")
        self.status = status


class OrderBookOfRecord:
    """All orders of the trader, alive or not, found by number or by any client order id that they have
    borne."""

    def __init__(self) -> None:
        self._by_id: dict[int, Order] = {}
        self._by_client_id: dict[str, Order] = {}
        self._live: dict[int, Order] = {}

    def add(self, order: Order) -> None:
        self._by_id[order.order_id] = order
        self._live[order.order_id] = order
        order.client_order_ids.append(order.client_order_id)
        self._by_client_id[order.client_order_id] = order

    def rename(self, order: Order, client_order_id: str) -> None:
        """The order bears a new id; the old ones still find it."""
        order.client_order_id = client_order_id
        order.client_order_ids.append(client_order_id)
        self._by_client_id[client_order_id] = order

    def retire(self, order: Order) -> None:
        """The order reached a terminal state: it is found still, but is live no more."""
        self._live.pop(order.order_id, None)

    def by_id(self, order_id: int) -> Order:
        return self._by_id[order_id]

    def find(self, client_order_id: str) -> Order | None:
        return self._by_client_id.get(client_order_id)

    def live(self, *, symbol: str | None = None, side: Side | None = None) -> list[Order]:
        """Live orders, oldest first."""
        return [
            order
            for order in self._live.values()
            if (symbol is None or order.symbol == symbol) and (side is None or order.side is side)
        ]

    def all(self) -> list[Order]:
        """Every order, oldest first."""
        return list(self._by_id.values())

    def open_lots(self, symbol: str, side: Side) -> int:
        """Σ open lots of the live orders of a symbol and side."""
        return sum(order.leaves_lots for order in self._live.values() if order.symbol == symbol and order.side is side)

    # -- state -----------------------------------------------------------------------------------------------

    def to_state(self) -> list[list[Any]]:
        return [
            [
                o.order_id, o.client_order_id, o.symbol, o.side.value, o.order_type.value,
                o.time_in_force.value, o.quantity_lots, o.price_ticks, o.post_only, o.reduce_only,
                o.stop_price_ticks, o.status.value, o.cum_lots, o.canceled_lots, o.cum_notional_minor,
                o.collar_ticks, o.reserved_minor, o.fee_numerator, o.fee_charged_minor, o.entered_ns,
                list(o.client_order_ids),
            ]
            for o in self._by_id.values()
        ]  # fmt: skip

    def load_state(self, rows: list[list[Any]]) -> None:
        self._by_id.clear()
        self._by_client_id.clear()
        self._live.clear()
        for row in rows:
            order = _order_of(row)
            self._by_id[order.order_id] = order
            if not order.status.terminal:
                self._live[order.order_id] = order
            for client_order_id in order.client_order_ids:
                self._by_client_id[client_order_id] = order


def _order_of(row: list[Any]) -> Order:
    order = Order(*row[:6], *row[6:8])
    order.side, order.order_type = Side(row[3]), OrderType(row[4])
    order.time_in_force = TimeInForce(row[5])
    order.post_only, order.reduce_only, order.stop_price_ticks = row[8:11]
    order.status = OrdStatus(row[11])
    order.cum_lots, order.canceled_lots, order.cum_notional_minor, order.collar_ticks = row[12:16]
    order.reserved_minor, order.fee_numerator, order.fee_charged_minor, order.entered_ns = row[16:20]
    order.client_order_ids = list(row[20])
    return order
