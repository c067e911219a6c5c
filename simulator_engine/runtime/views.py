"""What can be asked of a session: the public API's shapes, made from the exchange. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from simulator_engine import wire
from simulator_engine.contract.v1 import simulator_pb2
from simulator_engine.core import commands
from simulator_engine.core.candles import Candle
from simulator_engine.core.market_data import CHECKSUM_DEPTH, TradeRow, book_checksum
from simulator_engine.core.quantities import format_money
from simulator_engine.market.exchange import Exchange
from simulator_engine.runtime.state import SessionState

MAX_DEPTH = 200
MAX_TRADES = 1_000
MAX_CANDLES = 5_000

INTERVALS = {
    "1s": 1,
    "5s": 5,
    "15s": 15,
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "1h": 3600,
    "1d": 86_400,
}


class BadView(ValueError):
    """A read that has no answer; `code` is what the caller may branch on."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def interval_seconds(name: str) -> int:
    """Seconds of a candle interval such as `5m`. Raises BadView for one that is not kept."""
    try:
        return INTERVALS[name]
    except KeyError:
        raise BadView("INVALID_ARGUMENT", f"{name!r} is none of {', '.join(INTERVALS)}") from None


def stream_exists(exchange: Exchange, name: str) -> bool:
    """Whether a stream of this name can be subscribed to."""
    family, _, rest = name.partition(":")
    if not rest:
        return family in ("orders", "account", "session", "quotes", "queue")
    if family == "candles":
        symbol, _, interval = rest.partition(":")
        return symbol in exchange.venue.instruments and interval in INTERVALS
    return family in ("book", "trades") and rest in exchange.venue.instruments


# --- books ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookLevels:
    """The visible levels of a book as texts, keyed by ("bids" or "asks", price), best first, with their checksum."""

    levels: dict[tuple[str, str], tuple[str, int]]
    checksum: int


def book_levels(exchange: Exchange, symbol: str, depth: int) -> BookLevels:
    view = exchange.book(symbol, depth)
    instrument = exchange.venue.instrument(symbol)
    price, quantity = instrument.format_price, instrument.format_quantity
    levels = {("bids", price(ticks)): (quantity(lots), orders) for ticks, lots, orders in view.bids}
    levels.update({("asks", price(ticks)): (quantity(lots), orders) for ticks, lots, orders in view.asks})
    checksum = book_checksum(instrument, view.bids[:CHECKSUM_DEPTH], view.asks[:CHECKSUM_DEPTH])
    return BookLevels(levels, checksum)


def book_body(exchange: Exchange, symbol: str, view: BookLevels, *, seq: int) -> bytes:
    """A whole book in the public shape; `seq` is the number that the next delta continues from."""
    sides: dict[str, list[list[str | int]]] = {"bids": [], "asks": []}
    for (side, price), (quantity, orders) in view.levels.items():
        sides[side].append([price, quantity, orders])
    return orjson.dumps(
        {
            "symbol": symbol,
            "seq": seq,
            "sim_time": wire.time_text(exchange.sim_time_ns),
            **sides,
            "checksum": view.checksum,
        }
    )


def quote_body(exchange: Exchange, symbol: str) -> bytes:
    """Best bid and ask, last price and the day's change and volume; null where there is none."""
    venue = exchange.venue
    instrument = venue.instrument(symbol)
    tape = venue.tape(symbol)
    bid, ask = venue.best_bid(symbol), venue.best_ask(symbol)
    last = tape.last_ticks or None
    previous = exchange.previous_close_ticks(symbol)
    return orjson.dumps(
        {
            "symbol": symbol,
            "bid": instrument.format_price(bid[0]) if bid else None,
            "bid_quantity": instrument.format_quantity(bid[1]) if bid else None,
            "ask": instrument.format_price(ask[0]) if ask else None,
            "ask_quantity": instrument.format_quantity(ask[1]) if ask else None,
            "last": instrument.format_price(last) if last else None,
            "change": instrument.format_price(last - previous) if last else None,
            "volume": instrument.format_quantity(tape.day_volume),
            "high": instrument.format_price(tape.day_high) if tape.day_open else None,
            "low": instrument.format_price(tape.day_low) if tape.day_open else None,
            "previous_close": instrument.format_price(previous),
        }
    )


# --- trades and candles -----------------------------------------------------------------------------------------


def _trade(exchange: Exchange, symbol: str, trade: TradeRow) -> dict[str, Any]:
    instrument = exchange.venue.instrument(symbol)
    return {
        "seq": trade.number,
        "sim_time": wire.time_text(trade.sim_time_ns),
        "price": instrument.format_price(trade.price_ticks),
        "quantity": instrument.format_quantity(trade.quantity_lots),
        "aggressor": trade.aggressor,
        "condition": "REGULAR",
        "own": trade.user,
    }


def trades_body(exchange: Exchange, symbol: str, newest_first: list[TradeRow]) -> bytes:
    """Trades in the order in which they happened."""
    rows = [_trade(exchange, symbol, trade) for trade in reversed(newest_first)]
    return orjson.dumps({"symbol": symbol, "trades": rows})


def _candle(exchange: Exchange, symbol: str, candle: Candle) -> dict[str, Any]:
    instrument = exchange.venue.instrument(symbol)
    return {
        "time": wire.time_text(candle.start_s * 1_000_000_000),
        "open": instrument.format_price(candle.open_ticks),
        "high": instrument.format_price(candle.high_ticks),
        "low": instrument.format_price(candle.low_ticks),
        "close": instrument.format_price(candle.close_ticks),
        "volume": instrument.format_quantity(candle.volume_lots),
        "trades": candle.trades,
    }


def last_candle_body(exchange: Exchange, symbol: str, interval_s: int) -> bytes | None:
    """The candle that is being built, or None before the first trade."""
    candle = exchange.last_candle(symbol, interval_s)
    return None if candle is None else orjson.dumps({"symbol": symbol, **_candle(exchange, symbol, candle)})


# --- the trader's own -------------------------------------------------------------------------------------------


def queue_body(exchange: Exchange) -> bytes:
    """What rests ahead of each working order of the trader at its price."""
    venue = exchange.venue
    ahead = {
        order.client_order_id: {
            "quantity_ahead": venue.instrument(order.symbol).format_quantity(max(venue.quantity_ahead(order), 0))
        }
        for order in venue.working_orders()
    }
    return orjson.dumps({"orders": ahead})


def preview_body(state: SessionState, message: simulator_pb2.Command) -> bytes:
    """What a new order would cost and do, and every rule that it would break. Raises wire.Malformed."""
    command = wire.command_from_message(message)
    if not isinstance(command, commands.SubmitOrder):
        raise wire.Malformed("only a new order has a preview")
    preview = state.exchange.preview(command)
    instrument = state.exchange.venue.instruments.get(command.symbol)

    def money(amount: int | None) -> str | None:
        return None if amount is None else format_money(amount)

    def price(ticks: int | None) -> str | None:
        return None if ticks is None or instrument is None else instrument.format_price(ticks)

    def lots(quantity: int | None) -> str | None:
        return None if quantity is None or instrument is None else instrument.format_quantity(quantity)

    return orjson.dumps(
        {
            "symbol": command.symbol,
            "side": command.side,
            "average_fill_price": None
            if instrument is None
            else wire.average_price_text(preview.fill_notional_minor, preview.fill_lots, instrument),
            "worst_price": price(preview.worst_price_ticks),
            "fill_quantity": lots(preview.fill_lots),
            "resting_quantity": lots(preview.resting_lots),
            "quantity_ahead": lots(preview.quantity_ahead_lots),
            "notional": money(preview.notional_minor),
            "estimated_fee": money(preview.fee_minor),
            "estimated_cost": money(preview.cost_minor),
            "margin": money(preview.reserved_minor),
            "resulting_position": lots(preview.position_after_lots),
            "buying_power": money(preview.buying_power_minor),
            "buying_power_after": money(preview.buying_power_after_minor),
            "accepted": not preview.refusals,
            "broken_rules": [{"code": refused.code, "text": refused.text} for refused in preview.refusals],
        }
    )


def _marks(exchange: Exchange) -> dict[str, Decimal]:
    """The price at which each symbol is marked: mid of the best quotes, else the last trade, else the close before."""
    marks = {}
    for symbol, instrument in exchange.venue.instruments.items():
        bid, ask = exchange.venue.best_bid(symbol), exchange.venue.best_ask(symbol)
        if bid and ask:
            half_ticks = Decimal(bid[0] + ask[0]) / 2
        else:
            half_ticks = Decimal(exchange.venue.tape(symbol).last_ticks or instrument.previous_close_ticks)
        marks[symbol] = half_ticks * instrument.tick_size
    return marks


def _text(number: Decimal) -> str:
    """A decimal with at least two decimals, and no more than it needs."""
    whole, _, fraction = format(number, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def _positions(exchange: Exchange) -> list[dict[str, Any]]:
    marks = _marks(exchange)
    rows = []
    for position in exchange.venue.positions():
        symbol = position.symbol
        instrument = exchange.venue.instrument(symbol)
        fields = wire.position_fields(position, instrument)
        quantity = Decimal(str(fields["quantity"]))
        unrealized = quantity * marks[symbol] - Decimal(str(fields["cost"]))
        rows.append({**fields, "mark_price": _text(marks[symbol]), "unrealized_pnl": _text(unrealized)})
    return rows


def _account(exchange: Exchange) -> dict[str, Any]:
    fields = wire.account_fields(exchange.venue.account_updated(exchange.sim_time_ns))
    rows = _positions(exchange)
    unrealized = sum((Decimal(row["unrealized_pnl"]) for row in rows), Decimal(0))
    value = sum((Decimal(row["quantity"]) * Decimal(row["mark_price"]) for row in rows), Decimal(0))
    return {
        **fields,
        "equity": _text(Decimal(fields["cash"]) + value),
        "unrealized_pnl": _text(unrealized),
        "sim_time": wire.time_text(exchange.sim_time_ns),
    }


# --- reads by name ----------------------------------------------------------------------------------------------


def _symbol(exchange: Exchange, request: simulator_pb2.StateRequest) -> str:
    if request.symbol not in exchange.venue.instruments:
        raise BadView("UNKNOWN_SYMBOL", f"{request.symbol or 'an empty symbol'} is not traded in this session")
    return request.symbol


def _book_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    symbol = _symbol(state.exchange, request)
    levels = book_levels(state.exchange, symbol, min(request.depth or 20, MAX_DEPTH))
    return book_body(state.exchange, symbol, levels, seq=state.exchange.venue.tape(symbol).level_changes)


def _trades_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    symbol = _symbol(state.exchange, request)
    trades = state.exchange.trades(symbol, min(request.limit or 100, MAX_TRADES))
    return orjson.dumps({"results": [_trade(state.exchange, symbol, trade) for trade in trades], "next": None})


def _candles_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    symbol = _symbol(state.exchange, request)
    if request.interval_seconds not in INTERVALS.values():
        raise BadView("INVALID_ARGUMENT", f"candles are kept at {', '.join(INTERVALS)}")
    candles = state.exchange.candles(
        symbol,
        request.interval_seconds,
        request.from_ns,
        request.to_ns or state.exchange.sim_time_ns + 1,
        min(request.limit or 500, MAX_CANDLES),
    )
    return orjson.dumps({"results": [_candle(state.exchange, symbol, candle) for candle in candles], "next": None})


def _instruments_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    exchange = state.exchange
    rows = []
    for symbol, instrument in exchange.venue.instruments.items():
        last = exchange.venue.tape(symbol).last_ticks
        rows.append(
            {
                "symbol": symbol,
                "name": instrument.name,
                "tick_size": format(instrument.tick_size, "f"),
                "lot_size": format(instrument.lot_size, "f"),
                "currency": instrument.currency,
                "min_quantity": instrument.format_quantity(instrument.min_quantity_lots),
                "max_quantity": instrument.format_quantity(instrument.max_quantity_lots),
                "shortable": instrument.shortable,
                "phase": exchange.venue.phase,
                "last_price": instrument.format_price(last) if last else None,
                "previous_close": instrument.format_price(exchange.previous_close_ticks(symbol)),
            }
        )
    return orjson.dumps({"results": rows, "next": None})


def _account_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    return orjson.dumps(_account(state.exchange))


def _positions_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    return orjson.dumps({"results": _positions(state.exchange), "next": None})


def _session_view(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    exchange = state.exchange
    return orjson.dumps(
        {
            "sim_time": wire.time_text(exchange.sim_time_ns),
            "phase": exchange.venue.phase,
            "speed": format(state.speed.normalize(), "f"),
            "paused": state.paused,
            "core": exchange.venue.core_name,
            "command_seq": state.command_seq,
            "event_seq": state.event_seq,
            "event_count": exchange.event_count,
            "event_hash": exchange.event_hash.hex(),
            "state_hash": exchange.state_hash(),
            "next_seq": {stream: seq + 1 for stream, seq in state.stream_seq.items()},
        }
    )


_VIEWS: dict[str, Callable[[SessionState, simulator_pb2.StateRequest], bytes]] = {
    "book": _book_view,
    "trades": _trades_view,
    "candles": _candles_view,
    "instruments": _instruments_view,
    "account": _account_view,
    "positions": _positions_view,
    "session": _session_view,
}


def state_body(state: SessionState, request: simulator_pb2.StateRequest) -> bytes:
    """A read by its kind, as JSON. Raises BadView."""
    view = _VIEWS.get(request.kind)
    if view is None:
        raise BadView("UNKNOWN_KIND", f"{request.kind!r} is none of {', '.join(_VIEWS)}")
    return view(state, request)
