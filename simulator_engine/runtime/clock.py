"""The session's clock: turns wall time into simulated time. The only place that knows the speed.

It never runs ahead of the durable horizon: when the journal is away, time stops and later goes on without a jump.
"""

from __future__ import annotations

from decimal import Decimal

SPEED_SCALE = 1000
MIN_SPEED = Decimal("0.25")
MAX_SPEED = Decimal("64")


class SessionClock:
    """Simulated time as a function of a monotonic wall clock, both in integer nanoseconds.

    `target(now)` may be asked as often as one likes; it never falls.
    """

    def __init__(self, *, sim_time_ns: int, horizon_ns: int, speed: Decimal, paused: bool) -> None:
        self._anchor_sim_ns = sim_time_ns
        self._anchor_wall_ns: int | None = None
        self._speed_thousandths = int(speed * SPEED_SCALE)
        self._paused = paused
        self.horizon_ns = max(horizon_ns, sim_time_ns)

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def speed(self) -> Decimal:
        return Decimal(self._speed_thousandths) / SPEED_SCALE

    def target(self, now_ns: int) -> int:
        """Where simulated time should be at wall time `now_ns`: at most the durable horizon."""
        if self._anchor_wall_ns is None:
            self._anchor_wall_ns = now_ns
        if self._paused:
            self._anchor_wall_ns = now_ns
            return self._anchor_sim_ns
        elapsed = now_ns - self._anchor_wall_ns
        wanted = self._anchor_sim_ns + elapsed * self._speed_thousandths // SPEED_SCALE
        if wanted > self.horizon_ns:
            # Blocked: forget the wall time that was lost, or the market would leap when the journal is back.
            # A night that was skipped may lie beyond the horizon; what caused it lies within.
            wanted = max(self.horizon_ns, self._anchor_sim_ns)
            self._anchor_sim_ns, self._anchor_wall_ns = wanted, now_ns
        return wanted

    def wanted_horizon(self, now_ns: int, ahead_seconds: float) -> int:
        """The horizon to ask for: so many wall seconds ahead at the present speed."""
        if self._paused:
            return max(self.horizon_ns, self._anchor_sim_ns)
        ahead_ns = int(ahead_seconds * 1000) * 1_000_000
        return max(self.horizon_ns, self.target(now_ns) + ahead_ns * self._speed_thousandths // SPEED_SCALE)

    def held_at(self, sim_time_ns: int, now_ns: int) -> None:
        """The exchange is only at `sim_time_ns` (it is catching up, or stepped): go on from there."""
        self._anchor_sim_ns, self._anchor_wall_ns = sim_time_ns, now_ns

    def pause(self, sim_time_ns: int, now_ns: int) -> None:
        self._paused = True
        self.held_at(sim_time_ns, now_ns)

    def resume(self, sim_time_ns: int, now_ns: int) -> None:
        self._paused = False
        self.held_at(sim_time_ns, now_ns)

    def set_speed(self, speed: Decimal, sim_time_ns: int, now_ns: int) -> None:
        """Raises ValueError outside MIN_SPEED…MAX_SPEED or finer than thousandths."""
        thousandths = speed * SPEED_SCALE
        if not MIN_SPEED <= speed <= MAX_SPEED or thousandths != int(thousandths):
            raise ValueError(f"speed must be between {MIN_SPEED} and {MAX_SPEED}")
        self._speed_thousandths = int(thousandths)
        self.held_at(sim_time_ns, now_ns)
