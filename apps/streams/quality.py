"""How good one browser's link is, as the server measures it. Pure: times are handed in as monotonic seconds."""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import Final

RTT_WINDOW_SECONDS: Final = 10.0
DEGRADED_RTT_SECONDS: Final = 0.250
DEGRADED_MISSED_PONGS: Final = 2
STALE_SILENCE_SECONDS: Final = 5.0
STALE_LAG_SECONDS: Final = 3.0
HYSTERESIS_SECONDS: Final = 10.0
"""RELIABILITY.md and UX.md section 4: a link gets worse at once and better only after ten good seconds."""

PONG_DUE_SECONDS: Final = 1.0


class Link(IntEnum):
    LIVE = 0
    DEGRADED = 1
    STALE = 2

    @property
    def word(self) -> str:
        return self.name.lower()


class LinkQuality:
    """Fed with pings, pongs and how long the oldest frame has waited to be sent."""

    def __init__(self, *, now: float) -> None:
        self._pings: deque[tuple[int, float]] = deque()
        self._samples: deque[tuple[float, float]] = deque()
        self._last_pong = now
        self._queued_since: float | None = None
        self._shown = Link.LIVE
        self._worse_at = -HYSTERESIS_SECONDS

    def ping(self, t: int, *, now: float) -> None:
        """A heartbeat with this number was handed to the socket."""
        self._pings.append((t, now))
        if len(self._pings) > 64:
            self._pings.popleft()

    def pong(self, t: int, *, now: float) -> bool:
        """The heartbeat's answer came back. False for a number that was never sent, or was answered before."""
        if not any(sent == t for sent, _ in self._pings):
            return False
        while self._pings:
            sent, at = self._pings.popleft()
            if sent == t:
                self._samples.append((now, now - at))
                self._last_pong = now
                return True
        return False

    def queue(self, oldest_since: float | None) -> None:
        """Since when the oldest message has waited for the socket to take it; None when nothing waits."""
        self._queued_since = oldest_since

    def rtt_seconds(self, *, now: float) -> float | None:
        """The 95th percentile of the last ten seconds' round trips; None when there was none."""
        while self._samples and self._samples[0][0] < now - RTT_WINDOW_SECONDS:
            self._samples.popleft()
        ordered = sorted(rtt for _, rtt in self._samples)
        return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else None

    def state(self, *, now: float) -> Link:
        """The state that governs orders and is shown."""
        measured = self._measure(now)
        if measured >= self._shown:
            self._shown = measured
            if measured > Link.LIVE:
                self._worse_at = now
        elif now - self._worse_at >= HYSTERESIS_SECONDS:
            self._shown = measured
            self._worse_at = now
        return self._shown

    def _measure(self, now: float) -> Link:
        lag = 0.0 if self._queued_since is None else now - self._queued_since
        if now - self._last_pong >= STALE_SILENCE_SECONDS or lag > STALE_LAG_SECONDS:
            return Link.STALE
        missed = sum(1 for _, at in self._pings if now - at > PONG_DUE_SECONDS)
        rtt = self.rtt_seconds(now=now)
        if missed >= DEGRADED_MISSED_PONGS or (rtt is not None and rtt >= DEGRADED_RTT_SECONDS):
            return Link.DEGRADED
        return Link.LIVE
