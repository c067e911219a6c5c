"""What users may do about themselves: profile, password, devices, API keys. And that they cannot about others."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import ApiKey, Role, User
from apps.audit.models import AuditEntry
from tests.apps.conftest import PASSWORD, Api


def test_profile(trader):
    answer = trader.patch("/me", {"display_name": "Bo"})
    assert (answer.status_code, answer.data["display_name"]) == (200, "Bo")
    assert trader.get("/me").data["display_name"] == "Bo"
    assert AuditEntry.objects.get(action="user.changed").after == '{"display_name":"Bo"}'
    assert trader.patch("/me", {"role": "admin"}).status_code == 400
    assert trader.patch("/me", {"email": "x@example.com"}).status_code == 400
    assert trader.patch("/me", []).status_code == 400


def test_changing_the_password_ends_every_login_and_opens_one(trader, login_as, anyone):
    elsewhere = login_as(trader.user)
    body = {"current_password": PASSWORD, "new_password": "another long phrase", "refresh_in": "body"}
    answer = trader.post("/me/password", body)
    assert answer.status_code == 200
    assert {trader.get("/me").status_code, elsewhere.get("/me").status_code} == {401}
    trader.access = answer.data["access"]
    assert trader.get("/me").status_code == 200
    login = {"email": trader.user.email, "password": PASSWORD}
    assert anyone.post("/auth/login", login).status_code == 401
    assert anyone.post("/auth/login", {**login, "password": "another long phrase"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [({"current_password": "wrong"}, "current_password"), ({"new_password": "abc"}, "new_password")],
)
def test_a_refused_password_change_changes_nothing(trader, change, field):
    body = {"current_password": PASSWORD, "new_password": "another long phrase", **change}
    answer = trader.post("/me/password", body)
    assert answer.status_code == 422
    assert answer.data["errors"][0]["field"] == field
    assert trader.get("/me").status_code == 200


def test_devices(trader, login_as):
    elsewhere, stranger = login_as(trader.user), login_as()
    listed = trader.get("/me/devices").data
    assert listed["next"] is None
    assert {row["id"]: row["current"] for row in listed["results"]} == {
        str(trader.sid): True,
        str(elsewhere.sid): False,
    }
    assert trader.delete(f"/me/devices/{elsewhere.sid}").status_code == 204
    assert elsewhere.get("/me").status_code == 401
    assert trader.delete(f"/me/devices/{elsewhere.sid}").status_code == 204
    for foreign in (stranger.sid, uuid.uuid4()):
        assert trader.delete(f"/me/devices/{foreign}").status_code == 404
    assert stranger.get("/me").status_code == 200


def _key(caller, **change):
    answer = caller.post("/api-keys", {"name": "bot", "scopes": ["read"], **change})
    assert answer.status_code == 201, answer.data
    return answer.data


def _by_key(text):
    caller = Api()
    return lambda method, path, body=None: caller.call(method, path, body, Authorization=f"Api-Key {text}")


def test_an_api_key_is_shown_once_and_opens_what_its_scopes_say(trader):
    created = _key(trader)
    listed = trader.get("/api-keys").data["results"]
    assert [row["name"] for row in listed] == ["bot"]
    assert "key" not in listed[0]
    assert created["key"] not in str(ApiKey.objects.values().get())
    call = _by_key(created["key"])
    assert call("GET", "/me").status_code == 200
    refused = call("PATCH", "/me", {"display_name": "x"})
    assert (refused.status_code, refused.data["code"]) == (403, "SCOPE_MISSING")
    assert trader.get("/api-keys").data["results"][0]["last_used_at"]


def test_an_admin_key_may_change_the_profile_and_never_the_password(trader):
    call = _by_key(_key(trader, scopes=["read", "admin"])["key"])
    assert call("PATCH", "/me", {"display_name": "x"}).status_code == 200
    answer = call("POST", "/me/password", {"current_password": PASSWORD, "new_password": "another long phrase"})
    assert answer.status_code == 403


def test_keys_end_by_revocation_expiry_address_and_with_their_user(trader):
    revoked = _key(trader, name="revoked")
    assert trader.delete(f"/api-keys/{revoked['id']}").status_code == 204
    assert trader.delete(f"/api-keys/{revoked['id']}").status_code == 204
    expired = _key(trader, name="expired", expires_at="2100-01-01T00:00:00Z")
    ApiKey.objects.filter(pk=expired["id"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    elsewhere = _key(trader, name="elsewhere", allowed_ips=["203.0.113.0/24"])
    here = _key(trader, name="here", allowed_ips=["127.0.0.1"])
    for key in (revoked, expired, elsewhere):
        assert _by_key(key["key"])("GET", "/me").data["code"] == "API_KEY_INVALID"
    assert _by_key(here["key"])("GET", "/me").status_code == 200
    assert _by_key(here["key"][:-1] + "_")("GET", "/me").status_code == 401
    User.objects.filter(pk=trader.user.pk).update(is_active=False)
    assert _by_key(here["key"])("GET", "/me").status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"scopes": []}, 422),
        ({"scopes": ["root"]}, 422),
        ({"scopes": "read"}, 400),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 422),
        ({"expires_at": "soon"}, 400),
        ({"allowed_ips": ["everywhere"]}, 422),
        ({"name": ""}, 422),
    ],
)
def test_a_bad_api_key_is_refused(trader, change, status):
    answer = trader.post("/api-keys", {"name": "bot", "scopes": ["read"], **change})
    assert answer.status_code == status, answer.data


def test_key_names_are_unique_until_revoked_and_their_number_is_bounded(trader, monkeypatch):
    created = _key(trader)
    again = trader.post("/api-keys", {"name": "bot", "scopes": ["read"]})
    assert (again.status_code, again.data["code"]) == (409, "DUPLICATE_NAME")
    trader.delete(f"/api-keys/{created['id']}")
    _key(trader)
    monkeypatch.setattr("apps.accounts.api_keys.MOST_PER_USER", 1)
    full = trader.post("/api-keys", {"name": "other", "scopes": ["read"]})
    assert (full.status_code, full.data["code"]) == (429, "QUOTA_EXCEEDED")


def test_keys_of_others_do_not_exist(trader, login_as):
    created = _key(login_as())
    assert trader.delete(f"/api-keys/{created['id']}").status_code == 404
    assert trader.get("/api-keys").data["results"] == []


@pytest.mark.parametrize("path", ["/me", "/me/devices", "/api-keys"])
def test_nobody_in_particular_gets_401(anyone, path):
    answer = anyone.get(path)
    assert (answer.status_code, answer.data["code"]) == (401, "NOT_AUTHENTICATED")


def test_a_list_goes_page_by_page(trader):
    for number in range(5):
        _key(trader, name=f"key {number}")
    first = trader.get("/api-keys?limit=2").data
    second = trader.get(f"/api-keys?limit=2&cursor={first['next']}").data
    third = trader.get(f"/api-keys?limit=2&cursor={second['next']}").data
    names = [row["name"] for page in (first, second, third) for row in page["results"]]
    assert names == [f"key {number}" for number in (4, 3, 2, 1, 0)]
    assert third["next"] is None
    for bad in ("x", "AAAA", "é", first["next"] + "A" * 600):
        assert trader.get(f"/api-keys?cursor={bad}").data["code"] == "INVALID_CURSOR"
    assert trader.get("/api-keys?limit=x").status_code == 400


def test_disabling_a_user_ends_their_logins_and_is_audited(trader, make_user):
    admin = make_user(role=Role.ADMIN)
    services.set_standing(user=trader.user, role="trader", is_active=False, actor=admin, now=timezone.now())
    assert trader.get("/me").status_code == 401
    entry = AuditEntry.objects.get(action="user.standing_changed")
    assert (entry.actor_id, entry.object_id) == (admin.pk, str(trader.user.pk))
    assert '"is_active":true' in entry.before


def test_the_admin_opens_for_staff_and_only_administrators_change(client, make_user):
    support, admin, trader = make_user(role=Role.SUPPORT), make_user(role=Role.ADMIN), make_user()
    page = f"/admin/accounts/user/{trader.pk}/change/"
    client.force_login(trader)
    assert client.get(page).status_code == 302
    client.force_login(support)
    assert client.get(page).status_code == 200
    form = {"display_name": "New", "role": "instructor", "is_active": "on"}
    assert client.post(page, form).status_code == 403
    client.force_login(admin)
    assert client.post(page, form).status_code == 302
    trader.refresh_from_db()
    assert (trader.display_name, trader.role) == ("New", "instructor")
    actors = AuditEntry.objects.filter(object_id=str(trader.pk)).values_list("actor_id", flat=True)
    assert set(actors) == {admin.pk}


def test_the_admin_login_is_counted_and_audited(client, make_user, settings):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login-pair": "2/minute"}
    admin = make_user(role=Role.ADMIN)
    form = {"username": admin.email.upper(), "password": PASSWORD}
    assert client.post("/admin/login/", {**form, "password": "wrong"}).status_code == 200
    assert client.post("/admin/login/", form).status_code == 302
    client.logout()
    assert client.post("/admin/login/", form).status_code == 200
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == ["admin.login_refused", "admin.login_opened"]


def test_addresses_are_unique_in_any_case_by_the_database_itself(make_user):
    from django.db import IntegrityError

    make_user(email="ann@example.com")
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="ANN@example.com", display_name="x")])


def test_the_demo_account_is_made_once(db, settings, anyone):
    settings.DEMO_PASSWORD = "demo password 1"
    for _ in range(2):
        out = StringIO()
        call_command("create_demo_account", stdout=out)
        assert "demo@example.com" in out.getvalue()
        assert "demo password 1" in out.getvalue()
    assert User.objects.count() == 1
    login = {"email": "demo@example.com", "password": "demo password 1"}
    assert anyone.post("/auth/login", login).status_code == 200
    assert AuditEntry.objects.filter(action="user.demo_prepared").count() == 1
    settings.DEMO_PASSWORD = ""
    with pytest.raises(CommandError):
        call_command("create_demo_account")
