"""The crowd's resting orders: placed at, inside and behind the touch, kept for a while, pulled when they turn stale.

One random stream of its own; lifetimes are entries of the schedule.
"""

from __future__ import annotations

from typing import Final

from simulator_engine.core.reasons import Side
from simulator_engine.core.venue import Venue
from simulator_engine.market import schedule as due
from simulator_engine.market.fundamental import Driver
from simulator_engine.market.rng import Stream
from simulator_engine.market.schedule import Schedule
from simulator_engine.market.sizes import limit_lots

OWNER_LIMIT: Final = 20
INSIDE: Final = 0.15
AT_BEST: Final = 0.42
FLEETING: Final = 0.35
FLEETING_S: Final = 0.35
NEAR_S: Final = 14.0
FAR_S: Final = 300.0
ALERT: Final = 0.6
"""The chance that a stale order is pulled in a step."""


class LimitOrders:
    """The noise limit orders of one symbol. `near` holds those at the touch: order id → (sign, price)."""

    __slots__ = ("_index", "_schedule", "_symbol", "_venue", "near", "stream")

    def __init__(self, *, stream: Stream, venue: Venue, schedule: Schedule, symbol: str, index: int) -> None:
        self.stream = stream
        self._venue = venue
        self._schedule = schedule
        self._symbol = symbol
        self._index = index
        self.near: dict[int, tuple[int, int]] = {}

    def arrive(self, driver: Driver, unit: float, scale: float, now_ns: int) -> None:
        """One order: inside the spread, at the best, or behind it with a power-law distance."""
        venue, symbol, stream = self._venue, self._symbol, self.stream
        bid, ask = venue.best_bid(symbol), venue.best_ask(symbol)
        if bid is None or ask is None:
            return
        sign = 1 if stream.uniform() < 0.5 else -1
        best = bid[0] if sign > 0 else ask[0]
        spread = ask[0] - bid[0]
        place = stream.uniform()
        distance = 0
        if place < INSIDE and spread > 1:
            distance = -(1 + stream.below(min(spread - 1, 2 + spread // 3)))
        elif place > INSIDE + AT_BEST:
            distance = int(unit * stream.pareto(0.95))
            furthest = int(0.5 * driver.day_sigma_ticks) + 20
            if distance > furthest:
                distance = 1 + stream.below(furthest)
        price = best - sign * distance
        if price < 1:
            return
        near = distance <= 2.0 * unit
        if not near:
            life = stream.exponential(FAR_S)
        elif stream.uniform() < FLEETING:
            life = stream.exponential(FLEETING_S)
        else:
            life = stream.exponential(NEAR_S)
        self.rest(sign, price, limit_lots(stream, scale, distance / unit), 1_000_000 + int(life * 1e9), now_ns, near)

    def rest(self, sign: int, price: int, lots: int, life_ns: int, now_ns: int, near: bool) -> None:
        side = Side.BUY if sign > 0 else Side.SELL
        order_id = self._venue.participant_limit(self._symbol, side, price, lots, OWNER_LIMIT, now_ns)
        if order_id:
            self._schedule.add(now_ns + life_ns, due.CANCEL, self._index, order_id)
            if near:
                self.near[order_id] = (sign, price)

    def expire(self, order_id: int, now_ns: int) -> None:
        """An order's life is over, if it was not filled or pulled before."""
        self.near.pop(order_id, None)
        self._venue.participant_cancel(self._symbol, order_id, now_ns)

    def pull_stale(self, fair: float, margin: float, now_ns: int) -> None:
        """Attentive owners pull what offers more than the share is worth now."""
        stale = [
            order_id
            for order_id, (sign, price) in self.near.items()
            if (price > fair - margin if sign > 0 else price < fair + margin)
        ]
        for order_id in stale:
            if self.stream.uniform() < ALERT:
                del self.near[order_id]
                self._venue.participant_cancel(self._symbol, order_id, now_ns)

    def forget(self) -> None:
        self.near = {}

    def state(self) -> list[object]:
        return [self.stream.state, [[order_id, *where] for order_id, where in sorted(self.near.items())]]

    def load(self, state: list[object]) -> None:
        stream, near = state
        assert isinstance(stream, int)
        assert isinstance(near, list)
        self.stream.state = stream
        self.near = {order_id: (sign, price) for order_id, sign, price in near}
