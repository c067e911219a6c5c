"""The session's clock: never back, never beyond the durable horizon, and no leap when the journal comes back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator_engine.runtime.clock import SessionClock

SECOND = 1_000_000_000


def a_clock(*, speed: str = "1", horizon_s: int = 1_000, paused: bool = False) -> SessionClock:
    return SessionClock(sim_time_ns=0, horizon_ns=horizon_s * SECOND, speed=Decimal(speed), paused=paused)


def test_simulated_time_runs_at_the_speed_asked_for() -> None:
    clock = a_clock(speed="2.5")
    clock.target(7)
    assert clock.target(7 + 4 * SECOND) == 10 * SECOND


def test_time_stops_at_the_horizon_and_goes_on_without_a_leap() -> None:
    clock = a_clock(horizon_s=1)
    clock.target(0)
    assert clock.target(60 * SECOND) == SECOND
    clock.horizon_ns = 100 * SECOND
    assert clock.target(61 * SECOND) == 2 * SECOND


def test_a_pause_holds_the_time_and_the_horizon() -> None:
    clock = a_clock(horizon_s=1)
    clock.target(0)
    clock.pause(SECOND // 2, SECOND // 2)
    assert clock.target(9 * SECOND) == SECOND // 2
    assert clock.wanted_horizon(9 * SECOND, 1.25) == SECOND
    clock.resume(SECOND // 2, 10 * SECOND)
    assert clock.target(10 * SECOND + SECOND // 4) == SECOND * 3 // 4


@pytest.mark.parametrize("speed", ["0.2", "64.5", "0", "1.00001"])
def test_a_speed_that_the_clock_does_not_have_is_refused(speed: str) -> None:
    with pytest.raises(ValueError, match="speed"):
        a_clock().set_speed(Decimal(speed), 0, 0)


@given(st.lists(st.tuples(st.integers(0, 10**10), st.sampled_from(["ask", "pause", "resume", "fast", "slow", "more"]))))
def test_it_never_runs_back_and_never_passes_the_horizon(steps: list[tuple[int, str]]) -> None:
    clock = a_clock(horizon_s=2)
    now = sim = 0
    for delta, action in steps:
        now += delta
        if action == "pause":
            clock.pause(sim, now)
        elif action == "resume":
            clock.resume(sim, now)
        elif action in ("fast", "slow"):
            clock.set_speed(Decimal("64" if action == "fast" else "0.25"), sim, now)
        elif action == "more":
            clock.horizon_ns = clock.wanted_horizon(now, 1.25)
        later = clock.target(now)
        assert sim <= later <= clock.horizon_ns
        sim = later
