"""Signing up and logging in: what works, what is refused, and that no answer tells who is known."""

from datetime import timedelta

import jwt
import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import RefreshFamily, User
from apps.audit.models import AuditEntry
from tests.apps.conftest import PASSWORD

NEW = {"email": "ann@example.com", "password": "a long enough phrase", "display_name": "Ann"}


def test_a_new_user_signs_up_and_logs_in(anyone):
    answer = anyone.post("/auth/signup", NEW)
    assert (answer.status_code, answer.data) == (201, {"next": "login"})
    answer = anyone.post("/auth/login", {"email": " Ann@Example.COM ", "password": NEW["password"]})
    assert answer.status_code == 200
    assert answer.data["user"]["email"] == "ann@example.com"
    assert answer.data["user"]["display_name"] == "Ann"
    assert answer.data["user"]["role"] == "trader"
    assert "refresh" not in answer.data
    cookie = answer.cookies[settings.REFRESH_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/api/v1/auth"
    anyone.access = answer.data["access"]
    assert anyone.get("/me").data == answer.data["user"]


def test_programs_get_the_refresh_token_in_the_body(anyone, make_user):
    user = make_user()
    answer = anyone.post("/auth/login", {"email": user.email, "password": PASSWORD, "refresh_in": "body"})
    assert answer.data["refresh"]
    assert settings.REFRESH_COOKIE_NAME not in answer.cookies


def test_a_known_address_gets_the_same_answer_and_changes_nothing(anyone, make_user):
    make_user(email="ann@example.com", display_name="First")
    answer = anyone.post("/auth/signup", {**NEW, "email": "ANN@example.com"})
    assert (answer.status_code, answer.data) == (201, {"next": "login"})
    user = User.objects.get()
    assert user.display_name == "First"
    assert user.check_password(PASSWORD)


def test_both_sign_ups_hash_once(anyone, make_user, monkeypatch):
    hashed = []
    original = User.set_password
    monkeypatch.setattr(User, "set_password", lambda self, raw: (hashed.append(raw), original(self, raw)))
    anyone.post("/auth/signup", NEW)
    anyone.post("/auth/signup", NEW)
    assert len(hashed) == 2


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"password": "short"}, 422, "password"),
        ({"password": "password1"}, 422, "password"),
        ({"password": "x" * 129}, 422, "password"),
        ({"password": "ann@example.com"}, 422, "password"),
        ({"email": "not an address"}, 422, "email"),
        ({"email": "a" * 250 + "@example.com"}, 422, "email"),
        ({"email": 7}, 422, "email"),
        ({"email": None}, 400, "email"),
        ({"display_name": ["x"]}, 400, "display_name"),
        ({"display_name": ""}, 422, "display_name"),
        ({"is_staff": True}, 400, "is_staff"),
        ({"role": "admin"}, 400, "role"),
    ],
)
def test_a_bad_sign_up_names_the_field(anyone, change, status, field):
    answer = anyone.post("/auth/signup", {**NEW, **change})
    assert answer.status_code == status, answer.data
    assert field in {error["field"] for error in answer.data["errors"]}
    assert not User.objects.exists()


def test_every_refused_login_looks_the_same(anyone, make_user):
    known = make_user()
    disabled = make_user(is_active=False)
    unusable = make_user()
    unusable.set_unusable_password()
    unusable.save()
    answers = [
        anyone.post("/auth/login", {"email": email, "password": password})
        for email, password in [
            (known.email, "wrong password"),
            ("nobody@example.com", PASSWORD),
            ("no address at all", PASSWORD),
            (disabled.email, PASSWORD),
            (unusable.email, PASSWORD),
        ]
    ]
    bodies = [{**answer.data, "request_id": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {401}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "INVALID_CREDENTIALS"
    assert bodies[0]["type"] == "invalid-credentials"
    assert not RefreshFamily.objects.exists()


def test_an_unknown_address_costs_a_hash_too(anyone, monkeypatch):
    from apps.accounts import services

    hashed = []
    monkeypatch.setattr(services, "make_password", hashed.append)
    anyone.post("/auth/login", {"email": "nobody@example.com", "password": "x"})
    assert hashed == ["x"]


def test_logins_are_audited(anyone, make_user):
    user = make_user()
    anyone.post("/auth/login", {"email": user.email, "password": "wrong"})
    anyone.post("/auth/login", {"email": user.email, "password": PASSWORD})
    opened, refused = AuditEntry.objects.all()[:2]
    assert (opened.action, opened.actor_id) == ("login.opened", user.pk)
    assert (refused.action, refused.object_id, refused.actor_kind) == ("login.refused", str(user.pk), "anonymous")
    assert opened.address == "127.0.0.1"
    assert opened.request_id
    assert PASSWORD not in opened.before + opened.after + refused.before + refused.after


def test_login_is_counted_before_any_hashing(anyone, make_user, settings, monkeypatch):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login-pair": "2/minute"}
    user = make_user()
    body = {"email": user.email, "password": "wrong"}
    assert [anyone.post("/auth/login", body).status_code for _ in range(2)] == [401, 401]
    monkeypatch.setattr(User, "check_password", lambda *_: pytest.fail("hashed all the same"))
    answer = anyone.post("/auth/login", body)
    assert answer.status_code == 429
    assert answer.data["code"] == "RATE_LIMITED"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["RateLimit-Remaining"] == "0"


def test_the_cookie_login_is_refused_to_foreign_pages(anyone, make_user):
    body = {"email": make_user().email, "password": PASSWORD}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = anyone.post("/auth/login", body, **headers)
        assert (answer.status_code, answer.data["code"]) == (403, "ORIGIN_FORBIDDEN")
    assert anyone.post("/auth/login", body, Origin="http://testserver").status_code == 200


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer x", "Bearer a.b.c", "Bearer é", "Api-Key", "Api-Key tsk_x_y", "Basic dXNlcjpwdw=="],
)
def test_bad_credentials_are_401(anyone, header):
    answer = anyone.get("/me", Authorization=header)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"]


def test_an_access_token_expires(trader):
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS + 1)):
        answer = trader.get("/me")
    assert (answer.status_code, answer.data["code"]) == (401, "TOKEN_INVALID")


def _forge(claims, key=None, algorithm="HS256"):
    return jwt.encode(claims, key if key is not None else settings.JWT_SIGNING_KEY, algorithm=algorithm)


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims: _forge({**claims, "token_type": "refresh"}),
        lambda claims: _forge({**claims, "iss": "somebody"}),
        lambda claims: _forge({**claims, "aud": "elsewhere"}),
        lambda claims: _forge({key: value for key, value in claims.items() if key != "exp"}),
        lambda claims: _forge({key: value for key, value in claims.items() if key != "sid"}),
        lambda claims: _forge({**claims, "sid": "not-a-uuid"}),
        lambda claims: _forge({**claims, "exp": 10**18}),
        lambda claims: _forge(claims, key=settings.SECRET_KEY),
        lambda claims: _forge(claims, algorithm="HS512"),
        lambda claims: _forge(claims, key="", algorithm="none"),
    ],
)
def test_forged_access_tokens_are_refused(trader, forge):
    claims = jwt.decode(trader.access, options={"verify_signature": False})
    trader.access = forge(claims)
    assert trader.get("/me").status_code == 401


def test_a_token_with_our_claims_made_anew_is_accepted(trader):
    """The counterpart of the forgeries: what they change is what makes them fail."""
    claims = jwt.decode(trader.access, options={"verify_signature": False})
    trader.access = _forge(claims)
    assert trader.get("/me").status_code == 200


def test_the_subject_must_be_the_owner_of_the_login(trader, make_user):
    claims = jwt.decode(trader.access, options={"verify_signature": False})
    trader.access = _forge({**claims, "sub": str(make_user().pk)})
    assert trader.get("/me").status_code == 401


def test_the_signing_key_is_not_the_secret_key():
    assert settings.JWT_SIGNING_KEY
    assert settings.JWT_SIGNING_KEY != settings.SECRET_KEY
