"""What a book is made of: orders in a queue, queues in levels, levels in a side. Keeps totals; never matches.

A side keeps its levels in a dict and their keys in one sorted list, best last. A key is the price for bids and
minus the price for asks, so that one code serves both sides.
"""

from __future__ import annotations

from bisect import bisect_left, insort

Resting = tuple[int, int]
"""(owner, open lots) of an order in its queue; the lots are always above zero."""


class Level:
    """All that rests at one price of one side. `queue` is by order id, oldest first; `total` its open lots.

    A dict keeps the order of arrival and gives up any order at once; taking from its front stays cheap because
    it is packed anew as it grows.
    """

    __slots__ = ("key", "price", "queue", "side", "total")

    def __init__(self, side: int, price: int, key: int) -> None:
        self.side = side
        self.price = price
        self.key = key
        self.total = 0
        self.queue: dict[int, Resting] = {}


class HalfBook:
    """One side: `levels` by key, and the same keys sorted, best last."""

    __slots__ = ("keys", "levels", "side", "sign")

    def __init__(self, side: int, sign: int) -> None:
        self.side = side
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, Level] = {}

    def make(self, price: int) -> Level:
        """A new level, where there is none yet."""
        key = price * self.sign
        level = self.levels[key] = Level(self.side, price, key)
        keys = self.keys
        if not keys or key > keys[-1]:
            keys.append(key)
        else:
            insort(keys, key)
        return level

    def drop(self, level: Level) -> None:
        """Take a level out."""
        keys = self.keys
        key = level.key
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]
        del self.levels[key]
