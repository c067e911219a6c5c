"""The link's state as the server judges it: worse at once, better only after ten good seconds."""

from __future__ import annotations

from apps.streams.quality import Link, LinkQuality


def beat(quality, seconds, *, rtt, start=0):
    """One answered heartbeat a second; returns the states seen."""
    states = []
    for n in range(seconds):
        now = float(start + n)
        quality.ping(start + n, now=now)
        if rtt is not None:
            assert quality.pong(start + n, now=now + rtt)
        states.append(quality.state(now=now + (rtt or 0.0)))
    return states


def test_a_quick_link_is_live():
    assert set(beat(LinkQuality(now=0.0), 30, rtt=0.02)) == {Link.LIVE}


def test_a_slow_link_is_degraded_and_recovers_after_ten_good_seconds():
    quality = LinkQuality(now=0.0)
    assert beat(quality, 5, rtt=0.3)[-1] is Link.DEGRADED
    # The slow samples stay in the window for ten seconds, then ten good ones must pass.
    states = beat(quality, 30, rtt=0.01, start=5)
    assert states[10] is Link.DEGRADED
    assert states[-1] is Link.LIVE


def test_two_missed_pongs_degrade_and_five_silent_seconds_are_stale():
    quality = LinkQuality(now=0.0)
    beat(quality, 1, rtt=0.01)
    states = beat(quality, 6, rtt=None, start=1)
    assert Link.DEGRADED in states
    assert states[-1] is Link.STALE


def test_a_full_send_queue_is_stale():
    quality = LinkQuality(now=0.0)
    quality.queue(0.0)
    assert quality.state(now=2.9) is Link.LIVE
    assert quality.state(now=3.1) is Link.STALE


def test_a_pong_for_nothing_or_twice_does_not_count():
    quality = LinkQuality(now=0.0)
    quality.ping(1, now=0.0)
    assert not quality.pong(99, now=0.1)
    assert quality.pong(1, now=0.1)
    assert not quality.pong(1, now=0.2)
