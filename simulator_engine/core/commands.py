"""What a trader asks of the venue. Immutable; numbers are still the trader's own decimal texts, judged by
the venue.

`request_id` is unique for the life of a session: the `client_order_id` of an order, the idempotency key of
the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator_engine.core.reasons import OrderType, RejectCode, Side, TimeInForce


@dataclass(frozen=True, slots=True)
class SubmitOrder:
    """A new order. `quantity` and the prices are plain decimal texts (see quantities.parse_decimal)."""

    request_id: str
    symbol: str
    side: Side
    order_type: OrderType
    quantity: str
    price: str | None = None
    stop_price: str | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    display_quantity: str | None = None
    min_quantity: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    verdict: RejectCode | None = None
    """A refusal judged on the wall clock before the command was stamped (STALE_ORDER, CONNECTION_QUALITY,
    RATE_LIMIT): the venue rejects the order with it and judges nothing else, so that a replay needs no wall
    clock."""

    @property
    def client_order_id(self) -> str:
        return self.request_id


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel by any `client_order_id` that the order has borne."""

    request_id: str
    client_order_id: str


@dataclass(frozen=True, slots=True)
class ReplaceOrder:
    """Change a live order. `quantity` is the new total, not what is left; None keeps the present term.

    `request_id` is the order's new `client_order_id`.
    """

    request_id: str
    original_client_order_id: str
    quantity: str | None = None
    price: str | None = None
    stop_price: str | None = None


@dataclass(frozen=True, slots=True)
class MassCancel:
    """Cancel all live orders, or those of a symbol, a side or both; an answer per order."""

    request_id: str
    symbol: str | None = None
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class FlattenPosition:
    """Cancel the symbol's live orders, then trade the whole position away at market; `reverse` trades it
    twice.

    `request_id` becomes the `client_order_id` of the market order.
    """

    request_id: str
    symbol: str
    reverse: bool = False


Command = SubmitOrder | CancelOrder | ReplaceOrder | MassCancel | FlattenPosition
