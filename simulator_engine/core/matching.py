"""The matching core's interface, and its readable implementation: books in, what happened out.

Time, randomness, identifiers and the self-match policy enter only as events. Never a clock, a float or a
lock.
"""

from __future__ import annotations

import struct
from hashlib import blake2b
from typing import Protocol

from simulator_engine.core.book import Book
from simulator_engine.core.quantities import MAX_INTEGER
from simulator_engine.core.records import (
    ADD,
    BUY,
    CANCEL,
    INPUT,
    OUTPUT,
    POST_ONLY,
    REDUCE,
    REJECTED,
    REPLACE,
    SELL,
    InputEvent,
    OutputEvent,
    Refusal,
    SelfMatch,
)

_HEADER = struct.Struct("<4sIQQ")
_SECTION = struct.Struct("<I")
_ORDER = struct.Struct("<Bqqqq")
_MAGIC = b"MC01"
_WORST_POLICY = int(max(SelfMatch))
_SIDES = (BUY, SELL)


class MatchingCore(Protocol):
    """One book per instrument, numbered from 0, in one process and one thread.

    All implementations print identical bytes for identical input, however it is cut into batches.
    """

    @property
    def name(self) -> str:
        """Which implementation this is, as the product shows it."""

    def process(self, event: InputEvent) -> list[OutputEvent]:
        """Apply one event and say what happened. A bad event is answered with REJECTED; nothing raises."""

    def run(self, batch: bytes) -> bytes:
        """Apply a batch of input records, whose seq must go on from the last one, and return output records.

        Raises ValueError, with nothing applied, when the length or a sequence number is wrong.
        """

    def snapshot(self) -> bytes:
        """The whole state; the same state gives the same bytes."""

    def restore(self, data: bytes) -> None:
        """Take the state of a snapshot. Raises ValueError when the bytes are no snapshot of as many books."""

    def state_hash(self) -> str:
        """A hash of the state, equal for all implementations."""

    def best(self, book: int, side: int) -> tuple[int, int] | None:
        """(price, lots) of the best level of a side, None when the side is empty."""

    def level(self, book: int, side: int, price: int) -> tuple[int, int]:
        """(lots, orders) resting at a price; (0, 0) when nothing does."""

    def levels(self, book: int, side: int, depth: int) -> list[tuple[int, int, int]]:
        """(price, lots, orders) of up to `depth` levels, best first."""

    def order(self, book: int, order_id: int) -> tuple[int, int, int, int] | None:
        """(side, price, open lots, owner) of a resting order."""

    def order_ids(self, book: int) -> list[int]:
        """The ids of all resting orders: bids, then asks, best price first, oldest first."""

    def quantity_ahead(self, book: int, order_id: int) -> int:
        """Lots before the order in its own queue; −1 when it does not rest."""


class PythonMatchingCore:
    """The readable core: the oracle for compiled ones, and the fallback where there is none."""

    name = "python"

    def __init__(self, books: int) -> None:
        self._books = [Book(index) for index in range(books)]
        self._count = books
        self._input_seq = 0
        self._output_seq = 0

    def process(self, event: InputEvent) -> list[OutputEvent]:
        kind, side, condition, self_match, index, order_id, owner, price, lots = event
        self._input_seq += 1
        # New orders and cancels are nearly everything: they go first, and what is odd about them is seen to after.
        if (
            kind == ADD
            and 0 < lots <= MAX_INTEGER
            and 0 < price <= MAX_INTEGER
            and BUY <= side <= SELL
            and condition <= POST_ONLY
            and self_match <= _WORST_POLICY
            and 0 <= index < self._count
        ):
            out = self._books[index].add(order_id, owner, side, price, lots, condition, self_match)
        elif kind == CANCEL and 0 <= index < self._count:
            out = self._books[index].cancel(order_id)
        else:
            out = self._change_or_refuse(event)
        self._output_seq += len(out)
        return out

    def _change_or_refuse(self, event: InputEvent) -> list[OutputEvent]:
        kind, side, condition, self_match, index, order_id, owner, price, lots = event
        if not 0 <= index < self._count:
            refusal = Refusal.UNKNOWN_BOOK
        elif kind not in (ADD, REDUCE, REPLACE):
            refusal = Refusal.UNKNOWN_KIND
        elif not 0 < lots <= MAX_INTEGER:
            refusal = Refusal.BAD_QUANTITY
        elif kind == REDUCE:
            return self._books[index].reduce(order_id, lots)
        elif not 0 < price <= MAX_INTEGER:
            refusal = Refusal.BAD_PRICE
        elif kind == ADD and side not in _SIDES:
            refusal = Refusal.BAD_SIDE
        elif condition > POST_ONLY or self_match > _WORST_POLICY:
            refusal = Refusal.UNKNOWN_KIND
        else:
            return self._books[index].replace(order_id, price, lots, self_match)
        return [(REJECTED, side, refusal, 0, index, order_id, owner, 0, 0, price, lots, 0)]

    def run(self, batch: bytes) -> bytes:
        if len(batch) % INPUT.size:
            raise ValueError(f"a batch is a whole number of {INPUT.size}-byte records")
        records = list(INPUT.iter_unpack(batch))
        for expected, record in enumerate(records, self._input_seq + 1):
            if record[0] != expected:
                raise ValueError(f"record {record[0]} came where {expected} was due")
        printed: list[bytes] = []
        pack = OUTPUT.pack
        for record in records:
            seq = self._output_seq
            for offset, output in enumerate(self.process(record[1:]), 1):
                printed.append(pack(seq + offset, *output))
        return b"".join(printed)

    # -- state -----------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        parts = [_HEADER.pack(_MAGIC, len(self._books), self._input_seq, self._output_seq)]
        for book in self._books:
            parts.append(_SECTION.pack(len(book.orders)))
            for side in (BUY, SELL):
                for level in book.best_first(side):
                    price = level.price
                    parts.extend(
                        _ORDER.pack(side, order_id, owner, price, leaves)
                        for order_id, (owner, leaves) in level.queue.items()
                    )
        return b"".join(parts)

    def restore(self, data: bytes) -> None:
        try:
            magic, count, input_seq, output_seq = _HEADER.unpack_from(data, 0)
            if magic != _MAGIC or count != len(self._books):
                raise ValueError("not a snapshot of this core")
            books, offset = [], _HEADER.size
            for index in range(count):
                book = Book(index)
                (orders,) = _SECTION.unpack_from(data, offset)
                offset += _SECTION.size
                for _ in range(orders):
                    _place(book, *_ORDER.unpack_from(data, offset))
                    offset += _ORDER.size
                books.append(book)
        except struct.error as error:
            raise ValueError("the snapshot is cut short") from error
        if offset != len(data):
            raise ValueError("the snapshot has bytes after its end")
        self._books = books
        self._input_seq, self._output_seq = input_seq, output_seq

    def state_hash(self) -> str:
        return blake2b(self.snapshot(), digest_size=16).hexdigest()

    # -- reads -----------------------------------------------------------------------------------------------

    def best(self, book: int, side: int) -> tuple[int, int] | None:
        half = self._books[book].sides[side]
        if not half.keys:
            return None
        level = half.levels[half.keys[-1]]
        return level.price, level.total

    def level(self, book: int, side: int, price: int) -> tuple[int, int]:
        level = self._books[book].sides[side].levels.get(price if side == BUY else -price)
        return (0, 0) if level is None else (level.total, len(level.queue))

    def levels(self, book: int, side: int, depth: int) -> list[tuple[int, int, int]]:
        half = self._books[book].sides[side]
        levels = half.levels
        keys = half.keys[-depth:] if depth > 0 else []
        return [(level.price, level.total, len(level.queue)) for level in (levels[key] for key in reversed(keys))]

    def order(self, book: int, order_id: int) -> tuple[int, int, int, int] | None:
        level = self._books[book].orders.get(order_id)
        if level is None:
            return None
        owner, leaves = level.queue[order_id]
        return level.side, level.price, leaves, owner

    def order_ids(self, book: int) -> list[int]:
        found = self._books[book]
        return [order_id for side in (BUY, SELL) for level in found.best_first(side) for order_id in level.queue]

    def quantity_ahead(self, book: int, order_id: int) -> int:
        return self._books[book].quantity_ahead(order_id)


def _place(book: Book, side: int, order_id: int, owner: int, price: int, leaves: int) -> None:
    """Put an order of a snapshot at the back of its queue, without matching."""
    if side not in _SIDES or leaves <= 0 or price <= 0 or order_id in book.orders:
        raise ValueError("the snapshot holds an impossible order")
    half = book.sides[side]
    level = half.levels.get(price * half.sign) or half.make(price)
    level.queue[order_id] = (owner, leaves)
    book.orders[order_id] = level
    level.total += leaves
