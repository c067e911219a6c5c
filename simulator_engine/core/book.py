"""One instrument's order book: price, then time. Integers only; readable first, the oracle for faster ones."""

from __future__ import annotations

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
    SELL,
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
_NEVER_RESTS = (IMMEDIATE_OR_CANCEL, FILL_OR_KILL)


class Book:
    """The book of one instrument. Each method appends what happened to `out`, in order, level deltas last.

    Every input is judged: an impossible one is answered with REJECTED and changes nothing. Never crossed at rest.
    """

    __slots__ = ("index", "orders", "sides")

    def __init__(self, index: int) -> None:
        self.index = index
        self.sides = (HalfBook(BUY, 1), HalfBook(SELL, -1))
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
        key = price if side == BUY else -price
        keys = self.sides[1 - side].keys
        # The other side's keys have the other sign: they cross when the two add up to zero or more.
        if keys and keys[-1] + key >= 0:
            if condition == POST_ONLY:
                out.append((REJECTED, side, Refusal.WOULD_TAKE, 0, index, order_id, owner, 0, 0, price, lots, 0))
                return
            if condition == FILL_OR_KILL and self._available(owner, side, price, lots, self_match) < lots:
                out.append((CANCELED, side, _UNFILLED_FOK, 0, index, order_id, owner, 0, 0, price, lots, 0))
                return
            lots = self._match(out, order_id, owner, side, price, lots, self_match)
            if lots <= 0:
                return
        if condition in _NEVER_RESTS:
            reason = _UNFILLED_IOC if condition == IMMEDIATE_OR_CANCEL else _UNFILLED_FOK
            out.append((CANCELED, side, reason, 0, index, order_id, owner, 0, 0, price, lots, 0))
            return
        half = self.sides[side]
        level = half.levels.get(key) or half.make(price)
        queue = level.queue
        queue[order_id] = self.orders[order_id] = RestingOrder(order_id, owner, lots, level)
        ahead = level.total
        level.total = total = ahead + lots
        out.append((ACCEPTED, side, 0, 0, index, order_id, owner, 0, 0, price, lots, ahead))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, total, len(queue)))

    def cancel(self, out: list[OutputEvent], order_id: int) -> None:
        order = self.orders.pop(order_id, None)
        index = self.index
        if order is None:
            out.append((REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, 0, 0, 0))
            return
        level, leaves = order.level, order.leaves
        side, price, queue = level.side, level.price, level.queue
        del queue[order_id]
        level.total = total = level.total - leaves
        if not queue:
            self.sides[side].drop(level)
        out.append((CANCELED, side, _REQUESTED, 0, index, order_id, order.owner, 0, 0, price, leaves, 0))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, total, len(queue)))

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
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, len(level.queue)))

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
                del level.queue[order_id]
                level.queue[order_id] = order
                ahead = level.total - order.leaves
                order.leaves = lots
                level.total += change
            else:
                order.leaves = lots
                level.total += change
                ahead = self.quantity_ahead(order_id)
            kept = 1 if change < 0 else 0
            out.append((REPLACED, side, _REQUESTED, kept, index, order_id, owner, 0, 0, price, lots, ahead))
            out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, len(level.queue)))
            return
        self._take_out(order)
        out.append((REPLACED, side, _REQUESTED, 0, index, order_id, owner, 0, 0, price, lots, -1))
        out.append((LEVEL, side, 0, 0, index, 0, 0, 0, 0, level.price, level.total, len(level.queue)))
        self.add(out, order_id, owner, side, price, lots, 0, self_match)

    # -- reads -----------------------------------------------------------------------------------------------

    def quantity_ahead(self, order_id: int) -> int:
        """Lots that trade before the order at its price; −1 when it does not rest."""
        order = self.orders.get(order_id)
        if order is None:
            return -1
        ahead = 0
        for other in order.level.queue.values():
            if other is order:
                break
            ahead += other.leaves
        return ahead

    def best_first(self, side: int) -> Iterator[Level]:
        half = self.sides[side]
        levels = half.levels
        for key in reversed(half.keys):
            yield levels[key]

    # -- inside ----------------------------------------------------------------------------------------------

    def _take_out(self, order: RestingOrder) -> None:
        """Out of its queue and the book, and its level too when it was the last."""
        level = order.level
        del self.orders[order.order_id]
        del level.queue[order.order_id]
        level.total -= order.leaves
        if not level.queue:
            self.sides[level.side].drop(level)

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
            price, queue, before = level.price, level.queue, level.total
            stopped: OutputEvent | None = None
            # Orders leave the queue while it is walked, so each step looks at its front anew.
            while queue and lots > 0:
                maker = next(iter(queue.values()))
                maker_id, leaves, maker_owner = maker.order_id, maker.leaves, maker.owner
                if self_match and maker_owner == owner:
                    lots, stopped = self._prevent(out, maker, taker_id, side, limit, lots, self_match)
                elif leaves > lots:
                    maker.leaves = left = leaves - lots
                    level.total -= lots
                    out.append((TRADE, side, 0, 0, index, taker_id, owner, maker_id, maker_owner, price, lots, left))
                    lots = 0
                else:
                    lots -= leaves
                    level.total -= leaves
                    del queue[maker_id]
                    del orders[maker_id]
                    out.append((TRADE, side, 0, 0, index, taker_id, owner, maker_id, maker_owner, price, leaves, 0))
            if not queue:
                half.drop(level)
            if level.total != before:
                out.append((LEVEL, 1 - side, 0, 0, index, 0, 0, 0, 0, price, level.total, len(queue)))
            if stopped is not None:
                out.append(stopped)
        return lots

    def _prevent(
        self,
        out: list[OutputEvent],
        maker: RestingOrder,
        taker_id: int,
        side: int,
        limit: int,
        lots: int,
        self_match: int,
    ) -> tuple[int, OutputEvent | None]:
        """Apply the self-match policy to a taker and the same owner's resting order, which may leave its queue.

        Returns the taker's lots, and the taker's end, to be told after the level's change.
        """
        index, owner, level = self.index, maker.owner, maker.level
        maker_id, leaves, maker_side, price = maker.order_id, maker.leaves, level.side, level.price
        stopped: OutputEvent | None = None
        gone = shared = 0
        if self_match in (_CANCEL_TAKER, _CANCEL_BOTH):
            stopped = (CANCELED, side, _SELF_MATCH, 0, index, taker_id, owner, 0, 0, limit, lots, 0)
            lots = 0
        elif self_match != _CANCEL_MAKER:
            # Decrement: both lose the smaller of the two, and neither trades.
            gone = shared = min(lots, leaves)
            lots -= shared
        if self_match in (_CANCEL_MAKER, _CANCEL_BOTH):
            gone = leaves
        if gone:
            kind = REDUCED if gone < leaves else CANCELED
            out.append((kind, maker_side, _SELF_MATCH, 0, index, maker_id, owner, 0, 0, price, gone, leaves - gone))
            maker.leaves = leaves - gone
            level.total -= gone
            if gone == leaves:
                del level.queue[maker_id]
                del self.orders[maker_id]
        if shared:
            kind = REDUCED if lots else CANCELED
            out.append((kind, side, _SELF_MATCH, 0, index, taker_id, owner, 0, 0, limit, shared, lots))
        return lots, stopped

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
            for order in level.queue.values():
                if order.owner != owner:
                    found += order.leaves
                elif self_match != _CANCEL_MAKER:
                    return found
        return found
