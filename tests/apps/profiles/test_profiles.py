"""Preferences, layouts and portfolio configurations: kept, versioned, bounded, and nobody else's."""

import uuid

import pytest

from apps.audit.models import AuditEntry
from apps.common.problems import Problem
from apps.profiles import selectors

LAYOUT = {"name": "Day", "layout": {"panels": [1, {"kind": "chart"}]}}
PORTFOLIO = {
    "name": "Swing",
    "starting_cash": "250000.50",
    "holdings": [{"symbol": "ACME", "quantity": "100", "average_price": "12.5"}],
    "limits": {"daily_loss_limit": "500"},
    "benchmark": "ACME",
}


def test_preferences_come_back_as_they_were_put(trader, login_as):
    empty = trader.get("/me/preferences")
    assert (empty.status_code, empty.data, empty.headers["ETag"]) == (200, {}, '"0"')
    body = {"theme": "dark", "sizes": ["1", "2"], "deep": {"a": [None, True, 1.5, "é"]}}
    first = trader.put("/me/preferences", body)
    assert (first.status_code, first.data, first.headers["ETag"]) == (200, body, '"1"')
    assert trader.get("/me/preferences").data == body
    second = trader.put("/me/preferences", {"theme": "light"})
    assert (second.data, second.headers["ETag"]) == ({"theme": "light"}, '"2"')
    assert login_as().get("/me/preferences").data == {}


def test_an_overtaken_write_is_refused(trader):
    trader.put("/me/preferences", {"a": 1}, **{"If-Match": '"0"'})
    for stale in ('"0"', '"7"'):
        answer = trader.put("/me/preferences", {"a": 2}, **{"If-Match": stale})
        assert (answer.status_code, answer.data["code"]) == (412, "PRECONDITION_FAILED")
    assert trader.put("/me/preferences", {"a": 3}, **{"If-Match": '"1"'}).data == {"a": 3}
    assert trader.put("/me/preferences", {"a": 4}, **{"If-Match": "rubbish"}).status_code == 400


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_preferences_are_an_object(trader, body):
    answer = trader.put("/me/preferences", raw=b"null") if body is None else trader.put("/me/preferences", body)
    assert (answer.status_code, answer.data["code"]) == (400, "MALFORMED")


def test_documents_are_bounded(trader):
    fits = {"x": "a" * (65_536 - 8)}
    assert trader.put("/me/preferences", fits).status_code == 200
    over = {"x": "a" * (65_536 - 7)}
    assert trader.put("/me/preferences", over).status_code == 413
    assert trader.post("/me/layouts", {"name": "x", "layout": over}).status_code == 413


def test_a_layout_lives(trader):
    made = trader.post("/me/layouts", LAYOUT)
    assert made.status_code == 201
    path = f"/me/layouts/{made.data['id']}"
    assert {**made.data, **LAYOUT} == made.data
    assert trader.get(path).data == made.data
    changed = trader.put(path, {"name": "Night", "layout": {}}, **{"If-Match": made.headers["ETag"]})
    assert (changed.data["name"], changed.data["layout"], changed.data["version"]) == ("Night", {}, 2)
    assert trader.put(path, LAYOUT, **{"If-Match": made.headers["ETag"]}).status_code == 412
    assert [row["name"] for row in trader.get("/me/layouts").data["results"]] == ["Night"]
    assert trader.delete(path).status_code == 204
    assert trader.delete(path).status_code == 404
    assert trader.put(path, LAYOUT).status_code == 404


def test_layout_names_are_the_users_own_and_unique(trader, login_as, monkeypatch):
    trader.post("/me/layouts", LAYOUT)
    assert trader.post("/me/layouts", LAYOUT).data["code"] == "DUPLICATE_NAME"
    other = trader.post("/me/layouts", {**LAYOUT, "name": "Other"}).data
    assert trader.put(f"/me/layouts/{other['id']}", LAYOUT).data["code"] == "DUPLICATE_NAME"
    assert login_as().post("/me/layouts", LAYOUT).status_code == 201
    monkeypatch.setattr("apps.profiles.services.MOST_LAYOUTS", 2)
    assert trader.post("/me/layouts", {**LAYOUT, "name": "Third"}).data["code"] == "QUOTA_EXCEEDED"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x"}, 400),
        ({"name": "x", "layout": []}, 400),
        ({"name": "", "layout": {}}, 422),
        ({"name": "x" * 81, "layout": {}}, 422),
        ({"name": "x", "layout": {}, "user": "y"}, 400),
    ],
)
def test_bad_layouts(trader, body, status):
    assert trader.post("/me/layouts", body).status_code == status


def test_a_portfolio_configuration_lives_and_is_audited(trader):
    made = trader.post("/portfolio-configurations", PORTFOLIO)
    assert made.status_code == 201, made.data
    assert {**made.data, **PORTFOLIO} == made.data
    assert made.data["currency"] == "USD"
    path = f"/portfolio-configurations/{made.data['id']}"
    changed = trader.put(path, {"name": "Swing", "starting_cash": "0"})
    assert changed.data["starting_cash"] == "0.00"
    assert (changed.data["holdings"], changed.data["limits"], changed.data["benchmark"]) == ([], {}, None)
    assert trader.get(path).data == changed.data
    assert trader.delete(path).status_code == 204
    assert trader.get(path).status_code == 404
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == [f"portfolio_configuration.{what}" for what in ("created", "changed", "deleted")]


def test_a_session_copies_the_account(trader, make_user):
    made = trader.post("/portfolio-configurations", PORTFOLIO).data
    found = selectors.get_portfolio_configuration(user=trader.user, configuration_id=made["id"])
    assert found.as_account() == {
        "currency": "USD",
        "starting_cash": "250000.50",
        "holdings": PORTFOLIO["holdings"],
        "limits": {"daily_loss_limit": "500"},
        "benchmark": "ACME",
    }
    with pytest.raises(Problem) as refused:
        selectors.get_portfolio_configuration(user=make_user(), configuration_id=made["id"])
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"starting_cash": 100}, 400, "starting_cash"),
        ({"starting_cash": "-1"}, 422, "starting_cash"),
        ({"starting_cash": "-0"}, 400, "starting_cash"),
        ({"starting_cash": "1e9"}, 400, "starting_cash"),
        ({"starting_cash": "NaN"}, 400, "starting_cash"),
        ({"starting_cash": "１００"}, 400, "starting_cash"),
        ({"starting_cash": "0.00001"}, 422, "starting_cash"),
        ({"starting_cash": "1000000000001"}, 422, "starting_cash"),
        ({"holdings": [{"symbol": "acme", "quantity": "1", "average_price": "1"}]}, 400, "holdings.0.symbol"),
        ({"holdings": [{"symbol": "A", "quantity": "0", "average_price": "1"}]}, 422, "holdings.0.quantity"),
        ({"holdings": [{"symbol": "A", "quantity": "1"}]}, 400, "holdings.0.average_price"),
        ({"holdings": [PORTFOLIO["holdings"][0]] * 2}, 422, "holdings"),
        ({"limits": {"leverage": "3"}}, 400, "limits.leverage"),
        ({"limits": {"daily_loss_limit": "-5"}}, 422, "limits.daily_loss_limit"),
        ({"benchmark": "no symbol"}, 400, "benchmark"),
        ({"currency": "dollars"}, 400, "currency"),
    ],
)
def test_bad_portfolio_configurations(trader, change, status, field):
    answer = trader.post("/portfolio-configurations", {**PORTFOLIO, **change})
    assert answer.status_code == status, answer.data
    assert field in {error["field"] for error in answer.data["errors"]}, answer.data


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(("path", "body"), [("/me/layouts", LAYOUT), ("/portfolio-configurations", PORTFOLIO)])
def test_what_is_somebody_elses_does_not_exist(trader, login_as, anyone, path, body, method):
    made = trader.post(path, body).data
    answers = [
        login_as().call(method, f"{path}/{pk}", body if method == "PUT" else None) for pk in (made["id"], uuid.uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    first, second = ({**answer.data, "request_id": ""} for answer in answers)
    assert first == second
    assert trader.get(f"{path}/{made['id']}").data == made
    assert anyone.call(method, f"{path}/{made['id']}").status_code == 401
