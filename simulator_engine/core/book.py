"""One instrument's order book: price, then time. Integers only; readable first, the oracle for faster ones."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator

from simulator_engine.core.levels import HalfBook, Level, RestingOrder
from simulator_engine.core.records import (
    ACCEPTED,
    BUY,
    CANCELED,
    FILL_OR_KILL,
    IMMEDIATE_OR_CANCEL,
    LEVEL,
    POST_ONLY,
    REDUCED,
    REJECTED,
    REPLACED,
    TRADE,
    EndReason,
    OutputEvent,
    Refusal,
    SelfMatch,
)

# Plain integers: the tuples of the hot path hold no enum members.
_REQUESTED = int(EndReason.REQUESTED)
_UNFILLED_IOC = int(EndReason.UNFILLED_IOC)
_UNFILLED_FOK = int(EndReason.UNFILLED_FOK)
_SELF_MATCH = int(EndReason.SELF_MATCH)
_CANCEL_TAKER = int(SelfMatch.CANCEL_TAKER)
_CANCEL_MAKER = int(SelfMatch.CANCEL_MAKER)
_CANCEL_BOTH = int(SelfMatch.CANCEL_BOTH)


class Book:
    """The book of one instrument. Each method appends what happened to `out`, in order, level deltas last.

    Every input is judged: an impossible one is answered with REJECTED and changes nothing. Never crossed at
    rest.
    """

    __slots__ = ("index", "orders", "sides")

    def __init__(self, index: int) -> None:
        self.index = index
        self.sides = (HalfBook(), HalfBook())
        self.orders: dict[int, RestingOrder] = {}

    # -- orders ----------------------------------------------------------------------------------------------

    def add(
        self,
        out: list[OutputEvent],
        order_id: int,
        owner: int,
        side: int,
        price: int,
        lots: int,
        condition: int,
        self_match: int,
    ) -> None:
        """Match what can be matched at `price` or better, then rest, or cancel, what is left."""
        index = self.index
        if order_id in self.orders:
            out.append((REJECTED, side, Refusal.DUPLICATE_ORDER, 0, index, order_id, owner, 0, 0, price, lots, 0))
            return
        opposite = self.sides[1 - side]
        keys = opposite.keys
        if keys and keys[-1] >= (-price if side == BUY else price):
            if condition == POST_ONLY:
                out.append((REJECTED, side, Refusal.WOULD_TAKE, 0, index, order_id, owner, 0, 0, price, lots, 0))
                return
            if condition == FILL_OR_KILL and self._available(owner, side, price, lots, self_match) < lots:
                out.append((CANCELED, side, _UNFILLED_FOK, 0, index, order_id, owner, 0, 0, price, lots, 0))
                return
            lots = self._match(out, order_id, owner, side, price, lots, self_match)
            if lots <= 0:
                return
        if condition == IMMEDIATE_OR_CANCEL:
            out.append((CANCELED, side, _UNFILLED_IOC, 0, index, order_id, owner, 0, 0, price, lots, 0))
            return
        if condition == FILL_OR_KILL:
            out.append((CANCELED, side, _UNFILLED_FOK, 0, index, order_id, owner, 0, 0, price, lots, 0))
            return
        self._rest(out, order_id, owner, side, price, lots)

    def cancel(self, out: list[OutputEvent], order_id: int) -> None:
        order = self.orders.pop(order_id, None)
        index = self.index
        if order is None:
            out.append((REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, 0, 0, 0))
            return
        level = order.level
        side, price = level.side, level.price
        level.remove(order)
        if level.count == 0:
            self.sides[side].drop(level)
        out.append((CANCELED, side, _REQUESTED, 0, index, order_id, order.owner, 0, 0, price, order.leaves, 0))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, level.count))

    def reduce(self, out: list[OutputEvent], order_id: int, lots: int) -> None:
        """Take lots off an order in its place in the queue; all of them or more ends it."""
        order = self.orders.get(order_id)
        index = self.index
        if order is None:
            out.append((REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, 0, lots, 0))
            return
        if lots >= order.leaves:
            self.cancel(out, order_id)
            return
        level = order.level
        order.leaves -= lots
        level.total -= lots
        side, price = level.side, level.price
        out.append((REDUCED, side, _REQUESTED, 0, index, order_id, order.owner, 0, 0, price, lots, order.leaves))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, level.count))

    def replace(self, out: list[OutputEvent], order_id: int, price: int, lots: int, self_match: int) -> None:
        """New limit and open lots. Fewer lots at the same price keep the place; anything else goes to the
        back."""
        order = self.orders.get(order_id)
        index = self.index
        if order is None:
            out.append((REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, price, lots, 0))
            return
        level = order.level
        side, owner = level.side, order.owner
        if price == level.price:
            change = lots - order.leaves
            if change == 0:
                out.append((REJECTED, side, Refusal.NO_CHANGE, 0, index, order_id, owner, 0, 0, price, lots, 0))
                return
            if change > 0:
                level.remove(order)
                order.leaves = lots
                level.append(order)
                ahead = level.total - lots
            else:
                order.leaves = lots
                level.total += change
                ahead = self.quantity_ahead(order_id)
            kept = 1 if change < 0 else 0
            out.append((REPLACED, side, _REQUESTED, kept, index, order_id, owner, 0, 0, price, lots, ahead))
            out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, level.count))
            return
        del self.orders[order_id]
        level.remove(order)
        if level.count == 0:
            self.sides[side].drop(level)
        out.append((REPLACED, side, _REQUESTED, 0, index, order_id, owner, 0, 0, price, lots, -1))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, level.price, level.total, level.count))
        self.add(out, order_id, owner, side, price, lots, 0, self_match)

    # -- reads -----------------------------------------------------------------------------------------------

    def quantity_ahead(self, order_id: int) -> int:
        """Lots that trade before the order at its price; −1 when it does not rest."""
        order = self.orders.get(order_id)
        if order is None:
            return -1
        ahead = 0
        before = order.before
        while before is not None:
            ahead += before.leaves
            before = before.before
        return ahead

    def best_first(self, side: int) -> Iterator[Level]:
        half = self.sides[side]
        levels = half.levels
        for key in reversed(half.keys):
            yield levels[key]

    # -- inside ----------------------------------------------------------------------------------------------

    def _rest(self, out: list[OutputEvent], order_id: int, owner: int, side: int, price: int, lots: int) -> None:
        half = self.sides[side]
        key = price if side == BUY else -price
        level = half.levels.get(key)
        if level is None:
            level = half.levels[key] = Level(side, price, key)
            keys = half.keys
            if not keys or key > keys[-1]:
                keys.append(key)
            else:
                insort(keys, key)
        order = self.orders[order_id] = RestingOrder(order_id, owner, lots, level)
        ahead = level.total
        last = level.tail
        if last is None:
            level.head = order
        else:
            last.after = order
            order.before = last
        level.tail = order
        level.count += 1
        level.total = total = ahead + lots
        index = self.index
        out.append((ACCEPTED, side, 0, 0, index, order_id, owner, 0, 0, price, lots, ahead))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, total, level.count))

    def _match(
        self, out: list[OutputEvent], taker_id: int, owner: int, side: int, limit: int, lots: int, self_match: int
    ) -> int:
        """Trade against the other side while it is within the limit. Returns the lots left, 0 when ended."""
        index = self.index
        half = self.sides[1 - side]
        keys, levels, orders = half.keys, half.levels, self.orders
        worst_key = -limit if side == BUY else limit
        while lots > 0 and keys and keys[-1] >= worst_key:
            level = levels[keys[-1]]
            price = level.price
            maker = level.head
            before = level.total
            ended: list[OutputEvent] | None = None
            while maker is not None and lots > 0:
                if self_match and maker.owner == owner:
                    ended = []
                    lots = self._prevent(out, ended, level, maker, taker_id, side, limit, lots, self_match)
                    maker = level.head
                    continue
                maker_id, leaves = maker.order_id, maker.leaves
                if leaves > lots:
                    maker.leaves = left = leaves - lots
                    level.total -= lots
                    out.append((TRADE, side, 0, 0, index, taker_id, owner, maker_id, maker.owner, price, lots, left))
                    lots = 0
                    break
                lots -= leaves
                level.total -= leaves
                level.count -= 1
                del orders[maker_id]
                out.append((TRADE, side, 0, 0, index, taker_id, owner, maker_id, maker.owner, price, leaves, 0))
                maker = level.head = maker.after
                if maker is None:
                    level.tail = None
                else:
                    maker.before = None
            if level.count == 0:
                keys.pop()
                del levels[level.key]
            if level.total != before:
                out.append((LEVEL, 1 - side, 0, 0, index, 0, 0, 0, 0, price, level.total, level.count))
            if ended:
                out.extend(ended)
        return lots

    def _prevent(
        self,
        out: list[OutputEvent],
        ended: list[OutputEvent],
        level: Level,
        maker: RestingOrder,
        taker_id: int,
        side: int,
        limit: int,
        lots: int,
        self_match: int,
    ) -> int:
        """Apply the self-match policy to a taker and the same owner's resting order. Returns the taker's
        lots."""
        index, owner = self.index, maker.owner
        maker_side, price = level.side, level.price
        if self_match in (_CANCEL_TAKER, _CANCEL_BOTH):
            ended.append((CANCELED, side, _SELF_MATCH, 0, index, taker_id, owner, 0, 0, limit, lots, 0))
            lots = 0
        if self_match in (_CANCEL_MAKER, _CANCEL_BOTH):
            out.append(
                (CANCELED, maker_side, _SELF_MATCH, 0, index, maker.order_id, owner, 0, 0, price, maker.leaves, 0)
            )
            level.remove(maker)
            del self.orders[maker.order_id]
        elif self_match != _CANCEL_TAKER:
            # Decrement: both lose the smaller of the two, and neither trades.
            shared = min(lots, maker.leaves)
            lots -= shared
            kind = REDUCED if maker.leaves > shared else CANCELED
            left = maker.leaves - shared
            out.append((kind, maker_side, _SELF_MATCH, 0, index, maker.order_id, owner, 0, 0, price, shared, left))
            if left:
                maker.leaves = left
                level.total -= shared
            else:
                level.remove(maker)
                del self.orders[maker.order_id]
            kind = REDUCED if lots else CANCELED
            out.append((kind, side, _SELF_MATCH, 0, index, taker_id, owner, 0, 0, limit, shared, lots))
        return lots

    def _available(self, owner: int, side: int, limit: int, lots: int, self_match: int) -> int:
        """What a fill-or-kill could trade now, counted no further than `lots`."""
        found = 0
        worst_key = -limit if side == BUY else limit
        for level in self.best_first(1 - side):
            if level.key < worst_key or found >= lots:
                break
            if not self_match:
                found += level.total
                continue
            for order in level:
                if order.owner != owner:
                    found += order.leaves
                elif self_match != _CANCEL_MAKER:
                    return found
        return found
