"""The shape of what a client may send: parsed strictly, every fault named at once.

Shape only (types, alphabets, closed sets). What is allowed to trade is the venue's to judge, never this module's.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.common.problems import Malformed, field_error
from simulator_engine.core.quantities import NotExact, parse_decimal
from simulator_engine.core.reasons import OrderType, Side, TimeInForce

MAX_GOOD_FOR_MS: Final = 60_000
DEFAULT_GOOD_FOR_MS: Final = 5_000
"""VENUE.md: how long an order that states when it was sent stays good, unless it says otherwise."""

CLIENT_ORDER_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_SYMBOL = re.compile(r"[A-Za-z0-9./_-]{1,32}", re.ASCII)

_UNKNOWN: Final = "is not a field of this request"
_REQUIRED: Final = "is required"

Faults = list[dict[str, str]]
Reader = Callable[[Any], Any]


class _Fault(ValueError):
    """One field is not of the asked shape; the text says which shape that is."""


@dataclass(frozen=True, slots=True)
class OrderBody:
    """A new order as asked for; numbers are the client's own decimal texts."""

    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: str
    price: str | None = None
    stop_price: str | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    display_quantity: str | None = None
    min_quantity: str | None = None
    post_only: bool = False
    reduce_only: bool = False
    good_for_ms: int = DEFAULT_GOOD_FOR_MS
    sent_at_ms: int = 0

    def body_hash(self) -> bytes:
        """SHA-256 of what was asked. When it was sent is left out: a resent order is the same order."""
        return _hash(
            "submit",
            {
                "symbol": self.symbol,
                "side": self.side.value,
                "type": self.type.value,
                "quantity": self.quantity,
                "price": self.price,
                "stop_price": self.stop_price,
                "time_in_force": self.time_in_force.value,
                "display_quantity": self.display_quantity,
                "min_quantity": self.min_quantity,
                "post_only": self.post_only,
                "reduce_only": self.reduce_only,
            },
        )


@dataclass(frozen=True, slots=True)
class ReplaceBody:
    """New terms for a live order; None keeps the present one. `quantity` is the new total."""

    client_order_id: str
    quantity: str | None = None
    price: str | None = None
    stop_price: str | None = None

    def body_hash(self, original_client_order_id: str) -> bytes:
        return _hash(
            "replace",
            {
                "original": original_client_order_id,
                "quantity": self.quantity,
                "price": self.price,
                "stop_price": self.stop_price,
            },
        )


def cancel_hash(client_order_id: str) -> bytes:
    return _hash("cancel", {"client_order_id": client_order_id})


def mass_cancel_hash(symbol: str | None, side: Side | None) -> bytes:
    return _hash("mass_cancel", {"symbol": symbol, "side": side.value if side else None})


def flatten_hash(symbol: str, reverse: bool) -> bytes:
    return _hash("flatten", {"symbol": symbol, "reverse": reverse})


def _hash(kind: str, terms: Mapping[str, Any]) -> bytes:
    text = json.dumps([kind, terms], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).digest()


def parse_order(body: object) -> OrderBody:
    """Read a new order. Raises a 400 problem that names every fault."""
    values = _read(body, _ORDER_FIELDS, required=("client_order_id", "symbol", "side", "type", "quantity"))
    sent_at = values.pop("sent_at", None)
    return OrderBody(**values, sent_at_ms=sent_at or 0)


def parse_replace(body: object) -> ReplaceBody:
    """Read new terms for an order. Raises a 400 problem that names every fault."""
    return ReplaceBody(**_read(body, _REPLACE_FIELDS, required=("client_order_id",)))


def parse_flatten(body: object, request_id: str | None) -> str:
    """Read the body of flatten and reverse (may be empty): the market order's id.

    That of the body, else the Idempotency-Key, else one made here. Raises a 400 problem.
    """
    values = _read({} if body is None else body, {"client_order_id": _client_order_id}, required=())
    return values.get("client_order_id") or parse_request_id(request_id)


def parse_filters(symbol: str | None, side: str | None) -> tuple[str | None, Side | None]:
    """Read the query of cancel-many. Raises a 400 problem that names every fault."""
    given = {name: value for name, value in (("symbol", symbol), ("side", side)) if value is not None}
    values = _read(given, {"symbol": _symbol, "side": _one_of(Side)}, required=())
    return values.get("symbol"), values.get("side")


def parse_request_id(value: str | None) -> str:
    """Read an Idempotency-Key; a new one is made when there is none. Raises a 400 problem."""
    if value is None or value == "":
        return f"request-{uuid.uuid4()}"
    try:
        return str(_client_order_id(value))
    except _Fault as fault:
        raise _malformed([_fault("Idempotency-Key", str(fault))]) from None


def _read(body: object, fields: Mapping[str, Reader], *, required: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise _malformed([_fault("", "the body must be a JSON object")])
    faults: Faults = []
    values: dict[str, Any] = {}
    for name, value in body.items():
        reader = fields.get(name)
        if reader is None:
            faults.append(_fault(str(name)[:64], _UNKNOWN))
            continue
        if value is None:
            continue  # null means: not given
        try:
            values[name] = reader(value)
        except _Fault as fault:
            faults.append(_fault(name, str(fault)))
    missing = [name for name in required if body.get(name) is None]
    faults.extend(_fault(name, _REQUIRED) for name in missing)
    if faults:
        raise _malformed(faults)
    return values


def _fault(field: str, message: str) -> dict[str, str]:
    code = "unknown_field" if message == _UNKNOWN else "required" if message == _REQUIRED else "invalid"
    return field_error(field, code, message)


def _malformed(faults: Faults) -> Malformed:
    first = faults[0]
    sentence = f"{first['field']} {first['message']}".strip()
    if len(faults) > 1:
        sentence += f" (and {len(faults) - 1} more)"
    return Malformed(f"{sentence}.", errors=faults)


def _client_order_id(value: Any) -> str:
    if not isinstance(value, str) or CLIENT_ORDER_ID.fullmatch(value) is None:
        raise _Fault("must be 1 to 64 of the characters A-Z a-z 0-9 . _ : -")
    return value


def _symbol(value: Any) -> str:
    if not isinstance(value, str) or _SYMBOL.fullmatch(value) is None:
        raise _Fault("must be a symbol of 1 to 32 letters, digits or . / _ -")
    return value


def _decimal(value: Any) -> str:
    if not isinstance(value, str):
        raise _Fault('must be a decimal number written as a string, such as "12.50"')
    try:
        parse_decimal(value)
    except NotExact:
        raise _Fault(
            'must be a plain decimal number such as "12.50" (no exponent, no sign +, at most 18 digits each side)'
        ) from None
    return value


def _one_of(words: type[Side] | type[OrderType] | type[TimeInForce]) -> Reader:
    def read(value: Any) -> Any:
        try:
            if not isinstance(value, str):
                raise ValueError
            return words(value)
        except ValueError:
            raise _Fault(f"must be one of {', '.join(word.value for word in words)}") from None

    return read


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Fault("must be true or false")
    return value


def _good_for(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_GOOD_FOR_MS:
        raise _Fault(f"must be a whole number of milliseconds from 1 to {MAX_GOOD_FOR_MS}")
    return value


def _sent_at(value: Any) -> int:
    try:
        if not isinstance(value, str) or len(value) > 40:
            raise ValueError
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if moment.tzinfo is None:
            raise ValueError
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise _Fault('must be an RFC 3339 time with its offset, such as "2026-03-01T09:30:00.000Z"') from None


_ORDER_FIELDS: Final[Mapping[str, Reader]] = {
    "client_order_id": _client_order_id,
    "symbol": _symbol,
    "side": _one_of(Side),
    "type": _one_of(OrderType),
    "quantity": _decimal,
    "price": _decimal,
    "stop_price": _decimal,
    "time_in_force": _one_of(TimeInForce),
    "display_quantity": _decimal,
    "min_quantity": _decimal,
    "post_only": _flag,
    "reduce_only": _flag,
    "good_for_ms": _good_for,
    "sent_at": _sent_at,
}

_REPLACE_FIELDS: Final[Mapping[str, Reader]] = {
    "client_order_id": _client_order_id,
    "quantity": _decimal,
    "price": _decimal,
    "stop_price": _decimal,
}

ORDER_FIELD_NAMES: Final = frozenset(_ORDER_FIELDS)
REPLACE_FIELD_NAMES: Final = frozenset(_REPLACE_FIELDS)
