"""All the participants of one symbol: market makers, contrarians, and the flows of takers and limit orders.

Aggregated populations, each with its own random stream, acting on the venue's book in simulated time only.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from simulator_engine.core.reasons import Side
from simulator_engine.core.venue import Venue
from simulator_engine.market import schedule as due
from simulator_engine.market.fundamental import STEP_S, Driver
from simulator_engine.market.limit_orders import LimitOrders
from simulator_engine.market.makers import DeepContrarians, MarketMaker
from simulator_engine.market.metaorders import Metaorders
from simulator_engine.market.numeric import exp
from simulator_engine.market.rng import Stream
from simulator_engine.market.schedule import Schedule
from simulator_engine.market.sizes import taker_lots

BUY: Final = Side.BUY
SELL: Final = Side.SELL

MAKERS: Final = 4
HURRIED_MAKERS: Final = 3
"""How many of them react at once when the touch or the value moves; the others come later."""
OWNER_MAKER: Final = 10
OWNER_DEEP: Final = 15
OWNER_NOISE: Final = 21
OWNER_META: Final = 22
OWNER_VALUE: Final = 23
OWNER_MOMENTUM: Final = 24

STEP_NS: Final = int(STEP_S * 1_000_000_000)
NOISE_RATE: Final = 0.1
LIMIT_RATE: Final = 3.0
LIMITS_A_TRADE: Final = 1.2
PATIENCE_NS: Final = 8_000_000_000
"""How long a metaorder's passive child waits."""
META_RATE: Final = 0.034
QUICK_CHILDREN: Final = 0.22
SLOW_CHILDREN: Final = 0.35
COPY_SIGN: Final = 0.58
FAST_MEAN: Final = exp(-STEP_S / 30.0)
SLOW_MEAN: Final = exp(-STEP_S / 200.0)


class Participants:
    """The populations of one symbol. `scale` multiplies every order's size, so that volumes suit the
    share.
    """

    __slots__ = (
        "_contrarians",
        "_hurried",
        "_limits",
        "_makers",
        "_metaorders",
        "_noise",
        "_schedule",
        "_unit",
        "_value",
        "_venue",
        "day_scale",
        "driver",
        "fast_mean",
        "index",
        "last_sign",
        "scale",
        "slow_mean",
        "symbol",
    )

    def __init__(
        self,
        *,
        index: int,
        symbol: str,
        venue: Venue,
        schedule: Schedule,
        driver: Driver,
        seed: int,
        scale: float,
    ) -> None:
        self.index = index
        self.symbol = symbol
        self.driver = driver
        self.scale = scale
        self.day_scale = 1.0
        """How much busier than usual the day is, in size."""
        self._venue = venue
        self._schedule = schedule
        self._unit = 1.0
        base = max(1, int(100 * scale))
        self._makers = [
            MarketMaker(
                owner=OWNER_MAKER + k,
                stream=Stream.named(seed, symbol, f"maker-{k}"),
                base_lots=base * (5 if k == MAKERS - 1 else 1),
            )
            for k in range(MAKERS)
        ]
        self._contrarians = DeepContrarians(owner=OWNER_DEEP, base_lots=1_500 * max(1, int(scale)))
        self._noise = Stream.named(seed, symbol, "noise-takers")
        self._limits = LimitOrders(
            stream=Stream.named(seed, symbol, "limit-orders"),
            venue=venue,
            schedule=schedule,
            symbol=symbol,
            index=index,
        )
        self._value = Stream.named(seed, symbol, "value")
        self._metaorders = Metaorders(Stream.named(seed, symbol, "metaorders"))
        self._hurried = False
        self.last_sign = 1
        self.fast_mean = self.slow_mean = driver.value

    # -- the day ---------------------------------------------------------

    def open(self, now_ns: int) -> None:
        """Fill the empty book, or what the trader's own orders left of it, and start every clock."""
        self.fast_mean = self.slow_mean = self.driver.value
        self._hurried = False
        self._measure(max(1.0, 0.55 * self.driver.usual_sigma_second))
        self._metaorders.forget()
        self._contrarians.replenish(self._venue, self.symbol, self.driver, now_ns)
        for k, maker in enumerate(self._makers):
            maker.requote(self._venue, self.symbol, self.driver, now_ns)
            self._schedule.add(now_ns + maker.next_wake_ns(1.0), due.WAKE, self.index, k)
        for _ in range(120):
            self._limits.arrive(self.driver, self._unit, self.scale * self.day_scale, now_ns)
        self._schedule.add(now_ns + 4_000_000_000, due.DEEP, self.index)

    def _measure(self, unit: float) -> None:
        """Set the day's yardstick of prices: about half of what the share moves in a second, at least a tick."""
        self._unit = unit
        for k, maker in enumerate(self._makers):
            maker.measure(unit, max(1, int(unit)) * (6 if k == MAKERS - 1 else 1))

    def close(self, now_ns: int) -> None:
        """Forget the orders that the venue expires with the day."""
        self._limits.forget()
        for maker in self._makers:
            maker.forget()
        self._contrarians.forget()

    def step(self, now_ns: int) -> None:
        """After the driver's half second: who comes within the next one."""
        driver = self.driver
        activity = driver.activity
        noise = self._noise
        span = activity * STEP_S
        for _ in range(noise.poisson(NOISE_RATE * span)):
            self._soon(now_ns, noise, due.NOISE)
        limits = self._limits.stream
        for _ in range(limits.poisson(LIMIT_RATE * span)):
            self._soon(now_ns, limits, due.LIMIT)
        self._limits.pull_stale(driver.fair, 0.3 * self._unit, now_ns)
        meta = self._metaorders
        for _ in range(meta.stream.poisson(META_RATE * span)):
            number = meta.start()
            self._schedule.add(now_ns + meta.wait_ns(number, activity), due.META, self.index, number)
        bid, ask = self._venue.best_bid(self.symbol), self._venue.best_ask(self.symbol)
        if bid is None or ask is None:
            self._contrarians.replenish(self._venue, self.symbol, driver, now_ns)
            return
        middle = 0.5 * (bid[0] + ask[0])
        self.fast_mean = FAST_MEAN * self.fast_mean + (1.0 - FAST_MEAN) * middle
        self.slow_mean = SLOW_MEAN * self.slow_mean + (1.0 - SLOW_MEAN) * middle
        value = self._value
        gap = driver.fair - middle
        distance = (gap if gap > 0.0 else -gap) - 0.5 * (ask[0] - bid[0]) - 0.4
        if distance > 0.0:
            rate = 2.0 * distance / self._unit
            for _ in range(value.poisson((8.0 if rate > 8.0 else rate) * sqrt(activity) * STEP_S)):
                self._soon(now_ns, value, due.VALUE)
        if gap > 0.6 * self._unit or gap < -0.6 * self._unit:
            self._hurry(now_ns)
        trend = (self.fast_mean - self.slow_mean) / (10.0 * self._unit)
        strength = trend if trend > 0.0 else -trend
        if strength > 0.4:
            for _ in range(value.poisson(0.02 * (3.0 if strength > 3.0 else strength) * span)):
                self._soon(now_ns, value, due.MOMENTUM, 1 if trend > 0.0 else -1)

    def _soon(self, now_ns: int, stream: Stream, kind: int, a: int = 0) -> None:
        self._schedule.add(now_ns + 1 + stream.below(STEP_NS), kind, self.index, a)

    # -- what is due ---------------------------------------------------------

    def act(self, kind: int, a: int, now_ns: int) -> None:
        """One scheduled entry of this symbol."""
        if kind == due.CANCEL:
            self._limits.expire(a, now_ns)
        elif kind == due.WAKE:
            maker = self._makers[a]
            maker.requote(self._venue, self.symbol, self.driver, now_ns)
            self._schedule.add(now_ns + maker.next_wake_ns(sqrt(self.driver.activity)), due.WAKE, self.index, a)
        elif kind == due.HURRY:
            self._hurried = False
            for k in range(a, a + HURRIED_MAKERS):
                self._makers[k % MAKERS].requote(self._venue, self.symbol, self.driver, now_ns)
        elif kind == due.LIMIT:
            self._limits.arrive(self.driver, self._unit, self.scale * self.day_scale, now_ns)
        elif kind == due.NOISE:
            self._noise_taker(a, now_ns)
        elif kind == due.META:
            self._metaorder_child(a, now_ns)
        elif kind == due.VALUE:
            self._arbitrage(now_ns)
        elif kind == due.MOMENTUM:
            self._take(a, taker_lots(self._value, self.scale * self.day_scale), OWNER_MOMENTUM, self._value, now_ns)
        elif kind == due.DEEP:
            self._contrarians.replenish(self._venue, self.symbol, self.driver, now_ns)
            self._schedule.add(now_ns + 4_000_000_000, due.DEEP, self.index)

    def filled(self, owner: int, order_id: int, side: Side, price: int, lots: int) -> None:
        """A resting order of a population was hit."""
        if OWNER_MAKER <= owner < OWNER_MAKER + MAKERS:
            self._makers[owner - OWNER_MAKER].filled(order_id, side, price, lots)
        elif owner == OWNER_DEEP:
            self._contrarians.filled(order_id, side, price, lots)
        elif order_id in self._limits.near and not self._venue.resting_lots(self.symbol, order_id):
            del self._limits.near[order_id]

    def user_took(self, sign: int, lots: int, now_ns: int) -> None:
        """The trader took liquidity: remembered like any taker's trade, and the makers look at once."""
        self.driver.taker_trade(sign, lots / (100.0 * self.scale * self.day_scale))
        self.last_sign = sign
        self._hurry(now_ns)

    # -- flows ---------------------------------------------------------

    def _hurry(self, now_ns: int) -> None:
        if self._hurried:
            return
        self._hurried = True
        noise = self._limits.stream
        delay = int(25_000_000 * exp(0.5 * noise.normal()))
        self._schedule.add(now_ns + 1 + delay, due.HURRY, self.index, noise.below(MAKERS))

    def _take(self, sign: int, lots: int, owner: int, stream: Stream, now_ns: int) -> int:
        """A taker's order: two in three stop at the touch, the others go a few ticks deeper."""
        venue, symbol = self._venue, self.symbol
        best = venue.best_ask(symbol) if sign > 0 else venue.best_bid(symbol)
        if best is None:
            return 0
        price, resting = best
        if stream.uniform() < 0.65:
            limit = price
            lots = min(lots, resting)
        else:
            limit = price + sign * (1 + int(6.0 * self._unit))
        side = BUY if sign > 0 else SELL
        filled = venue.participant_market(symbol, side, lots, owner, now_ns, limit_ticks=max(1, limit))
        if filled:
            self.last_sign = sign
            if owner != OWNER_VALUE:
                self.driver.taker_trade(sign, filled / (100.0 * self.scale * self.day_scale))
            if filled >= resting:
                self._hurry(now_ns)
            limits = self._limits.stream
            for _ in range(limits.poisson(LIMITS_A_TRADE)):
                self._schedule.add(now_ns + 1 + int(limits.exponential(0.8) * 1e9), due.LIMIT, self.index)
        return filled

    def _noise_taker(self, sign: int, now_ns: int) -> None:
        """A trade that begets trades: quick imitators and slow ones, in clusters."""
        stream = self._noise
        if sign == 0:
            sign = self._lean(stream)
        elif stream.uniform() < 2.0 * (1.0 - COPY_SIGN):
            sign = 1 if stream.uniform() < 0.5 else -1
        self._take(sign, taker_lots(stream, self.scale * self.day_scale), OWNER_NOISE, stream, now_ns)
        for _ in range(stream.poisson(QUICK_CHILDREN)):
            self._schedule.add(now_ns + 1 + int(stream.exponential(0.25) * 1e9), due.NOISE, self.index, sign)
        for _ in range(stream.poisson(SLOW_CHILDREN)):
            self._schedule.add(now_ns + 1 + int(stream.exponential(40.0) * 1e9), due.NOISE, self.index, sign)

    def _lean(self, stream: Stream) -> int:
        """A fresh taker's sign: towards the thinner side of the touch more often than not."""
        bid, ask = self._venue.best_bid(self.symbol), self._venue.best_ask(self.symbol)
        chance = 0.5
        if bid is not None and ask is not None:
            chance += 0.25 * (bid[1] - ask[1]) / (bid[1] + ask[1])
        return 1 if stream.uniform() < chance else -1

    def _metaorder_child(self, number: int, now_ns: int) -> None:
        meta = self._metaorders
        sign, passive = meta.child(number)
        stream = meta.stream
        lots = taker_lots(stream, self.scale * self.day_scale)
        if passive:
            best = self._venue.best_bid(self.symbol) if sign > 0 else self._venue.best_ask(self.symbol)
            if best is not None:
                self._limits.rest(sign, best[0], lots, PATIENCE_NS, now_ns, near=False)
        else:
            self._take(sign, lots, OWNER_META, stream, now_ns)
        if meta.alive(number):
            wait = meta.wait_ns(number, self.driver.activity)
            self._schedule.add(now_ns + wait, due.META, self.index, number)

    def _arbitrage(self, now_ns: int) -> None:
        """Trade what the touch offers beyond the fair value, if it still does."""
        venue, symbol, stream = self._venue, self.symbol, self._value
        fair = self.driver.fair
        lots = 2 * taker_lots(stream, self.scale * self.day_scale)
        ask = venue.best_ask(symbol)
        if ask is not None and fair > ask[0] + 0.4:
            sign, resting, limit = 1, ask[1], int(fair)
        else:
            bid = venue.best_bid(symbol)
            if bid is None or fair >= bid[0] - 0.4:
                return
            sign, resting, limit = -1, bid[1], int(fair) + 1
        side = BUY if sign > 0 else SELL
        if venue.participant_market(symbol, side, lots, OWNER_VALUE, now_ns, limit_ticks=max(1, limit)) >= resting:
            self._hurry(now_ns)

    # -- state ---------------------------------------------------------

    def state(self) -> list[object]:
        return [
            [maker.state() for maker in self._makers],
            self._contrarians.state(),
            self._metaorders.state(),
            self._noise.state,
            self._limits.state(),
            self._value.state,
            self._unit,
            self._hurried,
            self.last_sign,
            self.fast_mean,
            self.slow_mean,
            self.driver.state(),
        ]

    def load(self, state: list[object]) -> None:
        makers, contrarians, metaorders, noise, limits, value, unit, hurried, sign, fast, slow, driver = state
        assert isinstance(makers, list)
        assert isinstance(contrarians, list)
        assert isinstance(metaorders, list)
        assert isinstance(driver, list)
        assert isinstance(noise, int)
        assert isinstance(limits, list)
        assert isinstance(value, int)
        assert isinstance(unit, float)
        assert isinstance(sign, int)
        self._measure(unit)
        assert isinstance(fast, float)
        assert isinstance(slow, float)
        for maker, saved in zip(self._makers, makers, strict=True):
            maker.load(saved)
        self._contrarians.load(contrarians)
        self._metaorders.load(metaorders)
        self._limits.load(limits)
        self._noise.state, self._value.state = noise, value
        self._hurried, self.last_sign = bool(hurried), sign
        self.fast_mean, self.slow_mean = fast, slow
        self.driver.load(driver)
