"""How many lots participants trade at a time: round lots mostly, odd lots often, a heavy tail. Pure
functions.
"""

from __future__ import annotations

from math import sqrt

from simulator_engine.market.rng import Stream

_ROUND = (200, 200, 300, 500)


def taker_lots(stream: Stream, scale: float) -> int:
    """One taker's order, in lots, at least 1. `scale` is 1 for a share that trades a few million a day."""
    u = stream.uniform()
    if u < 0.36:
        lots = 100.0
    elif u < 0.62:
        # Odd lots do not grow with the share's volume as round ones do.
        return max(1, int((1 + stream.below(99)) * (scale if scale < 2.0 else 2.0)))
    elif u < 0.86:
        lots = float(_ROUND[stream.below(4)])
    else:
        lots = 100.0 * stream.pareto(1.5)
        if lots > 4_000.0:
            lots = 4_000.0
    return _whole(lots * scale)


def limit_lots(stream: Stream, scale: float, distance: float) -> int:
    """One resting order, larger the further from the touch (`distance` in the symbol's usual units)."""
    u = stream.uniform()
    if u < 0.2:
        lots = float(1 + stream.below(99))
    elif u < 0.7:
        lots = 100.0
    elif u < 0.92:
        lots = float(_ROUND[stream.below(4)])
    else:
        lots = 100.0 * stream.pareto(1.5)
        if lots > 3_000.0:
            lots = 3_000.0
    growth = 1.0 + (0.35 * sqrt(distance) if distance > 0.0 else 0.0)
    return _whole(lots * scale * growth)


def _whole(lots: float) -> int:
    """Round lots stay round: whole hundreds above 100."""
    whole = int(lots)
    if whole >= 150:
        return whole - whole % 100
    return max(1, whole)
