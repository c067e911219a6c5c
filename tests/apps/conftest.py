"""What tests of the platform's apps share: users, and clients that are logged in as them."""

import itertools
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

PASSWORD = "correct horse battery"


class Api:
    """A caller of /api/v1. ``refresh`` and ``access`` are the pair of its login, empty for an anonymous one."""

    def __init__(self, *, user: Any = None, access: str = "", refresh: str = "", sid: Any = None) -> None:
        self.client = Client(raise_request_exception=True)
        self.user, self.access, self.refresh, self.sid = user, access, refresh, sid

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        if self.access:
            headers.setdefault("Authorization", f"Bearer {self.access}")
        data = raw if raw is not None else b"" if body is None else orjson.dumps(body)
        kind = headers.pop("content_type", "application/json")
        response: HttpResponse = self.client.generic(
            method, f"/api/v1{path}", data=data, content_type=kind, headers=headers
        )
        if response.headers.get("Content-Type", "").startswith(("application/json", "application/problem+json")):
            response.data = orjson.loads(response.content) if response.content else None  # type: ignore[attr-defined]
        return response

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> Any:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: Any) -> Any:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: Any) -> Any:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("DELETE", path, **headers)


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """A factory of users; each has the password PASSWORD."""
    from apps.accounts.models import User

    numbers = itertools.count(1)

    def make(**fields: Any) -> Any:
        fields.setdefault("email", f"user{next(numbers)}@example.com")
        return User.objects.create_user(password=PASSWORD, **fields)

    return make


@pytest.fixture
def login_as(make_user: Callable[..., Any]) -> Callable[..., Api]:
    """A factory of logged-in callers: of the given user, or of a new one with the given fields."""
    from apps.accounts.logins import open_family

    def login(user: Any = None, **fields: Any) -> Api:
        user = user or make_user(**fields)
        pair = open_family(user=user, now=timezone.now())
        return Api(user=user, access=pair.access.text, refresh=pair.refresh.text, sid=pair.sid)

    return login


@pytest.fixture
def anyone(db: None) -> Api:
    """A caller without a login."""
    return Api()


@pytest.fixture
def trader(login_as: Callable[..., Api]) -> Api:
    return login_as()
