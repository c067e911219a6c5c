"""What moves a symbol from outside its book: value, volatility, activity, liquidity, and the memory of
takers' trades.

Advances in steps of half a simulated second. Never reads the book; only floats of + − × ÷ √ and the own exp.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from simulator_engine.market.day_path import Waypoint, bridge_step, volatility_shape, volume_shape
from simulator_engine.market.numeric import exp, log, power_three_quarters, tanh
from simulator_engine.market.rng import Stream

STEP_S: Final = 0.5
DAY_S: Final = 23_400.0

_TAUS: Final = (2.5, 12.0, 60.0, 300.0, 1500.0)
_DECAYS: Final = tuple(exp(-STEP_S / tau) for tau in _TAUS)
_RAW_WEIGHTS: Final = tuple(exp(-0.35 * log(tau)) for tau in _TAUS)
_TOTAL_WEIGHT: Final = _RAW_WEIGHTS[0] + _RAW_WEIGHTS[1] + _RAW_WEIGHTS[2] + _RAW_WEIGHTS[3] + _RAW_WEIGHTS[4]
_WEIGHTS: Final = tuple(weight / _TOTAL_WEIGHT for weight in _RAW_WEIGHTS)

_IMPACT: Final = 1.2
"""Ticks of shift per (σ in ticks per √s) at S = 1."""
_IMPACT_CAP: Final = 1.2
"""The shift never passes this many daily standard deviations: heavy selling moves the price and stops
there.
"""

_FAST_DECAY: Final = exp(-STEP_S / 1500.0)
_FAST_NOISE: Final = 0.35 * sqrt(1.0 - _FAST_DECAY * _FAST_DECAY)
_MID_DECAY: Final = exp(-STEP_S / 9000.0)
_MID_NOISE: Final = 0.25 * sqrt(1.0 - _MID_DECAY * _MID_DECAY)
_BURST_DECAY: Final = exp(-STEP_S / 60.0)
_BURST_NOISE: Final = 0.7 * sqrt(1.0 - _BURST_DECAY * _BURST_DECAY)
_LIQUIDITY_DECAY: Final = exp(-STEP_S / 90.0)
_LIQUIDITY_NOISE: Final = 0.22 * sqrt(1.0 - _LIQUIDITY_DECAY * _LIQUIDITY_DECAY)
_SLOW_AR: Final = 0.975
_SLOW_NOISE: Final = 0.3 * sqrt(1.0 - _SLOW_AR * _SLOW_AR)
_LOG_VARIANCE: Final = 0.35 * 0.35 + 0.25 * 0.25 + 0.3 * 0.3 + 0.28 * 0.28
"""The variance of the log volatility: taken off so that a day's volatility is right on average."""

_JUMPS_A_STEP: Final = 8.0 * STEP_S / DAY_S
_JUMP_SD: Final = 0.12
_DIFFUSION: Final = sqrt(1.0 - 8.0 * _JUMP_SD * _JUMP_SD)
_LEVERAGE: Final = 0.4
_LEVERAGE_REST: Final = sqrt(1.0 - _LEVERAGE * _LEVERAGE)
_ROOT_STEP: Final = sqrt(STEP_S / DAY_S)
_ROOT_SECOND: Final = sqrt(1.0 / DAY_S)


class Driver:
    """The drivers of one symbol. Prices and volatilities in ticks; `fraction` is the share of the day
    gone by.
    """

    __slots__ = (
        "_plan",
        "_stream",
        "activity",
        "burst",
        "correlation",
        "daily_volatility",
        "fast",
        "flow",
        "fraction",
        "liquidity",
        "liquidity_log",
        "mid",
        "own_share",
        "plan_index",
        "shift",
        "sigma_second",
        "slow",
        "value",
    )

    def __init__(self, *, stream: Stream, value: float, daily_volatility: float, beta: float) -> None:
        self._stream = stream
        self._plan: list[Waypoint] = []
        self.plan_index = 0
        self.daily_volatility = daily_volatility
        self.correlation = min(0.85, 0.65 * beta)
        self.own_share = sqrt(1.0 - self.correlation * self.correlation)
        self.value = value
        self.fraction = 0.0
        self.fast = 0.35 * stream.normal()
        self.mid = 0.25 * stream.normal()
        # A session begins on a day that is rarely dull or wild; later days drift further.
        self.slow = 0.15 * stream.normal()
        self.burst = 0.0
        self.liquidity_log = 0.0
        self.flow = [0.0, 0.0, 0.0, 0.0, 0.0]
        self.activity = 1.0
        self.liquidity = 1.0
        self.shift = 0.0
        self.sigma_second = value * daily_volatility * _ROOT_SECOND

    @property
    def day_sigma_ticks(self) -> float:
        return self.value * self.daily_volatility

    @property
    def usual_sigma_second(self) -> float:
        """How many ticks the value moves in a second of a usual moment of the day (sd)."""
        return self.value * self.daily_volatility * _ROOT_SECOND

    @property
    def fair(self) -> float:
        """What informed participants take the share to be worth now."""
        return self.value + self.shift

    def open_day(self, *, value: float, plan: list[Waypoint]) -> None:
        """Begin a day at a value; a plan of waypoints ties it to a bar, an empty one leaves it free."""
        self.value = value
        self._plan = plan
        self.plan_index = 1
        self.fraction = 0.0
        self.slow = _SLOW_AR * self.slow + _SLOW_NOISE * self._stream.normal()
        self.burst = 0.0
        self.flow = [0.0, 0.0, 0.0, 0.0, 0.0]
        self.shift = 0.0

    def set_volatility(self, daily_volatility: float) -> None:
        """What is usual for the day ahead: the sd of its log return."""
        self.daily_volatility = daily_volatility

    def resume(self, plan: list[Waypoint]) -> None:
        """After a restore: the plan again, which is derived and not saved."""
        self._plan = plan

    def step(self, market_normal: float) -> None:
        """Half a second on; `market_normal` is the factor that all symbols share."""
        stream = self._stream
        z = self.correlation * market_normal + self.own_share * stream.normal()
        self.fast = _FAST_DECAY * self.fast + _FAST_NOISE * (_LEVERAGE_REST * stream.normal() - _LEVERAGE * z)
        self.mid = _MID_DECAY * self.mid + _MID_NOISE * stream.normal()
        self.burst = _BURST_DECAY * self.burst + _BURST_NOISE * stream.normal()
        self.liquidity_log = _LIQUIDITY_DECAY * self.liquidity_log + _LIQUIDITY_NOISE * stream.normal()
        level = self.fast + self.mid + self.slow
        fraction = self.fraction = min(1.0, self.fraction + STEP_S / DAY_S)
        factor = volatility_shape(fraction) * exp(level + 0.4 * self.burst - _LOG_VARIANCE)
        if factor > 6.0:
            factor = 6.0
        activity = volume_shape(fraction) * exp(1.1 * level + self.burst - 0.42)
        self.activity = 0.12 if activity < 0.12 else 12.0 if activity > 12.0 else activity
        self.liquidity = exp(self.liquidity_log)
        day_sigma = self.value * self.daily_volatility
        self.sigma_second = day_sigma * _ROOT_SECOND * factor
        move = day_sigma * _ROOT_STEP * factor * _DIFFUSION * z
        if stream.uniform() < _JUMPS_A_STEP:
            jump = stream.student3()
            jump = 4.0 if jump > 4.0 else -4.0 if jump < -4.0 else jump
            move += _JUMP_SD * day_sigma * jump
            self.fast += 0.25 * (jump if jump > 0.0 else -jump)
        if self._plan:
            self._follow_plan(move)
        else:
            self.value = max(2.0, self.value + move)
        flow = self.flow
        for k in range(5):
            flow[k] *= _DECAYS[k]
        self.update_shift()

    def _follow_plan(self, move: float) -> None:
        plan = self._plan
        step = STEP_S / DAY_S
        while self.plan_index < len(plan) - 1 and plan[self.plan_index][0] <= self.fraction - step:
            self.plan_index += 1
        when, target = plan[self.plan_index]
        value = bridge_step(self.value, target, when - (self.fraction - step), step, move)
        lowest = highest = plan[0][1]
        for _, price in plan:
            if price < lowest:
                lowest = price
            elif price > highest:
                highest = price
        # The day's own extremes are walls: what would pass them is thrown back.
        if value > highest:
            value = max(lowest, highest + highest - value)
        elif value < lowest:
            value = min(highest, lowest + lowest - value)
        self.value = value

    def taker_trade(self, sign: int, relative_size: float) -> None:
        """A taker traded; `relative_size` is in multiples of the symbol's usual order."""
        push = sqrt(relative_size)
        if sign < 0:
            push = -push
        flow = self.flow
        flow[0] += push
        flow[1] += push
        flow[2] += push
        flow[3] += push
        flow[4] += push
        self.update_shift()

    def update_shift(self) -> None:
        flow = self.flow
        memory = (
            _WEIGHTS[0] * flow[0]
            + _WEIGHTS[1] * flow[1]
            + _WEIGHTS[2] * flow[2]
            + _WEIGHTS[3] * flow[3]
            + _WEIGHTS[4] * flow[4]
        )
        cap = _IMPACT_CAP * self.value * self.daily_volatility
        strength = _IMPACT * self.value * self.daily_volatility * _ROOT_SECOND / cap
        if memory >= 0.0:
            self.shift = cap * tanh(strength * power_three_quarters(memory))
        else:
            self.shift = -cap * tanh(strength * power_three_quarters(-memory))

    def state(self) -> list[float | int]:
        return [
            self._stream.state,
            self.value,
            self.fraction,
            self.plan_index,
            self.fast,
            self.mid,
            self.slow,
            self.burst,
            self.liquidity_log,
            self.activity,
            self.liquidity,
            self.shift,
            self.sigma_second,
            *self.flow,
        ]

    def load(self, state: list[float | int]) -> None:
        self._stream.state = int(state[0])
        self.value, self.fraction = float(state[1]), float(state[2])
        self.plan_index = int(state[3])
        self.fast, self.mid, self.slow, self.burst = (float(x) for x in state[4:8])
        self.liquidity_log, self.activity, self.liquidity = (float(x) for x in state[8:11])
        self.shift, self.sigma_second = float(state[11]), float(state[12])
        self.flow = [float(x) for x in state[13:18]]
