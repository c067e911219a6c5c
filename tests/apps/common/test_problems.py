"""Every error is a problem document with a stable code, and no failure of ours shows its inside."""

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.test import Client

from apps.accounts import selectors
from apps.common import problems
from apps.common.codes import CODES, kebab

MEMBERS = {"type", "title", "status", "detail", "code", "errors", "retryable", "outcome", "request_id"}


@pytest.mark.parametrize(
    ("raw", "status", "says"),
    [
        (b"{", 400, "not valid JSON"),
        (b"", 400, ""),
        (b'{"display_name": NaN}', 400, "not valid JSON"),
        (b'{"display_name": Infinity}', 400, "not valid JSON"),
        (b'{"display_name": 1e999}', 400, "not valid JSON"),
        (b'{"display_name": "a", "display_name": "b"}', 400, "twice"),
        (b'{"x": {"y": 1, "y": 2}}', 400, "twice"),
        (b'{"display_name": "\xff"}', 400, "not valid JSON"),
        (b'{"display_name": "\\ud800"}', 400, "not valid JSON"),
        (b'{"display_name": "a\\u0000b"}', 400, "NUL"),
        (b"[" * 40 + b"]" * 40, 400, "levels deep"),
        (b"[" * 5000 + b"]" * 5000, 400, ""),
        (b'{"a":' * 33 + b"1" + b"}" * 33, 400, "levels deep"),
        (b'"text"', 400, "JSON object"),
        (b'{"display_name": "' + b"a" * 1_048_576 + b'"}', 413, "limit"),
    ],
)
def test_bodies_that_nobody_can_read(trader, raw, status, says):
    answer = trader.call("PATCH", "/me", raw=raw)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert says in answer.data["detail"]
    assert answer.data.keys() >= MEMBERS


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_other_media_types_are_415(trader, kind):
    answer = trader.call("PATCH", "/me", raw=b"x=1", content_type=kind)
    assert (answer.status_code, answer.data["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_other_methods_are_405_and_say_which_are_not(trader):
    answer = trader.put("/me", {})
    assert (answer.status_code, answer.data["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "PATCH"} <= set(answer.headers["Allow"].split(", "))


def test_unknown_addresses_are_problems_under_api(anyone):
    for method in ("GET", "POST"):
        answer = anyone.call(method, "/no-such-thing")
        assert (answer.status_code, answer.data["code"]) == (404, "NOT_FOUND")


def test_answers_come_in_json_or_not_at_all(trader):
    answer = trader.get("/me", Accept="text/csv")
    assert answer.status_code == 406
    assert answer.data["code"] == "NOT_ACCEPTABLE"


def test_a_trailing_slash_is_tolerated(trader):
    assert trader.get("/me/").data == trader.get("/me").data


@pytest.mark.parametrize(
    ("failure", "status", "code", "outcome"),
    [
        (IntegrityError("UNIQUE constraint failed: secret_table"), 409, "CONFLICT", "none"),
        (DataError("value too long for type secret"), 400, "MALFORMED", "none"),
        (OperationalError("could not connect to secret-host"), 503, "JOURNAL_UNAVAILABLE", "none"),
        (ZeroDivisionError("secret"), 500, "INTERNAL_ERROR", "unknown"),
    ],
)
def test_failures_show_nothing_of_their_inside(trader, monkeypatch, failure, status, code, outcome):
    def fail(**_):
        raise failure

    monkeypatch.setattr(selectors, "api_keys", fail)
    trader.client.raise_request_exception = False
    answer = trader.get("/api-keys")
    assert (answer.status_code, answer.data["code"], answer.data["outcome"]) == (status, code, outcome)
    assert b"secret" not in answer.content


def test_a_database_lost_during_a_change_leaves_the_outcome_open(trader, monkeypatch):
    def fail(**_):
        raise OperationalError

    monkeypatch.setattr("apps.accounts.services.change_profile", fail)
    answer = trader.patch("/me", {"display_name": "x"})
    assert (answer.status_code, answer.data["outcome"]) == (503, "unknown")
    assert answer.headers["Retry-After"]


def test_request_ids_are_echoed_when_harmless_and_made_when_not(trader):
    answer = trader.get("/nothing", **{"X-Request-Id": "my-request-0001"})
    assert answer.headers["X-Request-Id"] == answer.data["request_id"] == "my-request-0001"
    for harmful in ("short", "x" * 65, "has space in it", "new\tline-line"):
        assert trader.get("/me", **{"X-Request-Id": harmful}).headers["X-Request-Id"] != harmful


def test_types_are_the_codes_in_kebab_case():
    for code, meaning in CODES.items():
        problem = problems.Problem(code=code)
        assert problem.body()["type"] == kebab(code) == code.lower().replace("_", "-")
        assert problem.status == meaning.status
        assert 400 <= meaning.status < 600


def test_a_code_of_the_venue_is_a_422_that_says_what_the_venue_said():
    problem = problems.Problem("needs 12 340.00, has 9 800.00", code="INSUFFICIENT_BUYING_POWER")
    assert (problem.status, problem.body()["type"]) == (422, "insufficient-buying-power")
    assert problem.body()["detail"] == "needs 12 340.00, has 9 800.00"


def test_csrf_failures_of_the_admin_are_pages():
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
