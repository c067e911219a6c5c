"""Who keeps both sides of a book alive: market makers near the touch, deep contrarians far from it.

They quote round the driver's fair value, never cross what rests, and pull only what left their ladder.
"""

from __future__ import annotations

from typing import Final

from simulator_engine.core.reasons import Side
from simulator_engine.core.venue import Venue
from simulator_engine.market.fundamental import Driver
from simulator_engine.market.rng import Stream

BUY: Final = Side.BUY
SELL: Final = Side.SELL

LEVELS: Final = 7
SLACK: Final = 2
"""An order may stay this many rungs outside the ladder's far end before it is pulled."""
HEDGE_NS: Final = 300_000_000_000
RUNGS: Final = (0.25, 0.4, 0.65, 1.0, 1.5, 2.2, 3.2, 4.5)
"""The deep contrarians' distances from the value, in daily standard deviations."""


class Quotes:
    """The resting orders of one participant: what it must know to pull or replenish them."""

    __slots__ = ("asks", "bids", "inventory", "left", "owner")

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.left: dict[int, int] = {}
        self.inventory = 0.0

    def place(self, venue: Venue, symbol: str, side: Side, price: int, lots: int, now_ns: int) -> None:
        order_id = venue.participant_limit(symbol, side, price, lots, self.owner, now_ns)
        if order_id:
            (self.bids if side is BUY else self.asks)[price] = order_id
            self.left[order_id] = lots

    def pull(self, venue: Venue, symbol: str, side: Side, price: int, now_ns: int) -> None:
        order_id = (self.bids if side is BUY else self.asks).pop(price)
        del self.left[order_id]
        venue.participant_cancel(symbol, order_id, now_ns)

    def filled(self, order_id: int, side: Side, price: int, lots: int) -> None:
        self.inventory += lots if side is BUY else -lots
        left = self.left.get(order_id)
        if left is None:
            return
        if left > lots:
            self.left[order_id] = left - lots
            return
        del self.left[order_id]
        (self.bids if side is BUY else self.asks).pop(price, None)

    def forget(self) -> None:
        self.bids, self.asks, self.left = {}, {}, {}

    def state(self) -> list[object]:
        return [
            self.inventory,
            [[price, order_id, self.left[order_id]] for price, order_id in sorted(self.bids.items())],
            [[price, order_id, self.left[order_id]] for price, order_id in sorted(self.asks.items())],
        ]

    def load(self, state: list[object]) -> None:
        inventory, bids, asks = state
        assert isinstance(inventory, float)
        assert isinstance(bids, list)
        assert isinstance(asks, list)
        self.inventory = inventory
        self.bids = {price: order_id for price, order_id, _ in bids}
        self.asks = {price: order_id for price, order_id, _ in asks}
        self.left = {order_id: left for _, order_id, left in bids + asks}


class MarketMaker(Quotes):
    """One market maker: seven rungs a side round the fair value, its own error, the imbalance and its
    inventory.
    """

    __slots__ = ("_base", "_error", "_spacing", "_stream", "_unit", "_woken_ns")

    def __init__(self, *, owner: int, stream: Stream, base_lots: int) -> None:
        super().__init__(owner)
        self._stream = stream
        self._base = base_lots
        self._spacing = 1
        self._unit = 1.0
        self._error = 0.0
        self._woken_ns = 0

    def measure(self, unit: float, spacing: int) -> None:
        """The day's yardstick of prices, and how far apart the rungs are."""
        self._unit = unit
        self._spacing = spacing

    def requote(self, venue: Venue, symbol: str, driver: Driver, now_ns: int) -> None:
        """Bring the ladder to where it should be now."""
        bid, ask = venue.best_bid(symbol), venue.best_ask(symbol)
        imbalance = 0.0
        if bid is not None and ask is not None:
            imbalance = 0.3 * self._unit * (bid[1] - ask[1]) / (bid[1] + ask[1])
        self.inventory /= 1.0 + (now_ns - self._woken_ns) / HEDGE_NS
        self._woken_ns = now_ns
        skew = self.inventory / (8.0 * self._base)
        skew = 1.5 if skew > 1.5 else -1.5 if skew < -1.5 else skew
        self._error = 0.85 * self._error + 0.25 * self._unit * self._stream.normal()
        centre = driver.fair + self._error + imbalance - skew * self._unit
        half = (0.68 + 0.7 * driver.sigma_second) * driver.liquidity
        spacing = self._spacing
        top_bid = int(centre - half)
        top_ask = int(centre + half) + 1
        # Rungs sit on a fixed grid, so that a small move of the centre moves few orders.
        top_bid -= top_bid % spacing
        top_ask += -top_ask % spacing
        if top_bid < spacing:
            top_bid = spacing
        if top_ask <= top_bid:
            top_ask = top_bid + spacing
        reach = spacing * (LEVELS + SLACK - 1)
        # Sorted, because a restored ladder remembers prices but not the order in which they were placed.
        for price in sorted(p for p in self.bids if p > top_bid or p < top_bid - reach):
            self.pull(venue, symbol, BUY, price, now_ns)
        for price in sorted(p for p in self.asks if p < top_ask or p > top_ask + reach):
            self.pull(venue, symbol, SELL, price, now_ns)
        self._fill_ladder(venue, symbol, top_bid, top_ask, now_ns)

    def _fill_ladder(self, venue: Venue, symbol: str, top_bid: int, top_ask: int, now_ns: int) -> None:
        spacing, base = self._spacing, self._base
        ask = venue.best_ask(symbol)
        limit = ask[0] if ask is not None else 1 << 40
        bids = self.bids
        for rung in range(LEVELS):
            price = top_bid - rung * spacing
            if price not in bids and 0 < price < limit:
                lots = base + (base * rung * (1 + self._stream.below(3))) // 4
                self.place(venue, symbol, BUY, price, lots, now_ns)
        bid = venue.best_bid(symbol)
        floor = bid[0] if bid is not None else 0
        asks = self.asks
        for rung in range(LEVELS):
            price = top_ask + rung * spacing
            if price not in asks and price > floor:
                lots = base + (base * rung * (1 + self._stream.below(3))) // 4
                self.place(venue, symbol, SELL, price, lots, now_ns)

    def next_wake_ns(self, activity_root: float) -> int:
        """How long until the maker looks again by itself."""
        return 1 + int(self._stream.exponential(0.8 / activity_root) * 1e9)

    def state(self) -> list[object]:
        return [*super().state(), self._stream.state, self._error, self._woken_ns]

    def load(self, state: list[object]) -> None:
        *quotes, stream, error, woken = state
        super().load(quotes)
        assert isinstance(stream, int)
        assert isinstance(error, float)
        assert isinstance(woken, int)
        self._stream.state, self._error, self._woken_ns = stream, error, woken


class DeepContrarians(Quotes):
    """Patient buyers far below and sellers far above the value, replenished: the floor under a heavy
    sweep.
    """

    __slots__ = ("_base",)

    def __init__(self, *, owner: int, base_lots: int) -> None:
        super().__init__(owner)
        self._base = base_lots

    def replenish(self, venue: Venue, symbol: str, driver: Driver, now_ns: int) -> None:
        sigma = driver.day_sigma_ticks
        centre = driver.value
        bid, ask = venue.best_bid(symbol), venue.best_ask(symbol)
        wanted_bids: dict[int, int] = {}
        wanted_asks: dict[int, int] = {}
        for rung, distance in enumerate(RUNGS):
            gap = max(8.0 * (rung + 1), distance * sigma)
            # A coarse grid: an order moves only when the value has moved a good part of its distance.
            grid = max(1, int(gap * 0.15))
            lots = self._base * (rung + 2)
            low = int(centre - gap)
            low = max(rung + 1 if low < grid else 1, low - low % grid)
            high = int(centre + gap)
            high += -high % grid
            if ask is None or low < ask[0]:
                wanted_bids.setdefault(low, lots)
            if bid is None or high > bid[0]:
                wanted_asks.setdefault(high, lots)
        left = self.left
        # A rung that lost half of its size is renewed.
        for price in sorted(p for p, i in self.bids.items() if 2 * left[i] < wanted_bids.get(p, 1 << 40)):
            self.pull(venue, symbol, BUY, price, now_ns)
        for price in sorted(p for p, i in self.asks.items() if 2 * left[i] < wanted_asks.get(p, 1 << 40)):
            self.pull(venue, symbol, SELL, price, now_ns)
        for price, lots in wanted_bids.items():
            if price not in self.bids:
                self.place(venue, symbol, BUY, price, lots, now_ns)
        for price, lots in wanted_asks.items():
            if price not in self.asks:
                self.place(venue, symbol, SELL, price, lots, now_ns)
