"""Logins checked a moment ago: asked once a second, forgotten at once when they end here, and never shared."""

import time

import pytest
from django.utils import timezone

from apps.accounts import logins, recent, services
from apps.accounts.models import Role, User
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def _remembering(settings):
    settings.ACCESS_RECHECK_SECONDS = 60.0
    recent._seen.clear()
    yield
    recent._seen.clear()


def test_a_burst_of_requests_asks_once(trader, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert [trader.get("/me").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("end", ["/auth/logout", "/auth/logout-all"])
def test_what_ends_here_ends_at_once(transactional_db, trader, end):
    assert trader.get("/me").status_code == 200
    assert trader.post(end).status_code == 204
    assert trader.get("/me").status_code == 401


def test_disabling_and_renaming_show_at_once(transactional_db, trader, make_user):
    assert trader.get("/me").status_code == 200
    trader.patch("/me", {"display_name": "New"})
    assert trader.get("/me").data["display_name"] == "New"
    services.set_standing(
        user=trader.user, role="trader", is_active=False, actor=make_user(role=Role.ADMIN), now=timezone.now()
    )
    assert trader.get("/me").status_code == 401


def test_what_ends_elsewhere_is_noticed_within_the_time(trader, settings):
    settings.ACCESS_RECHECK_SECONDS = 0.2
    assert trader.get("/me").status_code == 200
    User.objects.filter(pk=trader.user.pk).update(is_active=False)
    started = time.monotonic()
    eventually(lambda: trader.get("/me").status_code == 401, timeout=5)
    assert time.monotonic() - started < 5


def test_an_expired_token_is_not_recalled(trader, settings):
    now = timezone.now()
    identity = logins.authenticate(token=trader.access, now=now)
    assert recent.recall(trader.access, now=now) is not None
    assert recent.recall(trader.access, now=identity.expires_at) is None


def test_each_request_has_a_user_of_its_own(trader):
    now = timezone.now()
    logins.authenticate(token=trader.access, now=now).user.role = "admin"
    logins.authenticate(token=trader.access, now=now).user.role = "admin"
    assert logins.authenticate(token=trader.access, now=now).user.role == "trader"


def test_it_stays_bounded(trader, monkeypatch):
    monkeypatch.setattr(recent, "_MOST", 10)
    identity = logins.authenticate(token=trader.access, now=timezone.now())
    for number in range(50):
        recent.remember(f"token {number}", identity)
    assert len(recent._seen) <= 10
