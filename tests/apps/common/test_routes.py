"""Default deny, for every route that there is: who is not logged in gets 401 unless the route is listed here."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.common.permissions import DefaultDeny, Public

# A new public route must be written down here, by somebody who has thought about it.
PUBLIC = {
    "auth/signup",
    "auth/login",
    "auth/refresh",
    "auth/logout",
    "auth/logout-all",
    "scenarios",
    "scenarios/<slug:slug>",
    "scenarios/<slug:slug>/days",
}


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry, path)
        elif path.startswith("api/v1/"):
            yield path.removeprefix("api/v1/"), entry


ROUTES = list(_routes(get_resolver()))
_SAMPLES = {"uuid": str(uuid.uuid4()), "slug": "x", "str": "x", "int": "1", "path": "x"}


def _address(route: str) -> str:
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda match: _SAMPLES.get(match[1] or "str", "x"), route)


def test_there_are_routes():
    assert len(ROUTES) > 20


def test_without_a_login_every_route_is_closed(transactional_db, anyone):
    for route in sorted({route for route, _ in ROUTES} - PUBLIC):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = anyone.call(method, _address(route), {} if method != "GET" else None)
            if answer.status_code == 405 and method != "GET":
                continue  # a stream knows its one method before it asks who is there
            assert answer.status_code == 401, f"{method} {route} answered {answer.status_code}"
            assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("route", "entry"), ROUTES, ids=[route for route, _ in ROUTES])
def test_every_view_is_open_by_decision_only(route, entry):
    view = getattr(entry.callback, "cls", None) or getattr(entry.callback, "view_class", None)
    permissions = getattr(view, "permission_classes", [])
    if route in PUBLIC:
        assert permissions == [Public]
    elif view is not None and permissions:
        assert any(issubclass(permission, DefaultDeny) for permission in permissions), route


def test_another_users_ids_are_nowhere_found(transactional_db, trader, login_as):
    """Ids that exist and ids that do not are told apart by no route."""
    mine = trader.post("/me/layouts", {"name": "x", "layout": {}}).data["id"]
    stranger = login_as()
    for pk in (mine, str(uuid.uuid4())):
        for route, _ in ROUTES:
            if "<uuid:" not in route:
                continue
            address = "/" + re.sub(r"<uuid:\w+>", pk, route)
            address = re.sub(r"<(?:(\w+):)?\w+>", lambda match: _SAMPLES.get(match[1] or "str", "x"), address)
            answer = stranger.get(address)
            assert answer.status_code in (404, 405), f"GET {route} answered {answer.status_code}"
