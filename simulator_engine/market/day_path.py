"""A day's price drawn through a bar: open, the two extremes in a seeded order, close, and a bridge
between them.

Serves the minutes before a session and the fundamental of a real day alike, so that both obey one law.
"""

from __future__ import annotations

from math import sqrt

from simulator_engine.market.numeric import log
from simulator_engine.market.real_bars import DailyBar
from simulator_engine.market.rng import Stream

Waypoint = tuple[float, float]
"""(fraction of the trading day, price in ticks)."""

EDGE = 0.004
"""Extremes keep this fraction of the day (about a minute and a half) from the open, the close and each
other.
"""


def waypoints(stream: Stream, bar: DailyBar) -> list[Waypoint]:
    """The points a day goes through, from (0, open) to (1, close). Always draws the same number of
    variates.
    """
    first, second = sorted((_arcsine(stream), _arcsine(stream)))
    low_first = stream.uniform() < (0.72 if bar.close >= bar.open else 0.28)
    first = min(max(first, EDGE), 1.0 - 3.0 * EDGE)
    second = min(max(second, first + EDGE), 1.0 - EDGE)
    extremes = (bar.low, bar.high) if low_first else (bar.high, bar.low)
    path: list[Waypoint] = [(0.0, float(bar.open))]
    for when, price in zip((first, second), extremes, strict=True):
        if price != bar.open and price != bar.close:
            path.append((when, float(price)))
    path.append((1.0, float(bar.close)))
    return path


def _arcsine(stream: Stream) -> float:
    """When a random walk has its extreme: mostly early or late."""
    a, b = stream.normal(), stream.normal()
    return a * a / (a * a + b * b + 1e-12)


def volatility_shape(fraction: float) -> float:
    """How volatile a moment of the day is against the day's mean: highest after the open, a little up
    at the close.

    The mean of its square over the day is 1.
    """
    return (0.78 + 1.5 * _eighth(1.0 - fraction) + 0.45 * _eighth(fraction)) * 0.9573


def volume_shape(fraction: float) -> float:
    """How busy a moment of the day is; its mean over the day is 1."""
    return (0.72 + 1.4 * _eighth(1.0 - fraction) + 1.3 * _eighth(fraction)) * 0.9804


def _eighth(x: float) -> float:
    x = x * x
    x = x * x
    return x * x


def bridge_step(price: float, target: float, remaining: float, step: float, noise: float) -> float:
    """One step of a Brownian bridge: `remaining` and `step` in the same unit of time, noise already
    scaled.
    """
    if step >= remaining:
        return target
    left = remaining - step
    return price + (target - price) * (step / remaining) + noise * sqrt(left / remaining)


def bridge_extremes(stream: Stream, start: float, end: float, sd: float) -> tuple[float, float]:
    """The lowest and highest point of a Brownian bridge of this sd between two prices."""
    gap = end - start
    square, twice = gap * gap, 2.0 * sd * sd
    middle = start + end
    high = 0.5 * (middle + sqrt(square - twice * log(stream.uniform())))
    low = 0.5 * (middle - sqrt(square - twice * log(stream.uniform())))
    return low, high
