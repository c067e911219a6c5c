"""What positions are worth now: the middle of the simulator's own quotes, or the last that was seen.

Marks are a view and never stored with facts; a session that is away is valued at its last known marks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from django.core.cache import cache

from apps.common.problems import Problem
from apps.simulator_sessions import gateway as gateways

log = logging.getLogger("tradesim.portfolio")

KEEP_SECONDS: Final = 86_400
"""Last marks outlive a night's hibernation; older than that nobody should trust them."""


def marks_of(*, session: Any, symbols: list[str]) -> dict[str, Decimal]:
    """The mark of each symbol that has one. Asks the simulator once when it is there; never raises."""
    if not symbols:
        return {}
    key = f"marks:{session.id}"
    try:
        fresh = read_marks(gateways.get_gateway().get_state(session=session, kind="positions"))
    except Problem:
        fresh = {}
    known: dict[str, str] = {}
    try:
        known = cache.get(key) or {}
        if fresh:
            cache.set(key, known | {symbol: format(mark, "f") for symbol, mark in fresh.items()}, KEEP_SECONDS)
    except Exception:
        # Each cache has its own errors, and none of them is a reason to hide what the trader owns.
        log.warning("the cache of marks is away", exc_info=True)
    return {symbol: Decimal(mark) for symbol in symbols if (mark := fresh.get(symbol, known.get(symbol))) is not None}


def read_marks(state: Any) -> dict[str, Decimal]:
    """The marks in the simulator's list of positions (`mark_price` of each)."""
    rows = orjson.loads(state) if isinstance(state, bytes | bytearray | memoryview) else state
    if isinstance(rows, Mapping):
        rows = rows.get("results", rows.get("positions", []))
    return {row["symbol"]: Decimal(row["mark_price"]) for row in rows if row.get("mark_price") is not None}


def forget(*, session_id: UUID) -> None:
    cache.delete(f"marks:{session_id}")
