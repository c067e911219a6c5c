"""The one translator between the core and the wire: protobuf commands in, canonical JSON bodies out.

A body is made once and never changed after: the journal stores these bytes, streams and replays deliver them.
No wall time inside, so that a replay makes the same bytes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import orjson

from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.core import commands, events
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.quantities import (
    MINOR_PER_UNIT,
    divide_half_even,
    format_money,
    parse_decimal,
)
from simulator_engine.core.reasons import ExecType, OrderType, RejectCode, Side, TimeInForce

AVERAGE_PRICE_DECIMALS = 8
"""An average price is a quotient; it is rounded half to even here, for display alone."""


class Malformed(ValueError):
    """A message that no well-behaved peer sends: an empty command, an unknown enum word."""


# --- time -------------------------------------------------------------------------------------------------------


_second_texts: dict[int, str] = {}


def time_text(time_ns: int) -> str:
    """RFC 3339 in UTC with microseconds: `2008-10-10T13:30:00.000000Z`. The time is cut, never rounded up."""
    second, rest = divmod(time_ns, 1_000_000_000)
    text = _second_texts.get(second)
    if text is None:
        if len(_second_texts) > 4096:
            _second_texts.clear()
        text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        _second_texts[second] = text
    return f"{text}.{rest // 1000:06d}Z"


# --- commands ---------------------------------------------------------------------------------------------------


def command_kind(message: simulator_pb2.Command) -> str:
    """submit, cancel, replace, mass_cancel, flatten or clock. Raises Malformed for an empty command."""
    kind = message.WhichOneof("body")
    if kind is None:
        raise Malformed("the command is empty")
    return str(kind)


def command_from_message(message: simulator_pb2.Command) -> commands.Command:
    """The venue's command in a message of any kind but clock. Raises Malformed on an unknown word."""
    kind = command_kind(message)
    try:
        if kind == "submit":
            return _submit_from_message(message)
        if kind == "cancel":
            return commands.CancelOrder(message.request_id, message.cancel.client_order_id)
        if kind == "replace":
            body = message.replace
            return commands.ReplaceOrder(
                request_id=message.request_id,
                original_client_order_id=body.original_client_order_id,
                quantity=_optional(body, "quantity"),
                price=_optional(body, "price"),
                stop_price=_optional(body, "stop_price"),
            )
        if kind == "mass_cancel":
            side = _optional(message.mass_cancel, "side")
            return commands.MassCancel(
                request_id=message.request_id,
                symbol=_optional(message.mass_cancel, "symbol"),
                side=Side(side) if side else None,
            )
        if kind == "flatten":
            return commands.FlattenPosition(message.request_id, message.flatten.symbol, message.flatten.reverse)
    except ValueError as error:
        raise Malformed(str(error)) from error
    raise Malformed(f"{kind} is no command for the venue")


def _submit_from_message(message: simulator_pb2.Command) -> commands.SubmitOrder:
    body = message.submit
    return commands.SubmitOrder(
        request_id=message.request_id,
        symbol=body.symbol,
        side=Side(body.side),
        order_type=OrderType(body.type),
        quantity=body.quantity,
        price=_optional(body, "price"),
        stop_price=_optional(body, "stop_price"),
        time_in_force=TimeInForce(body.time_in_force or "DAY"),
        display_quantity=_optional(body, "display_quantity"),
        min_quantity=_optional(body, "min_quantity"),
        post_only=body.post_only,
        reduce_only=body.reduce_only,
        verdict=RejectCode(message.verdict) if message.verdict else None,
    )


def _optional(message: Any, field: str) -> str | None:
    return str(getattr(message, field)) if message.HasField(field) else None


# --- bodies -----------------------------------------------------------------------------------------------------


def average_price_text(notional_minor: int, quantity_lots: int, instrument: Instrument) -> str | None:
    """Notional ÷ quantity as a price: the instrument's own decimals, or up to eight where it does not divide evenly."""
    if quantity_lots == 0:
        return None
    lot_numerator, lot_denominator = instrument.lot_size.as_integer_ratio()
    scaled = divide_half_even(
        notional_minor * 10**AVERAGE_PRICE_DECIMALS * lot_denominator,
        quantity_lots * lot_numerator * MINOR_PER_UNIT,
    )
    decimals = max(-int(instrument.tick_size.as_tuple().exponent), 0)
    text = format(Decimal(scaled).scaleb(-AVERAGE_PRICE_DECIMALS), "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


_ORDER_TYPES = {
    ExecType.NEW: "order.accepted",
    ExecType.PENDING_NEW: "order.pending",
    ExecType.TRADE: "order.filled",
    ExecType.CANCELED: "order.canceled",
    ExecType.REPLACED: "order.replaced",
    ExecType.REJECTED: "order.rejected",
    ExecType.EXPIRED: "order.expired",
    ExecType.RESTATED: "order.restated",
    ExecType.TRIGGERED_OR_ACTIVATED_BY_SYSTEM: "order.triggered",
    ExecType.PENDING_CANCEL: "order.pending_cancel",
    ExecType.PENDING_REPLACE: "order.pending_replace",
}


def order_id(session: UUID, number: int) -> str:
    """The public id of a session's order number: the same number gives the same id in every replay."""
    return str(uuid5(session, f"order:{number}"))


def execution_id(session: UUID, number: int) -> str:
    """The public id of a session's execution number."""
    return str(uuid5(session, f"execution:{number}"))


def describe(
    event: events.Event,
    instruments: Mapping[str, Instrument],
    *,
    session: UUID,
    stream_seq: int,
    caused_by_request: str | None,
) -> tuple[str, str, bytes, tuple[events.LedgerLeg, ...]] | None:
    """The (stream, type, body, ledger legs) of an event that belongs on a private stream; None for public ones.

    `stream_seq` is the number that the report gets on its stream.
    """
    if isinstance(event, events.ExecutionReport):
        instrument = instruments.get(event.symbol)
        body = _execution_body(event, instrument, session, stream_seq, caused_by_request)
        return "orders", _ORDER_TYPES[event.exec_type], body, event.legs
    if isinstance(event, events.CancelRejected):
        instrument = instruments.get(event.symbol)
        body = _cancel_rejected_body(event, instrument, session, stream_seq, caused_by_request)
        return "orders", "cancel.rejected", body, ()
    if isinstance(event, events.AccountUpdated):
        return "account", "account.updated", _account_body(event, stream_seq), ()
    if isinstance(event, events.PositionUpdated):
        return "account", "position.updated", _position_body(event, instruments[event.symbol], stream_seq), ()
    if isinstance(event, events.PhaseChanged):
        fields = {
            "phase": event.phase,
            "symbol": event.symbol,
            "sim_time": time_text(event.sim_time_ns),
            "seq": stream_seq,
        }
        return "session", "phase.changed", orjson.dumps(fields), ()
    if isinstance(event, events.DayChanged):
        fields = {"date": event.date, "sim_time": time_text(event.sim_time_ns), "seq": stream_seq}
        return "session", "day.changed", orjson.dumps(fields), ()
    if isinstance(event, events.News):
        fields = {
            "headline": event.headline,
            "symbol": event.symbol,
            "sim_time": time_text(event.sim_time_ns),
            "seq": stream_seq,
        }
        return "session", "news", orjson.dumps(fields), ()
    return None


STREAM_OF: dict[type, str] = {
    events.ExecutionReport: "orders",
    events.CancelRejected: "orders",
    events.AccountUpdated: "account",
    events.PositionUpdated: "account",
    events.PhaseChanged: "session",
    events.DayChanged: "session",
    events.News: "session",
}


def clock_body(*, action: str, speed: Decimal, paused: bool, sim_time_ns: int, stream_seq: int) -> bytes:
    """The body of `clock.changed`."""
    return orjson.dumps(
        {
            "action": action,
            "speed": format(speed.normalize(), "f"),
            "paused": paused,
            "sim_time": time_text(sim_time_ns),
            "seq": stream_seq,
        }
    )


def _price(instrument: Instrument | None, ticks: int | None, raw: str | None) -> str | None:
    if ticks is not None and instrument is not None:
        return instrument.format_price(ticks)
    return raw


def _execution_body(
    event: events.ExecutionReport,
    instrument: Instrument | None,
    session: UUID,
    stream_seq: int,
    request_id: str | None,
) -> bytes:
    return orjson.dumps(_execution_fields(event, instrument, session, stream_seq, request_id))


def _execution_fields(
    event: events.ExecutionReport,
    instrument: Instrument | None,
    session: UUID,
    stream_seq: int,
    request_id: str | None,
) -> dict[str, Any]:
    def lots(value: int) -> str:
        return instrument.format_quantity(value) if instrument is not None else str(value)

    quantity = event.raw_quantity if event.raw_quantity is not None else lots(event.quantity_lots)
    return {
        "order_id": order_id(session, event.order_id),
        "client_order_id": event.client_order_id,
        "original_client_order_id": event.original_client_order_id,
        "symbol": event.symbol,
        "side": event.side,
        "type": event.order_type,
        "time_in_force": event.time_in_force,
        "quantity": quantity,
        "price": _price(instrument, event.price_ticks, event.raw_price),
        "stop_price": _price(instrument, event.stop_price_ticks, None),
        "display_quantity": None if event.display_lots is None else lots(event.display_lots),
        "post_only": event.post_only,
        "reduce_only": event.reduce_only,
        "status": event.status,
        "working": event.working,
        "cum_quantity": lots(event.cum_lots),
        "leaves_quantity": lots(event.leaves_lots),
        "average_price": None
        if instrument is None
        else average_price_text(event.cum_notional_minor, event.cum_lots, instrument),
        "reject_code": event.reject_code,
        "text": event.text,
        "sim_time": time_text(event.sim_time_ns),
        "seq": stream_seq,
        "execution_id": execution_id(session, event.execution_id),
        "execution_type": event.exec_type,
        "last_quantity": lots(event.last_lots) if event.last_lots else None,
        "last_price": _price(instrument, event.last_price_ticks, None),
        "last_liquidity": event.last_liquidity,
        "fee": format_money(event.fee_minor) if event.last_lots else None,
        "quantity_ahead": None if event.quantity_ahead_lots < 0 else lots(event.quantity_ahead_lots),
        "caused_by_request": request_id,
    }


def _cancel_rejected_body(
    event: events.CancelRejected,
    instrument: Instrument | None,
    session: UUID,
    stream_seq: int,
    request_id: str | None,
) -> bytes:
    """The order as it stands, under the ids of the refused request, with why it was refused."""
    order = {} if event.standing is None else _execution_fields(event.standing, instrument, session, stream_seq, None)
    order.pop("execution_type", None)
    return orjson.dumps(
        {
            **order,
            "order_id": order_id(session, event.order_id) if event.order_id else None,
            "client_order_id": event.client_order_id,
            "original_client_order_id": event.original_client_order_id,
            "symbol": event.symbol or None,
            "status": event.status,
            "for_replace": event.for_replace,
            "reject_code": event.reject_code,
            "text": event.text,
            "sim_time": time_text(event.sim_time_ns),
            "seq": stream_seq,
            "execution_id": execution_id(session, event.execution_id),
            "caused_by_request": request_id,
        }
    )


def _account_body(event: events.AccountUpdated, stream_seq: int) -> bytes:
    return orjson.dumps({**account_fields(event), "sim_time": time_text(event.sim_time_ns), "seq": stream_seq})


def account_fields(event: events.AccountUpdated) -> dict[str, str]:
    """The account's facts in the public API's names; equity and unrealized P&L need marks and are added by readers."""
    return {
        "currency": event.currency,
        "cash": format_money(event.cash_minor),
        "reserved": format_money(event.reserved_minor),
        "buying_power": format_money(event.buying_power_minor),
        "realized_pnl": format_money(event.realized_pnl_minor),
        "fees": format_money(event.fees_minor),
        "state": event.state,
    }


def _position_body(event: events.PositionUpdated, instrument: Instrument, stream_seq: int) -> bytes:
    return orjson.dumps(
        {**position_fields(event, instrument), "sim_time": time_text(event.sim_time_ns), "seq": stream_seq}
    )


def position_fields(event: events.PositionUpdated, instrument: Instrument) -> dict[str, str | None]:
    """A position's facts in the public API's names; `cost` is signed like the quantity."""
    return {
        "symbol": event.symbol,
        "quantity": instrument.format_quantity(event.quantity_lots),
        "average_price": average_price_text(abs(event.cost_minor), abs(event.quantity_lots), instrument),
        "cost": format_money(event.cost_minor),
        "realized_pnl": format_money(event.realized_pnl_minor),
        "fees": format_money(event.fees_minor),
    }


# --- journal messages -------------------------------------------------------------------------------------------


def leg_message(leg: events.LedgerLeg, instruments: Mapping[str, Instrument]) -> journal_pb2.LedgerLeg:
    """A ledger leg with its amount as decimal text."""
    amount = format_money(leg.amount) if leg.is_cash else instruments[leg.asset].format_quantity(leg.amount)
    return journal_pb2.LedgerLeg(account=leg.account, asset=leg.asset, amount=amount, is_cash=leg.is_cash)


def speed_from_text(text: str) -> Decimal:
    """Raises NotExact when it is no plain decimal."""
    return parse_decimal(text)
