"""The order path's answers over REST: what a trader or a program is told, and that it is true."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.common.problems import Problem
from apps.orders import claims, services
from apps.orders.models import Order, OrderAlias
from apps.simulator_sessions import gateway as gateways
from apps.simulator_sessions.models import SessionLease
from tests.apps import gateways as doubles
from tests.apps.facts import make_session

pytestmark = pytest.mark.django_db

BODY = {
    "client_order_id": "a-1",
    "symbol": "ACME",
    "side": "BUY",
    "type": "LIMIT",
    "quantity": "10",
    "price": "10.00",
}


@pytest.fixture
def api(login_as):
    return login_as()


@pytest.fixture
def session(api):
    return make_session(api.user)


@pytest.fixture
def use(monkeypatch):
    """Puts a gateway double in place of the door to the simulator."""

    def put(double):
        monkeypatch.setattr(gateways, "get_gateway", lambda: double)
        return double

    return put


@pytest.fixture
def url(session):
    return f"/sessions/{session.id}/orders"


# --- placing ------------------------------------------------------------------------------------------------------


def test_a_new_order_is_answered_201_with_its_state(api, url, use):
    use(doubles.SoundGateway())
    answer = api.post(url, BODY)
    assert answer.status_code == 201
    order = answer.data
    assert (order["client_order_id"], order["status"], order["quantity"]) == ("a-1", "NEW", "10")
    assert order["created_at"].endswith("Z")
    assert api.get(f"{url}/a-1").data == order


def test_the_same_id_and_body_gives_the_first_result_and_no_second_order(api, url, use):
    gateway = use(doubles.SoundGateway())
    first = api.post(url, BODY)
    again = api.post(url, {**BODY, "time_in_force": "DAY"})  # the default, said aloud
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.data == first.data
    assert len(gateway.calls) == 1
    assert Order.objects.count() == 1


def test_the_same_id_with_another_body_is_a_duplicate(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    answer = api.post(url, {**BODY, "quantity": "11"})
    assert (answer.status_code, answer.data["type"], answer.data["outcome"]) == (409, "duplicate-order", "none")
    assert Order.objects.get().quantity == 10


def test_an_id_in_flight_is_in_progress(api, session, url, use):
    gateway = use(doubles.SoundGateway())
    body_hash = services.bodies.parse_order(BODY).body_hash()
    claims.claim(session_id=session.id, client_order_id="a-1", body_hash=body_hash, now=timezone.now())
    answer = api.post(url, BODY)
    assert (answer.status_code, answer.data["type"], answer.headers["Retry-After"]) == (409, "in-progress", "1")
    assert gateway.calls == []
    pending = api.get(f"{url}/a-1")
    assert (pending.status_code, pending.data["status"]) == (202, "PENDING_NEW")


def test_a_refusal_by_the_venue_is_422_with_its_code_and_the_order_can_be_queried(api, url, use):
    use(doubles.RejectingGateway())
    for _ in range(2):
        answer = api.post(url, BODY)
        assert (answer.status_code, answer.data["code"]) == (422, "INSUFFICIENT_BUYING_POWER")
        assert answer.data["detail"] == "needs 12 340.00, has 9 800.00"
        assert answer.data["type"] == "insufficient-buying-power"
    assert api.get(f"{url}/a-1").data["status"] == "REJECTED"


def test_a_lost_reply_is_answered_from_the_journal(api, url, use):
    gateway = use(doubles.LostReplyGateway())
    answer = api.post(url, BODY)
    assert (answer.status_code, answer.data["status"]) == (201, "NEW")
    assert api.post(url, BODY).status_code == 200
    assert len(gateway.calls) == 1


def test_an_unknown_outcome_is_504_pending_and_converges_when_sent_again(api, url, use):
    use(doubles.LostRequestGateway())
    answer = api.post(url, BODY)
    assert (answer.status_code, answer.data["type"], answer.data["outcome"]) == (504, "outcome-unknown", "unknown")
    assert api.get(f"{url}/a-1").status_code == 202
    assert api.post(url, BODY).status_code == 201
    assert Order.objects.count() == 1


def test_what_was_never_sent_leaves_its_id_free(api, url, use):
    for double in (doubles.RecoveringGateway(), doubles.DrainingGateway()):
        use(double)
        answer = api.post(url, BODY)
        assert (answer.status_code, answer.data["type"], answer.data["outcome"]) == (503, "session-recovering", "none")
        assert answer.headers["Retry-After"] == "1"
        assert api.get(f"{url}/a-1").status_code == 404
    use(doubles.SoundGateway())
    assert api.post(url, {**BODY, "quantity": "5"}).status_code == 201


def test_an_unknown_order_becomes_none_only_after_its_epoch_has_ended(api, session, url, use):
    use(doubles.LostRequestGateway())
    api.post(url, BODY)
    long_ago = timezone.now() - dt.timedelta(minutes=1)
    OrderAlias.objects.update(created_at=long_ago)
    assert api.get(f"{url}/a-1").status_code == 202
    SessionLease.objects.update(epoch=2)
    answer = api.get(f"{url}/a-1")
    assert (answer.status_code, answer.data["type"]) == (404, "unknown-order")
    assert not OrderAlias.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 10}, "quantity"),
        ({"quantity": "1e3"}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "-0"}, "quantity"),
        ({"quantity": "٣"}, "quantity"),
        ({"quantity": "9223372036854775808"}, "quantity"),
        ({"price": "1e308"}, "price"),
        ({"price": "+1"}, "price"),
        ({"price": "01.0"}, "price"),
        ({"price": True}, "price"),
        ({"side": "HOLD"}, "side"),
        ({"type": "limit"}, "type"),
        ({"client_order_id": "a b"}, "client_order_id"),
        ({"client_order_id": "x" * 65}, "client_order_id"),
        ({"client_order_id": 7}, "client_order_id"),
        ({"post_only": "yes"}, "post_only"),
        ({"good_for_ms": 60_001}, "good_for_ms"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"colour": "red"}, "colour"),
        ({"symbol": None}, "symbol"),
        ({"symbol": ["ACME"]}, "symbol"),
    ],
)
def test_a_body_of_the_wrong_shape_is_400_and_names_the_field(api, url, use, change, field):
    gateway = use(doubles.SoundGateway())
    answer = api.post(url, {**BODY, **change})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.data["errors"]] == [field]
    assert answer.data["errors"][0]["message"]
    assert gateway.calls == []
    assert not OrderAlias.objects.exists()


def test_every_fault_of_a_body_is_named_at_once(api, url, use):
    use(doubles.SoundGateway())
    answer = api.post(url, {"side": "HOLD", "quantity": 1, "x": 1})
    fields = {error["field"] for error in answer.data["errors"]}
    assert fields == {"side", "quantity", "x", "client_order_id", "symbol", "type"}


@pytest.mark.parametrize("raw", [b"[]", b'"a"', b"nul", b'{"a":1,"a":2}', b'{"quantity": NaN}', b"\xff", b"[" * 5000])
def test_what_is_no_json_object_is_400(api, url, use, raw):
    use(doubles.SoundGateway())
    assert api.post(url, raw=raw).status_code == 400


def test_somebody_elses_session_does_not_exist(login_as, url, use):
    gateway = use(doubles.SoundGateway())
    other = login_as()
    for method, path in [
        ("POST", url), ("GET", url), ("DELETE", url), ("GET", f"{url}/a-1"), ("DELETE", f"{url}/a-1"),
        ("PATCH", f"{url}/a-1"), ("POST", f"{url}/preview"),
        ("GET", url.replace("/orders", "/executions")), ("GET", url.replace("/orders", "/positions")),
        ("GET", url.replace("/orders", "/account")), ("GET", url.replace("/orders", "/ledger")),
        ("POST", url.replace("/orders", "/positions/ACME/flatten")),
    ]:  # fmt: skip
        body = {} if path.endswith("flatten") else BODY if method in ("POST",) else {"client_order_id": "n"}
        answer = other.call(method, path, body)
        assert answer.status_code == 404, (method, path)
    assert gateway.calls == []


# --- changing -----------------------------------------------------------------------------------------------------


def test_a_replacement_gives_a_new_id_and_a_repeat_gives_the_same_answer(api, url, use):
    gateway = use(doubles.SoundGateway())
    api.post(url, BODY)
    change = {"client_order_id": "a-2", "quantity": "7"}
    answer = api.patch(f"{url}/a-1", change)
    assert (answer.status_code, answer.data["client_order_id"], answer.data["quantity"]) == (200, "a-2", "7")
    again = api.patch(f"{url}/a-1", change)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert len(gateway.calls) == 2
    assert api.get(f"{url}/a-1").data == api.get(f"{url}/a-2").data


def test_a_replacement_by_an_old_id_is_superseded(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    api.patch(f"{url}/a-1", {"client_order_id": "a-2", "quantity": "7"})
    answer = api.patch(f"{url}/a-1", {"client_order_id": "a-3", "quantity": "6"})
    assert (answer.status_code, answer.data["type"]) == (409, "superseded")
    assert "a-2" in answer.data["detail"]


def test_a_replacement_under_an_id_in_use_is_a_duplicate(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    answer = api.patch(f"{url}/a-1", {"client_order_id": "a-1", "quantity": "7"})
    assert (answer.status_code, answer.data["type"]) == (409, "duplicate-order")


def test_a_refused_replacement_is_the_same_problem_each_time(api, url, use):
    gateway = use(doubles.TooLateGateway())
    api.post(url, BODY)
    for _ in range(2):
        answer = api.patch(f"{url}/a-1", {"client_order_id": "a-2", "quantity": "7"})
        assert (answer.status_code, answer.data["type"]) == (409, "too-late-to-cancel")
    assert len(gateway.calls) == 2  # the order and the first replacement
    assert api.get(f"{url}/a-2").status_code == 404


# --- cancelling ---------------------------------------------------------------------------------------------------


def test_a_cancel_answers_with_the_order_by_any_of_its_ids(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    answer = api.delete(f"{url}/a-1", **{"Idempotency-Key": "c-1"})
    assert (answer.status_code, answer.data["status"]) == (200, "CANCELED")
    again = api.delete(f"{url}/a-1", **{"Idempotency-Key": "c-1"})
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")


def test_a_cancel_of_a_finished_order_is_too_late(api, url, use):
    use(doubles.TooLateGateway())
    api.post(url, BODY)
    answer = api.delete(f"{url}/a-1")
    assert (answer.status_code, answer.data["code"]) == (409, "TOO_LATE_TO_CANCEL")


def test_an_unknown_order_is_404_for_every_verb(api, url, use):
    gateway = use(doubles.SoundGateway())
    answers = [
        api.get(f"{url}/zzz"),
        api.delete(f"{url}/zzz"),
        api.patch(f"{url}/zzz", {"client_order_id": "n", "quantity": "1"}),
    ]
    assert {(answer.status_code, answer.data["type"]) for answer in answers} == {(404, "unknown-order")}
    assert gateway.calls == []


def test_an_order_under_the_key_of_a_cancel_is_refused_and_leaves_nothing_pending(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    api.delete(f"{url}/a-1", **{"Idempotency-Key": "c-1"})
    answer = api.post(url, {**BODY, "client_order_id": "c-1"})
    assert (answer.status_code, answer.data["type"]) == (409, "duplicate-order")
    assert api.get(f"{url}/c-1").status_code == 404


def test_a_cancel_that_was_not_taken_leaves_the_order_in_flight_claimed(api, url, session, use):
    use(doubles.DrainingGateway())
    claims.claim(session_id=session.id, client_order_id="a-1", body_hash=b"x" * 32, now=timezone.now())
    assert api.delete(f"{url}/a-1").status_code == 503
    assert api.get(f"{url}/a-1").status_code == 202


def test_one_cancel_key_for_two_orders_is_refused(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    api.post(url, {**BODY, "client_order_id": "b-1"})
    api.delete(f"{url}/a-1", **{"Idempotency-Key": "c-1"})
    answer = api.delete(f"{url}/b-1", **{"Idempotency-Key": "c-1"})
    assert (answer.status_code, answer.data["type"]) == (409, "idempotency-mismatch")


def test_cancel_many_answers_for_each_order(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    api.post(url, {**BODY, "client_order_id": "b-1"})
    answer = api.delete(f"{url}?symbol=ACME&side=BUY")
    assert answer.status_code == 200
    results = {row["client_order_id"]: row for row in answer.data["results"]}
    assert {name: row["order"]["status"] for name, row in results.items()} == {"a-1": "CANCELED", "b-1": "CANCELED"}


def test_cancel_many_again_is_answered_as_the_first_time(api, url, use):
    use(doubles.SoundGateway())
    api.post(url, BODY)
    api.post(url, {**BODY, "client_order_id": "b-1"})
    first = api.delete(url, **{"Idempotency-Key": "m-1"})
    again = api.delete(url, **{"Idempotency-Key": "m-1"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert {row["client_order_id"] for row in first.data["results"]} == {"a-1", "b-1"}
    assert again.data == first.data


def test_a_cancel_that_came_too_late_is_too_late_again(api, url, use):
    use(doubles.TooLateGateway())
    api.post(url, BODY)
    for _ in range(2):
        answer = api.delete(f"{url}/a-1", **{"Idempotency-Key": "c-1"})
        assert (answer.status_code, answer.data["code"]) == (409, "TOO_LATE_TO_CANCEL")


def test_a_lost_reply_under_another_requests_key_is_not_taken_for_its_own(api, url, use):
    gateway = use(doubles.SoundGateway())
    for name in ("a-1", "b-1"):
        api.post(url, {**BODY, "client_order_id": name})
    api.delete(f"{url}/a-1", **{"Idempotency-Key": "c-1"})

    def lose(**_):
        raise Problem(code="OUTCOME_UNKNOWN", outcome="unknown")

    gateway.cancel = lose
    answer = api.delete(f"{url}/b-1", **{"Idempotency-Key": "c-1"})
    assert (answer.status_code, answer.data["type"]) == (409, "idempotency-mismatch")


def test_cancel_many_by_a_side_that_does_not_exist_is_400(api, url, use):
    gateway = use(doubles.SoundGateway())
    assert api.delete(f"{url}?side=UP").status_code == 400
    assert gateway.calls == []


def test_flatten_uses_the_idempotency_key_as_its_order_id(api, session, use):
    gateway = use(doubles.SoundGateway())
    path = f"/sessions/{session.id}/positions/ACME/flatten"
    answer = api.post(path, {}, **{"Idempotency-Key": "f-1"})
    assert (answer.status_code, answer.data["client_order_id"], answer.data["status"]) == (201, "f-1", "FILLED")
    assert api.post(path, {}, **{"Idempotency-Key": "f-1"}).status_code == 200
    assert gateway.calls == [("flatten", "f-1")]


# --- reading ------------------------------------------------------------------------------------------------------


def test_orders_are_listed_newest_first_and_filtered(api, url, use):
    use(doubles.SoundGateway())
    for n in range(5):
        api.post(url, {**BODY, "client_order_id": f"o-{n}"})
    api.delete(f"{url}/o-3")
    page = api.get(f"{url}?limit=3").data
    assert [row["client_order_id"] for row in page["results"]] == ["o-4", "o-3", "o-2"]
    rest = api.get(f"{url}?limit=3&cursor={page['next']}").data
    assert [row["client_order_id"] for row in rest["results"]] == ["o-1", "o-0"]
    assert len(api.get(f"{url}?status=open").data["results"]) == 4
    assert [row["client_order_id"] for row in api.get(f"{url}?status=CANCELED").data["results"]] == ["o-3"]
    assert api.get(f"{url}?status=LOST").status_code == 400


def test_executions_can_be_followed_by_number(api, session, url, use):
    use(doubles.SoundGateway())
    for n in range(3):
        api.post(url, {**BODY, "client_order_id": f"o-{n}"})
    path = f"/sessions/{session.id}/executions"
    assert [row["seq"] for row in api.get(f"{path}?after_seq=1").data["results"]] == [2, 3]
    assert [row["seq"] for row in api.get(path).data["results"]] == [3, 2, 1]
    assert api.get(f"{path}?after_seq=x").status_code == 400
    page = api.get(f"{path}?after_seq=0&limit=2").data
    assert [row["seq"] for row in page["results"]] == [1, 2]
    rest = api.get(f"{path}?after_seq=0&limit=2&cursor={page['next']}").data
    assert ([row["seq"] for row in rest["results"]], rest["next"]) == ([3], None)
    assert api.get(f"{path}?after_seq=0&cursor=zzz").data["code"] == "INVALID_CURSOR"


def test_a_stale_link_stops_orders_that_add_risk_and_no_others(api, session, use):
    use(doubles.SoundGateway())
    place = {"user": api.user, "session_id": session.id, "now": timezone.now(), "link_is_stale": True}
    with pytest.raises(services.Problem) as refused:
        services.submit_order(body=BODY, **place)
    assert (refused.value.status, refused.value.code) == (409, "CONNECTION_QUALITY")
    assert services.submit_order(body={**BODY, "reduce_only": True}, **place).order["status"] == "NEW"
    cancelled = services.cancel_order(user=api.user, session_id=session.id, client_order_id="a-1", now=timezone.now())
    assert cancelled.order["status"] == "CANCELED"


def test_a_preview_is_the_venues_own_answer(api, url, use):
    use(doubles.SoundGateway())
    assert api.post(f"{url}/preview", BODY).data["accepted"] is True
    use(doubles.RecoveringGateway())
    assert api.post(f"{url}/preview", BODY).status_code == 503


def test_orders_are_limited_by_user(api, url, use, settings):
    use(doubles.SoundGateway())
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "orders": "2/minute"}
    statuses = [api.post(url, {**BODY, "client_order_id": f"o-{n}"}).status_code for n in range(3)]
    assert statuses == [201, 201, 429]
    assert api.delete(f"{url}/o-0").status_code == 200
