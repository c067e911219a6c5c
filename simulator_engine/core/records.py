"""The fixed-width records of the matching core and of the event hash: the one place where their bytes are
defined.

Little-endian, no padding left to a compiler, integers only; any implementation of the core prints exactly
these.

Input record, 48 bytes: what the core is told.
    seq u64 · kind u8 · side u8 · condition u8 · self_match u8 · book u32 ·
    order_id i64 · owner i64 · price_ticks i64 · quantity_lots i64
Output record, 72 bytes: what happened, one after another.
    seq u64 · kind u8 · side u8 · reason u8 · flag u8 · book u32 ·
    order_id i64 · owner i64 · other_order_id i64 · other_owner i64 · price_ticks i64 · quantity_lots i64 ·
    remaining i64
Event record, 64 bytes: one venue event, as the running event hash takes it.
    kind u8 · side u8 · code u8 · flag u8 · reserved u32 · symbol 16 bytes, zero-filled ·
    sim_time_ns i64 · a i64 · b i64 · c i64 · digest 8 bytes

| input      | order_id | owner | price             | quantity         |
|------------|----------|-------|-------------------|------------------|
| ADD        | new id   | yes   | limit             | lots             |
| CANCEL     | id       | –     | –                 | –                |
| REDUCE     | id       | –     | –                 | lots to take off |
| REPLACE    | id       | –     | new limit         | new open lots    |

| output   | side       | reason, flag           | other order | price | quantity  | remaining              |
|----------|------------|------------------------|-------------|-------|-----------|------------------------|
| ACCEPTED | order's    | –                      | –           | limit | resting   | lots ahead in its queue |
| TRADE    | the taker's| –                      | the maker   | made  | traded    | maker's open lots      |
| CANCELED | order's    | why it ended           | –           | limit | taken off | 0                      |
| REDUCED  | order's    | why                    | –           | limit | taken off | open lots              |
| REPLACED | order's    | flag 1: kept priority  | –           | limit | open lots | lots ahead, −1 if moved |
| REJECTED | as asked   | why it was refused     | –           | asked | asked     | 0                      |
| LEVEL    | level's    | –                      | –           | price | total     | number of orders       |
"""

from __future__ import annotations

import struct
from dataclasses import astuple
from enum import IntEnum
from hashlib import blake2b
from typing import Final

from simulator_engine.core import events as ev
from simulator_engine.core.reasons import Side

INPUT: Final = struct.Struct("<QBBBBIqqqq")
OUTPUT: Final = struct.Struct("<QBBBBIqqqqqqq")
EVENT: Final = struct.Struct("<BBBBI16sqqqq8s")

BUY: Final = 0
SELL: Final = 1

# Inputs.
ADD: Final = 1
CANCEL: Final = 2
REDUCE: Final = 3
REPLACE: Final = 4

# Conditions of an ADD.
REST: Final = 0
IMMEDIATE_OR_CANCEL: Final = 1
FILL_OR_KILL: Final = 2
POST_ONLY: Final = 3

# Outputs.
ACCEPTED: Final = 1
TRADE: Final = 2
CANCELED: Final = 3
REDUCED: Final = 4
REPLACED: Final = 5
REJECTED: Final = 6
LEVEL: Final = 7


class SelfMatch(IntEnum):
    """What happens when an order would trade with one of the same owner."""

    ALLOW = 0
    CANCEL_TAKER = 1
    CANCEL_MAKER = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class EndReason(IntEnum):
    """Why the core ended or shortened an order."""

    REQUESTED = 1
    UNFILLED_IOC = 2
    UNFILLED_FOK = 3
    SELF_MATCH = 4


class Refusal(IntEnum):
    """Why the core refused an input; it never raises for one whose widths are right."""

    UNKNOWN_KIND = 1
    UNKNOWN_BOOK = 2
    UNKNOWN_ORDER = 3
    DUPLICATE_ORDER = 4
    BAD_QUANTITY = 5
    BAD_PRICE = 6
    BAD_SIDE = 7
    WOULD_TAKE = 8
    NO_CHANGE = 9


InputEvent = tuple[int, int, int, int, int, int, int, int, int]
"""An input record without its sequence number, which the core counts itself."""

OutputEvent = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
"""An output record without its sequence number."""


class EventKind(IntEnum):
    """The first byte of an event record."""

    TRADE_PRINTED = 1
    LEVEL_CHANGED = 2
    PHASE_CHANGED = 3
    DAY_CHANGED = 4
    NEWS = 5
    EXECUTION_REPORT = 6
    CANCEL_REJECTED = 7
    ACCOUNT_UPDATED = 8
    POSITION_UPDATED = 9


NO_DIGEST: Final = bytes(8)
_SIDE_CODE: Final = {Side.BUY: BUY, Side.SELL: SELL}


def symbol_field(symbol: str | None) -> bytes:
    """A symbol as the event record holds it. Raises ValueError for more than 16 ASCII bytes."""
    field = (symbol or "").encode("ascii")
    if len(field) > 16:
        raise ValueError(f"symbol {symbol!r} is longer than 16 characters")
    return field


def _digest(event: ev.Event) -> bytes:
    return blake2b(repr(astuple(event)).encode(), digest_size=8).digest()


def event_record(event: ev.Event) -> bytes:
    """The 64 bytes of one venue event. Equal events give equal bytes, on any machine.

    Trades and levels hold all of their fields; the others hold a digest over theirs.
    """
    if isinstance(event, ev.LevelChanged):
        return EVENT.pack(
            EventKind.LEVEL_CHANGED, _SIDE_CODE[event.side], 0, 0, 0, symbol_field(event.symbol),
            event.sim_time_ns, event.price_ticks, event.quantity_lots, event.orders, NO_DIGEST,
        )  # fmt: skip
    if isinstance(event, ev.TradePrinted):
        return EVENT.pack(
            EventKind.TRADE_PRINTED, _SIDE_CODE[event.aggressor], 0, event.user, 0,
            symbol_field(event.symbol), event.sim_time_ns, event.price_ticks, event.quantity_lots,
            event.number, NO_DIGEST,
        )  # fmt: skip
    if isinstance(event, ev.ExecutionReport):
        return EVENT.pack(
            EventKind.EXECUTION_REPORT, _SIDE_CODE[event.side], 0, 0, 0, b"",
            event.sim_time_ns, event.order_id, event.execution_id, event.leaves_lots, _digest(event),
        )  # fmt: skip
    if isinstance(event, ev.CancelRejected):
        kind, number = EventKind.CANCEL_REJECTED, event.order_id
    elif isinstance(event, ev.AccountUpdated):
        kind, number = EventKind.ACCOUNT_UPDATED, event.cash_minor
    elif isinstance(event, ev.PositionUpdated):
        kind, number = EventKind.POSITION_UPDATED, event.quantity_lots
    elif isinstance(event, ev.PhaseChanged):
        kind, number = EventKind.PHASE_CHANGED, 0
    elif isinstance(event, ev.DayChanged):
        kind, number = EventKind.DAY_CHANGED, 0
    else:
        kind, number = EventKind.NEWS, 0
    return EVENT.pack(kind, 0, 0, 0, 0, b"", event.sim_time_ns, number, 0, 0, _digest(event))
