"""The own elementary functions against libm's, to the last digits, and the generator's variates against theory."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from simulator_engine.market import numeric
from simulator_engine.market.rng import Stream, seed_for


def test_exp_log_tanh() -> None:
    for i in range(-3_000, 3_000):
        x = i / 17
        assert math.isclose(numeric.exp(x), math.exp(x), rel_tol=2e-14)
        assert math.isclose(numeric.tanh(x / 30), math.tanh(x / 30), rel_tol=1e-12, abs_tol=1e-13)
    for i in range(1, 5_000):
        assert math.isclose(numeric.log(i / 37), math.log(i / 37), rel_tol=1e-14, abs_tol=1e-15)
    assert math.isclose(numeric.log(5e-324), math.log(5e-324), rel_tol=1e-14)
    assert numeric.exp(-1e9) == 0.0
    assert math.isfinite(numeric.exp(1e9))
    assert (numeric.tanh(1e9), numeric.tanh(-1e9)) == (1.0, -1.0)
    assert math.isclose(numeric.power_three_quarters(7.3), 7.3**0.75, rel_tol=1e-14)
    with pytest.raises(ValueError, match="positive"):
        numeric.log(0.0)


def test_inverse_normal() -> None:
    for i in range(1, 2_000):
        assert abs(numeric.inverse_normal(i / 2_000) - NormalDist().inv_cdf(i / 2_000)) < 1e-8
    assert abs(numeric.inverse_normal(1e-12) - NormalDist().inv_cdf(1e-12)) < 1e-7


def test_the_generator_is_splitmix64() -> None:
    """The published first outputs for the state 1234567."""
    stream = Stream(1234567)
    assert [stream.bits() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_streams_are_named_apart() -> None:
    names = [("ACME", "driver"), ("ACMED", "river"), ("ACME", "noise"), ("HELX", "driver")]
    assert len({seed_for(1, *name) for name in names} | {seed_for(2, *name) for name in names}) == 8
    assert seed_for(2**80, "x") != seed_for(2**80 + 1, "x")


def test_variates() -> None:
    stream = Stream.named(3, "test")
    n = 20_000

    def mean(values: list[float]) -> float:
        return math.fsum(values) / n

    uniform = [stream.uniform() for _ in range(n)]
    assert abs(mean(uniform) - 0.5) < 0.01
    assert 0.0 < min(uniform) < max(uniform) < 1.0
    normal = [stream.normal() for _ in range(n)]
    assert abs(mean(normal)) < 0.03
    assert abs(mean([x * x for x in normal]) - 1.0) < 0.05
    assert abs(mean([stream.exponential(3.0) for _ in range(n)]) - 3.0) < 0.1
    assert abs(mean([float(stream.poisson(2.5)) for _ in range(n)]) - 2.5) < 0.05
    assert abs(mean([float(stream.poisson(70.0)) for _ in range(n)]) - 70.0) < 0.3
    assert stream.poisson(0.0) == 0
    assert abs(mean([float(stream.below(10)) for _ in range(n)]) - 4.5) < 0.1
    pareto = [stream.pareto(3.0) for _ in range(n)]
    assert min(pareto) >= 1.0
    assert abs(mean(pareto) - 1.5) < 0.05
    heavy = [stream.student3() for _ in range(n)]
    assert abs(mean(heavy)) < 0.05
    assert max(heavy) > 5.0
