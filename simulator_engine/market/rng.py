"""The market's own generator: splitmix64 in plain integers, one named stream per driver and per population.

A stream's whole state is one integer. No stream is ever shared with the trader's orders: a silent trader
sees the tape of a market without one. Never the `random` module or numpy.
"""

from __future__ import annotations

from hashlib import blake2b
from math import sqrt
from typing import Final

from simulator_engine.market.numeric import exp, inverse_normal, log

_MASK: Final = 0xFFFFFFFFFFFFFFFF
_GAMMA: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 1.0 / 9007199254740992.0
_HALF_UNIT: Final = 0.5 / 9007199254740992.0


def seed_for(session_seed: int, *names: str) -> int:
    """The first state of a stream: a hash of the session's seed and the stream's names."""
    text = "\x1f".join((str(session_seed), *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8, person=b"market").digest(), "big")


class Stream:
    """One independent sequence of random variates. `state` is all there is to save."""

    __slots__ = ("state",)

    def __init__(self, state: int) -> None:
        self.state = state & _MASK

    @classmethod
    def named(cls, session_seed: int, *names: str) -> Stream:
        return cls(seed_for(session_seed, *names))

    def bits(self) -> int:
        """64 random bits."""
        state = self.state = (self.state + _GAMMA) & _MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def uniform(self) -> float:
        """A number strictly between 0 and 1."""
        state = self.state = (self.state + _GAMMA) & _MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) * _UNIT + _HALF_UNIT

    def below(self, n: int) -> int:
        """An integer of 0 … n−1 (n far below 2⁶⁴, so the bias does not matter)."""
        return (self.bits() * n) >> 64

    def normal(self) -> float:
        return inverse_normal(self.uniform())

    def exponential(self, mean: float) -> float:
        return -mean * log(self.uniform())

    def pareto(self, alpha: float) -> float:
        """At least 1; the tail falls with the power alpha."""
        return exp(-log(self.uniform()) / alpha)

    def student3(self) -> float:
        """Student's t with three degrees of freedom, scaled to variance 1."""
        a, b, c = self.normal(), self.normal(), self.normal()
        return self.normal() / sqrt(a * a + b * b + c * c + 1e-12)

    def poisson(self, mean: float) -> int:
        """By inversion; meant for small means (above 30 it is cut into parts)."""
        count = 0
        while mean > 30.0:
            count += self.poisson(30.0)
            mean -= 30.0
        if mean <= 0.0:
            return count
        u = self.uniform()
        probability = exp(-mean)
        cumulated = probability
        k = 0
        while u > cumulated and k < 200:
            k += 1
            probability *= mean / k
            cumulated += probability
        return count + k
