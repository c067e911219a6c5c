"""One instrument's order book: price, then time. Integers only; readable first, the oracle for faster ones."""

from __future__ import annotations

from collections.abc import Iterator

from simulator_engine.core.levels import HalfBook, Level
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


class Book:
    """The book of one instrument. Each method returns what happened, in order, the change of a level last.

    Every input is judged: an impossible one is answered with REJECTED and changes nothing. Never crossed at rest.
    """

    __slots__ = ("_facing", "index", "orders", "sides")

    def __init__(self, index: int) -> None:
        self.index = index
        bids, asks = HalfBook(BUY, 1), HalfBook(SELL, -1)
        self.sides = (bids, asks)
        self._facing = ((bids, asks), (asks, bids))
        self.orders: dict[int, Level] = {}

    # -- orders ----------------------------------------------------------------------------------------------

    def add(
        self, order_id: int, owner: int, side: int, price: int, lots: int, condition: int, self_match: int
    ) -> list[OutputEvent]:
        """Match what can be matched at `price` or better, then rest, or cancel, what is left."""
        orders, index = self.orders, self.index
        if order_id in orders:
            return [(REJECTED, side, Refusal.DUPLICATE_ORDER, 0, index, order_id, owner, 0, 0, price, lots, 0)]
        half, opposite = self._facing[side]
        key = price * half.sign
        keys = opposite.keys
        out: list[OutputEvent] = []
        # The other side's keys have the other sign: they cross when the two add up to zero or more.
        if keys and keys[-1] + key >= 0:
            if condition == POST_ONLY:
                return [(REJECTED, side, Refusal.WOULD_TAKE, 0, index, order_id, owner, 0, 0, price, lots, 0)]
            if condition == FILL_OR_KILL and self._available(owner, side, price, lots, self_match) < lots:
                return [(CANCELED, side, _UNFILLED_FOK, 0, index, order_id, owner, 0, 0, price, lots, 0)]
            lots = self._match(out, order_id, owner, side, price, lots, self_match)
            if lots <= 0:
                return out
        if condition and condition != POST_ONLY:
            reason = _UNFILLED_IOC if condition == IMMEDIATE_OR_CANCEL else _UNFILLED_FOK
            out.append((CANCELED, side, reason, 0, index, order_id, owner, 0, 0, price, lots, 0))
            return out
        try:
            level = half.levels[key]
        except KeyError:
            level = half.make(price)
        queue, ahead = level.queue, level.total
        queue[order_id] = (owner, lots)
        orders[order_id] = level
        level.total = total = ahead + lots
        rested: list[OutputEvent] = [
            (ACCEPTED, side, 0, 0, index, order_id, owner, 0, 0, price, lots, ahead),
            (LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, total, len(queue)),
        ]
        return out + rested if out else rested

    def cancel(self, order_id: int) -> list[OutputEvent]:
        index = self.index
        level = self.orders.pop(order_id, None)
        if level is None:
            return [(REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, 0, 0, 0)]
        side, price, queue = level.side, level.price, level.queue
        owner, leaves = queue.pop(order_id)
        level.total = total = level.total - leaves
        if not queue:
            self.sides[side].drop(level)
        return [
            (CANCELED, side, _REQUESTED, 0, index, order_id, owner, 0, 0, price, leaves, 0),
            (LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, total, len(queue)),
        ]

    def reduce(self, order_id: int, lots: int) -> list[OutputEvent]:
        """Take lots off an order in its place in the queue; all of them or more ends it."""
        index = self.index
        level = self.orders.get(order_id)
        if level is None:
            return [(REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, 0, lots, 0)]
        side, price, queue = level.side, level.price, level.queue
        owner, leaves = queue[order_id]
        if lots >= leaves:
            return self.cancel(order_id)
        queue[order_id] = (owner, leaves - lots)
        level.total -= lots
        return [
            (REDUCED, side, _REQUESTED, 0, index, order_id, owner, 0, 0, price, lots, leaves - lots),
            (LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, len(queue)),
        ]

    def replace(self, order_id: int, price: int, lots: int, self_match: int) -> list[OutputEvent]:
        """New limit and open lots. Fewer lots at the same price keep the place; all else goes to the back."""
        index = self.index
        level = self.orders.get(order_id)
        if level is None:
            return [(REJECTED, 0, Refusal.UNKNOWN_ORDER, 0, index, order_id, 0, 0, 0, price, lots, 0)]
        side, queue = level.side, level.queue
        owner, leaves = queue[order_id]
        if price != level.price:
            del self.orders[order_id], queue[order_id]
            level.total -= leaves
            if not queue:
                self.sides[side].drop(level)
            return [
                (REPLACED, side, _REQUESTED, 0, index, order_id, owner, 0, 0, price, lots, -1),
                (LEVEL, side, 0, 0, index, 0, 0, 0, 0, level.price, level.total, len(queue)),
                *self.add(order_id, owner, side, price, lots, 0, self_match),
            ]
        if lots == leaves:
            return [(REJECTED, side, Refusal.NO_CHANGE, 0, index, order_id, owner, 0, 0, price, lots, 0)]
        kept = 1 if lots < leaves else 0
        if not kept:
            del queue[order_id]
        queue[order_id] = (owner, lots)
        level.total += lots - leaves
        ahead = self.quantity_ahead(order_id) if kept else level.total - lots
        return [
            (REPLACED, side, _REQUESTED, kept, index, order_id, owner, 0, 0, price, lots, ahead),
            (LEVEL, side, 0, 0, index, 0, 0, 0, 0, price, level.total, len(queue)),
        ]

    # -- reads -----------------------------------------------------------------------------------------------

    def quantity_ahead(self, order_id: int) -> int:
        """Lots that trade before the order at its price; −1 when it does not rest."""
        level = self.orders.get(order_id)
        if level is None:
            return -1
        ahead = 0
        for other_id, (_, leaves) in level.queue.items():
            if other_id == order_id:
                break
            ahead += leaves
        return ahead

    def best_first(self, side: int) -> Iterator[Level]:
        half = self.sides[side]
        levels = half.levels
        for key in reversed(half.keys):
            yield levels[key]

    # -- inside ----------------------------------------------------------------------------------------------

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
                maker_id = next(iter(queue))
                maker, leaves = queue[maker_id]
                if self_match and maker == owner:
                    lots, stopped = self._prevent(out, level, maker_id, taker_id, side, limit, lots, self_match)
                elif leaves > lots:
                    left = leaves - lots
                    queue[maker_id] = (maker, left)
                    level.total -= lots
                    out.append((TRADE, side, 0, 0, index, taker_id, owner, maker_id, maker, price, lots, left))
                    lots = 0
                else:
                    lots -= leaves
                    level.total -= leaves
                    del queue[maker_id], orders[maker_id]
                    out.append((TRADE, side, 0, 0, index, taker_id, owner, maker_id, maker, price, leaves, 0))
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
        level: Level,
        maker_id: int,
        taker_id: int,
        side: int,
        limit: int,
        lots: int,
        self_match: int,
    ) -> tuple[int, OutputEvent | None]:
        """Apply the self-match policy to a taker and the same owner's resting order, which may leave its queue.

        Returns the taker's lots, and the taker's end, to be told after the level's change.
        """
        index, maker_side, price, queue = self.index, level.side, level.price, level.queue
        owner, leaves = queue[maker_id]
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
            left = leaves - gone
            kind = REDUCED if left else CANCELED
            out.append((kind, maker_side, _SELF_MATCH, 0, index, maker_id, owner, 0, 0, price, gone, left))
            level.total -= gone
            if left:
                queue[maker_id] = (owner, left)
            else:
                del queue[maker_id], self.orders[maker_id]
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
            for maker, leaves in level.queue.values():
                if maker != owner:
                    found += leaves
                elif self_match != _CANCEL_MAKER:
                    return found
        return found
