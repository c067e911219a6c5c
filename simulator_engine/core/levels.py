"""What a book is made of: orders in a queue, queues in levels, levels in a side. Keeps totals; never matches.

A side keeps its levels in a dict and their keys in one sorted list, best last. A key is the price for bids and
minus the price for asks, so that one code serves both sides.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator


class RestingOrder:
    """An order in a queue. `leaves` is what it still offers, always above zero while it rests."""

    __slots__ = ("after", "before", "leaves", "level", "order_id", "owner")

    def __init__(self, order_id: int, owner: int, leaves: int, level: Level) -> None:
        self.order_id = order_id
        self.owner = owner
        self.leaves = leaves
        self.level = level
        self.before: RestingOrder | None = None
        self.after: RestingOrder | None = None


class Level:
    """All that rests at one price of one side, oldest at the head."""

    __slots__ = ("count", "head", "key", "price", "side", "tail", "total")

    def __init__(self, side: int, price: int, key: int) -> None:
        self.side = side
        self.price = price
        self.key = key
        self.total = 0
        self.count = 0
        self.head: RestingOrder | None = None
        self.tail: RestingOrder | None = None

    def append(self, order: RestingOrder) -> None:
        last = self.tail
        order.before = last
        order.after = None
        if last is None:
            self.head = order
        else:
            last.after = order
        self.tail = order
        self.total += order.leaves
        self.count += 1

    def remove(self, order: RestingOrder) -> None:
        before, after = order.before, order.after
        if before is None:
            self.head = after
        else:
            before.after = after
        if after is None:
            self.tail = before
        else:
            after.before = before
        self.total -= order.leaves
        self.count -= 1

    def __iter__(self) -> Iterator[RestingOrder]:
        order = self.head
        while order is not None:
            yield order
            order = order.after


class HalfBook:
    """One side: `levels` by key, and the same keys sorted, best last."""

    __slots__ = ("keys", "levels")

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def drop(self, level: Level) -> None:
        keys = self.keys
        key = level.key
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]
        del self.levels[key]
