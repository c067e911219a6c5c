"""Refresh families: rotation, races, replays, and every way in which a login ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connections
from django.utils import timezone

from apps.accounts import logins, services
from apps.accounts.models import RefreshFamily
from apps.audit.models import AuditEntry
from apps.common.problems import Problem
from tests.apps.conftest import PASSWORD


def test_a_refresh_gives_a_new_pair_and_the_login_goes_on(trader):
    answer = trader.post("/auth/refresh", {"refresh": trader.refresh})
    assert answer.status_code == 200
    assert answer.data["refresh"] != trader.refresh
    assert answer.data["access"] != trader.access
    trader.access = answer.data["access"]
    assert trader.get("/me").status_code == 200
    again = trader.post("/auth/refresh", {"refresh": answer.data["refresh"]})
    assert again.status_code == 200
    assert RefreshFamily.objects.get().generation == 3


def test_the_cookie_is_enough(anyone, make_user):
    anyone.post("/auth/login", {"email": make_user().email, "password": PASSWORD})
    answer = anyone.post("/auth/refresh")
    assert answer.status_code == 200
    assert "refresh" not in answer.data
    assert answer.cookies[settings.REFRESH_COOKIE_NAME].value
    foreign = anyone.post("/auth/refresh", Origin="https://evil.example")
    assert (foreign.status_code, foreign.data["code"]) == (403, "ORIGIN_FORBIDDEN")


def test_without_any_token_it_is_401(anyone):
    assert anyone.post("/auth/refresh").status_code == 401
    assert anyone.post("/auth/refresh", {"refresh": "rubbish"}).data["code"] == "TOKEN_INVALID"


def test_an_access_token_is_no_refresh_token(trader):
    assert trader.post("/auth/refresh", {"refresh": trader.access}).status_code == 401


def test_the_token_before_gets_409_for_ten_seconds_and_kills_nothing(trader):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        second = trader.post("/auth/refresh", {"refresh": trader.refresh}).data
        clock.shift(timedelta(seconds=10))
        answer = trader.post("/auth/refresh", {"refresh": trader.refresh})
        assert (answer.status_code, answer.data["code"]) == (409, "REFRESH_SUPERSEDED")
        assert answer.data["retryable"] is True
        assert trader.post("/auth/refresh", {"refresh": second["refresh"]}).status_code == 200


def test_a_later_replay_kills_the_login(trader):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        second = trader.post("/auth/refresh", {"refresh": trader.refresh}).data
        clock.shift(timedelta(seconds=11))
        answer = trader.post("/auth/refresh", {"refresh": trader.refresh})
        assert (answer.status_code, answer.data["code"]) == (401, "REFRESH_REUSED")
        after = trader.post("/auth/refresh", {"refresh": second["refresh"]})
        assert (after.status_code, after.data["code"]) == (401, "SESSION_REVOKED")
        trader.access = second["access"]
        assert trader.get("/me").data["code"] == "SESSION_REVOKED"
    entry = AuditEntry.objects.get(action="login.ended")
    assert '"reuse"' in entry.after


def test_a_token_two_generations_old_kills_at_once(trader):
    second = trader.post("/auth/refresh", {"refresh": trader.refresh}).data
    trader.post("/auth/refresh", {"refresh": second["refresh"]})
    answer = trader.post("/auth/refresh", {"refresh": trader.refresh})
    assert answer.data["code"] == "REFRESH_REUSED"


@pytest.mark.django_db(transaction=True)
def test_eight_refreshes_at_once_give_one_pair(login_as):
    caller = login_as()
    now = timezone.now()

    def refresh(_):
        try:
            return logins.rotate(refresh=caller.refresh, now=now)
        except Problem as problem:
            return problem.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(refresh, range(8)))
    pairs = [answer for answer in answers if not isinstance(answer, str)]
    assert len(pairs) == 1
    assert sorted(answer for answer in answers if isinstance(answer, str)) == ["REFRESH_SUPERSEDED"] * 7
    assert logins.rotate(refresh=pairs[0].refresh.text, now=now).sid == caller.sid


def test_a_refresh_token_expires(trader):
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS + 1)):
        assert trader.post("/auth/refresh", {"refresh": trader.refresh}).status_code == 401


def test_a_login_ends_at_last_however_often_it_is_refreshed(trader, settings):
    settings.REFRESH_FAMILY_SECONDS = settings.REFRESH_TOKEN_SECONDS + 60
    with time_machine.travel(timezone.now(), tick=False) as clock:
        clock.shift(timedelta(seconds=settings.REFRESH_TOKEN_SECONDS - 1))
        second = trader.post("/auth/refresh", {"refresh": trader.refresh}).data
        clock.shift(timedelta(seconds=62))
        assert trader.post("/auth/refresh", {"refresh": second["refresh"]}).data["code"] == "SESSION_REVOKED"


def test_a_disabled_or_deleted_user_cannot_refresh(trader, login_as):
    other = login_as()
    trader.user.is_active = False
    trader.user.save()
    assert trader.post("/auth/refresh", {"refresh": trader.refresh}).status_code == 401
    other.user.delete()
    assert other.post("/auth/refresh", {"refresh": other.refresh}).status_code == 401


@pytest.mark.parametrize("by", ["refresh", "access", "expired access and refresh"])
def test_logout_ends_this_login_alone(trader, login_as, by):
    elsewhere = login_as(trader.user)
    body = None if by == "access" else {"refresh": trader.refresh}
    headers = {} if by == "access" else {"Authorization": "" if by == "refresh" else "Bearer x"}
    assert trader.post("/auth/logout", body, **headers).status_code == 204
    assert trader.get("/me").data["code"] == "SESSION_REVOKED"
    assert trader.post("/auth/refresh", {"refresh": trader.refresh}).status_code == 401
    assert elsewhere.get("/me").status_code == 200


def test_logout_says_204_to_anything_and_takes_the_cookie_away(anyone):
    anyone.client.cookies[settings.REFRESH_COOKIE_NAME] = "rubbish"
    answer = anyone.post("/auth/logout")
    assert answer.status_code == 204
    assert answer.cookies[settings.REFRESH_COOKIE_NAME].value == ""


def test_logout_everywhere(trader, login_as):
    elsewhere, stranger = login_as(trader.user), login_as()
    assert trader.post("/auth/logout-all").status_code == 204
    assert {trader.get("/me").status_code, elsewhere.get("/me").status_code} == {401}
    assert stranger.get("/me").status_code == 200
    assert trader.post("/auth/logout-all", {"refresh": trader.refresh}).status_code == 401


def test_streams_can_ask_whether_a_login_stands(trader):
    now = timezone.now()
    identity = services.authenticate_access_token(trader.access, now)
    assert (identity.user, identity.sid) == (trader.user, trader.sid)
    assert services.is_login_live(sid=identity.sid, now=now)
    trader.post("/auth/logout")
    assert not services.is_login_live(sid=identity.sid, now=now)
