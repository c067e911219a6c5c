"""Limits: counted per caller, told in headers, and what happens when the shared counters are away."""

import pytest
import time_machine
from limits.errors import StorageError

from apps.common import rate_limits
from apps.common.counters import ProcessStorage
from apps.common.problems import Problem


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "user": "3/minute", "anonymous": "2/minute"}
    settings.RATE_LIMIT_ENABLED = True
    rate_limits.reset()
    yield
    rate_limits.reset()


def test_each_caller_has_an_own_allowance_and_reads_it(trader, login_as):
    left = [trader.get("/me").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = trader.get("/me")
    assert (refused.status_code, refused.data["code"], refused.data["retryable"]) == (429, "RATE_LIMITED", True)
    assert refused.headers["RateLimit-Limit"] == "3"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert login_as().get("/me").status_code == 200


def test_callers_without_a_login_are_counted_by_address(anyone, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for address in ("203.0.113.1", "203.0.113.2"):
        statuses = [anyone.get("/scenarios", **{"X-Forwarded-For": address}).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]


def test_a_forged_forwarded_header_is_not_believed(anyone, settings):
    settings.TRUSTED_PROXY_COUNT = 0
    statuses = [anyone.get("/scenarios", **{"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in range(3)]
    assert statuses == [200, 200, 429]
    settings.TRUSTED_PROXY_COUNT = 1
    rate_limits.reset()
    forged = [f"198.51.100.{n}, 203.0.113.1" for n in range(3)]
    assert [anyone.get("/scenarios", **{"X-Forwarded-For": text}).status_code for text in forged] == [200, 200, 429]


class _BrokenLimiter:
    def hit(self, *_):
        raise StorageError(ConnectionError("away"))


def test_without_shared_counters_logins_stop_and_the_rest_counts_alone(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(rate_limits, "_limiter", _BrokenLimiter)
        with pytest.raises(Problem) as refused:
            rate_limits.check("login-pair", "x", fail_closed=True)
        assert refused.value.status == 503
        for _ in range(3):
            rate_limits.check("user", "somebody")
        with pytest.raises(Problem) as refused:
            rate_limits.check("user", "somebody")
        assert refused.value.status == 429


def test_redis_that_is_away_is_such_a_failure(settings):
    settings.RATE_LIMIT_STORAGE = "redis://127.0.0.1:1/0"
    with pytest.raises(Problem) as refused:
        rate_limits.check("login-pair", "x", fail_closed=True)
    assert refused.value.status == 503
    assert rate_limits.check("user", "somebody")["RateLimit-Remaining"] == "2"


def test_counters_of_one_process_forget_what_has_expired():
    with time_machine.travel(1_000_000, tick=False) as clock:
        counters = ProcessStorage()
        assert [counters.incr("a", 60) for _ in range(3)] == [1, 2, 3]
        assert (counters.get("a"), counters.get_expiry("a")) == (3, 1_000_060)
        clock.shift(60)
        assert counters.get("a") == 0
        assert counters.incr("a", 60) == 1
        for number in range(5_000):
            counters.incr(f"address {number}", 1)
            clock.shift(1)
        assert len(counters._windows) <= 1_024
        counters.clear("a")
        assert counters.get("a") == 0
        counters.reset()
        assert not counters._windows
