"""Reads an order's decimal texts into integers, and says what of it the venue does not take. Changes nothing.

Every refusal is a stable code with a sentence that carries the numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from simulator_engine.core.commands import SubmitOrder
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.quantities import MAX_INTEGER, NotExact, format_money, parse_decimal, to_units
from simulator_engine.core.reasons import OrderType, RejectCode, TimeInForce

TYPES_TAKEN: Final = frozenset({OrderType.LIMIT, OrderType.MARKET})
TIMES_TAKEN: Final = frozenset(
    {TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL, TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL}
)
"""What the venue takes; everything else is refused by name, never guessed at."""

_CLIENT_ORDER_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_LARGEST: Final = MAX_INTEGER // 2
_R = RejectCode


class Refused(NamedTuple):
    """Why something was refused: a code for programs and a sentence for people."""

    code: RejectCode
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order read into integers. `price_ticks` is None for a market order; `limit_ticks` is then its collar."""

    instrument: Instrument
    quantity_lots: int
    price_ticks: int | None
    limit_ticks: int


@dataclass(slots=True)
class Judgement:
    """What the rules say: no `broken` rule means that the order may go to the book.

    `ticket` is None when the text could not be read; `quantity_lots` and `price_ticks` hold what could.
    """

    ticket: Ticket | None
    broken: list[Refused]
    quantity_lots: int | None = None
    price_ticks: int | None = None


def well_formed_id(client_order_id: object) -> bool:
    """Whether it is 1–64 of A–Z a–z 0–9 . _ : and -."""
    return isinstance(client_order_id, str) and _CLIENT_ORDER_ID.fullmatch(client_order_id) is not None


def read_quantity(
    instrument: Instrument, text: str, broken: list[Refused], *, unlimited: bool = False, filled_lots: int | None = None
) -> int | None:
    """The quantity in lots, None when it is no positive whole number of them.

    `unlimited` lifts the upper limit; a replaced order's new total within `filled_lots` has no lower one.
    """
    try:
        lots = to_units(parse_decimal(text), instrument.lot_size)
    except NotExact:
        broken.append(Refused(_R.INCORRECT_QUANTITY, f"quantity {text} is no multiple of {instrument.lot_size}"))
        return None
    if lots <= 0:
        broken.append(Refused(_R.INCORRECT_QUANTITY, f"quantity {text} is not above zero"))
        return None
    if filled_lots is not None and lots <= filled_lots:
        return lots
    low, high = instrument.min_quantity_lots, instrument.max_quantity_lots
    if lots < low:
        least = instrument.format_quantity(low)
        broken.append(Refused(_R.INCORRECT_QUANTITY, f"quantity {text} is below {least}, the least allowed"))
    elif lots > high and not unlimited:
        most = instrument.format_quantity(high)
        broken.append(Refused(_R.ORDER_EXCEEDS_LIMIT, f"quantity {text} is above {most}, the most allowed"))
    # Beyond what a record holds nothing further can be worked out.
    return lots if lots <= _LARGEST else None


def read_price(instrument: Instrument, command: SubmitOrder, broken: list[Refused]) -> int | None:
    """A new order's limit in ticks, None when it has none or it is no price."""
    if command.order_type is OrderType.MARKET:
        if command.price is not None:
            broken.append(Refused(_R.UNSUPPORTED_ORDER_CHARACTERISTIC, "a MARKET order has no price"))
        return None
    if command.price is None:
        broken.append(Refused(_R.INVALID_PRICE_INCREMENT, f"a {command.order_type} order needs a price"))
        return None
    return price_ticks(instrument, command.price, broken)


def price_ticks(instrument: Instrument, text: str, broken: list[Refused]) -> int | None:
    """A price in ticks, None when it is no positive whole number of them."""
    try:
        ticks = to_units(parse_decimal(text), instrument.tick_size)
    except NotExact:
        broken.append(Refused(_R.INVALID_PRICE_INCREMENT, f"price {text} is no multiple of {instrument.tick_size}"))
        return None
    if ticks <= 0:
        broken.append(Refused(_R.INVALID_PRICE_INCREMENT, f"price {text} is not above zero"))
        return None
    if ticks > _LARGEST:
        broken.append(Refused(_R.PRICE_OUTSIDE_BAND, f"price {text} is beyond any band"))
        return None
    return ticks


def unsupported(command: SubmitOrder) -> list[Refused]:
    """What the venue does not take of a new order."""
    reasons: list[str] = []
    if command.order_type not in TYPES_TAKEN:
        reasons.append(f"{command.order_type} orders are not taken here")
    elif command.stop_price is not None:
        reasons.append(f"a {command.order_type} order has no stop price")
    if command.time_in_force not in TIMES_TAKEN:
        reasons.append(f"time in force {command.time_in_force} is not taken here")
    if command.display_quantity is not None:
        reasons.append("display_quantity is not taken here")
    if command.min_quantity is not None:
        reasons.append("min_quantity is not taken here")
    if command.post_only and ends_at_once(command):
        reasons.append("a post-only order must be able to rest")
    return [Refused(_R.UNSUPPORTED_ORDER_CHARACTERISTIC, reason) for reason in reasons]


def ends_at_once(command: SubmitOrder) -> bool:
    """Whether an order never rests."""
    return command.order_type is OrderType.MARKET or command.time_in_force in (
        TimeInForce.IMMEDIATE_OR_CANCEL,
        TimeInForce.FILL_OR_KILL,
    )


def grouped(amount_minor: int) -> str:
    """Money for a sentence: thousands set apart by spaces, `"12 340.00"`."""
    whole, _, decimals = format_money(abs(amount_minor)).partition(".")
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{int(whole):,}".replace(",", " ") + "." + decimals
