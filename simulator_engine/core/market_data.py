"""What everybody may see of one symbol: trades, levels that changed, candles, and the checksum of a book's
view.

Derived from the core's output alone; it never asks the core and never decides anything.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from simulator_engine.core.candles import CandleSeries
from simulator_engine.core.instruments import Instrument
from simulator_engine.core.reasons import Side

TRADES_KEPT: Final = 1_000
CHECKSUM_DEPTH: Final = 10

LevelRow = tuple[int, int, int]
"""(price_ticks, quantity_lots, orders)."""


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One public trade, numbered from 1 per symbol."""

    number: int
    sim_time_ns: int
    price_ticks: int
    quantity_lots: int
    aggressor: Side
    user: bool


@dataclass(frozen=True, slots=True)
class BookView:
    """A symbol's book at one moment, best first. `seq` counts the level changes so far; `checksum` see
    below."""

    symbol: str
    seq: int
    bids: tuple[LevelRow, ...]
    asks: tuple[LevelRow, ...]
    checksum: int


@dataclass(frozen=True, slots=True)
class DirtyLevels:
    """Level totals that changed since last asked: each price once, with its total now (0 lots: gone).

    They lead from the view numbered `prev_seq` to the one numbered `seq`.
    """

    symbol: str
    prev_seq: int
    seq: int
    bids: tuple[LevelRow, ...]
    asks: tuple[LevelRow, ...]


def book_checksum(instrument: Instrument, bids: tuple[LevelRow, ...], asks: tuple[LevelRow, ...]) -> int:
    """CRC32 of up to ten levels a side: `price:quantity` as on the wire, joined by `|`, bids then asks, best
    first."""
    rows = bids[:CHECKSUM_DEPTH] + asks[:CHECKSUM_DEPTH]
    return crc32("|".join(
        f"{instrument.format_price(price)}:{instrument.format_quantity(lots)}" for price, lots, _ in rows
    ).encode("ascii"))  # fmt: skip


class Tape:
    """The public record of one symbol."""

    __slots__ = (
        "_asked_seq", "candles", "day_high", "day_low", "day_open", "day_volume", "dirty_asks",
        "dirty_bids", "instrument", "last_ticks", "level_changes", "reference_ticks", "trade_count", "trades",
    )  # fmt: skip

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.trades: deque[tuple[int, int, int, int, int, int]] = deque(maxlen=TRADES_KEPT)
        self.trade_count = 0
        self.last_ticks = 0
        self.reference_ticks = instrument.previous_close_ticks
        self.level_changes = 0
        self.dirty_bids: dict[int, tuple[int, int]] = {}
        self.dirty_asks: dict[int, tuple[int, int]] = {}
        self.candles = CandleSeries()
        self.day_open = self.day_high = self.day_low = self.day_volume = 0
        self._asked_seq = 0

    def trade(self, price: int, lots: int, aggressor: int, user: int, sim_time_ns: int) -> int:
        """Print a trade and return its number. `aggressor` is 0 for BUY, 1 for SELL."""
        self.trade_count = number = self.trade_count + 1
        self.last_ticks = self.reference_ticks = price
        self.trades.append((number, sim_time_ns, price, lots, aggressor, user))
        if not self.day_open:
            self.day_open = self.day_high = self.day_low = price
        elif price > self.day_high:
            self.day_high = price
        elif price < self.day_low:
            self.day_low = price
        self.day_volume += lots
        self.candles.add(price, lots, sim_time_ns)
        return number

    def open_day(self) -> None:
        self.day_open = self.day_high = self.day_low = self.day_volume = 0

    def take_dirty(self) -> DirtyLevels:
        """The levels that changed since the last call, in the order of their first change."""
        bids = tuple((price, lots, orders) for price, (lots, orders) in self.dirty_bids.items())
        asks = tuple((price, lots, orders) for price, (lots, orders) in self.dirty_asks.items())
        self.dirty_bids, self.dirty_asks = {}, {}
        prev, self._asked_seq = self._asked_seq, self.level_changes
        return DirtyLevels(self.instrument.symbol, prev, self.level_changes, bids, asks)

    def last_trades(self, limit: int) -> list[TradeRow]:
        """Up to `limit` of the latest trades, newest first."""
        rows: list[TradeRow] = []
        for number, at, price, lots, aggressor, user in reversed(self.trades):
            if len(rows) >= limit:
                break
            rows.append(TradeRow(number, at, price, lots, Side.SELL if aggressor else Side.BUY, bool(user)))
        return rows

    def to_state(self) -> list[Any]:
        return [
            self.trade_count, self.last_ticks, self.reference_ticks, self.level_changes, self.day_open,
            self.day_high, self.day_low, self.day_volume, [list(row) for row in self.trades],
            self.candles.to_state(),
        ]  # fmt: skip

    def load_state(self, state: list[Any]) -> None:
        *numbers, trades, candles = state
        (
            self.trade_count, self.last_ticks, self.reference_ticks, self.level_changes, self.day_open,
            self.day_high, self.day_low, self.day_volume,
        ) = numbers  # fmt: skip
        self.trades = deque((tuple(row) for row in trades), maxlen=TRADES_KEPT)
        self.candles.load_state(candles)
        self.dirty_bids, self.dirty_asks = {}, {}
        self._asked_seq = self.level_changes
