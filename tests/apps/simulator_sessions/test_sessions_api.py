"""Sessions over REST: shapes, quota, idempotency, other people's sessions. No simulator runs: a double starts them."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from apps.audit.models import AuditEntry
from apps.simulator_sessions import pokes, reconciling
from apps.simulator_sessions.models import SimulatorSession
from tests.apps.facts import make_session
from tests.apps.simulator_sessions.doubles import NeverReadyLauncher, WillingLauncher

pytestmark = pytest.mark.django_db
BODY = {"scenario": "open-market", "seed": 7}


@pytest.fixture(autouse=True)
def launcher(settings):
    """A reconciler that acts at once, in this thread."""
    settings.SESSION_NOTICE = ""
    settings.SESSION_READY_WAIT_SECONDS = 0
    willing = WillingLauncher()
    undo = pokes.use_in_process(lambda session_id: reconciling.reconcile_one(session_id, launcher=willing))
    yield willing
    undo()


def test_a_session_is_started_and_shown(trader):
    answer = trader.call("POST", "/sessions", BODY)
    assert answer.status_code == 201
    session = answer.data
    assert session["status"] == "READY"
    assert (session["scenario"], session["seed"], session["epoch"], session["speed"]) == ("open-market", 7, 1, "1")
    assert answer.headers["Location"].endswith(session["id"])
    detail = trader.get(f"/sessions/{session['id']}").data
    assert detail["next_seq"] == {"orders": 1, "account": 1, "session": 1}
    assert [row["id"] for row in trader.get("/sessions").data["results"]] == [session["id"]]
    assert AuditEntry.objects.filter(action="session.started", object_id=session["id"]).count() == 1


def test_what_is_not_ready_in_time_is_answered_with_where_to_watch_it(trader, launcher, monkeypatch):
    monkeypatch.setattr(WillingLauncher, "serve", NeverReadyLauncher.serve)
    answer = trader.call("POST", "/sessions", BODY)
    assert answer.status_code == 202
    assert answer.data["status"] == "LAUNCHING"
    assert answer.data["progress_url"].endswith("/progress")


def test_the_same_key_is_the_same_session_and_another_body_is_refused(trader, launcher):
    first = trader.call("POST", "/sessions", BODY, **{"Idempotency-Key": "k"})
    again = trader.call("POST", "/sessions", BODY, **{"Idempotency-Key": "k"})
    assert again.data["id"] == first.data["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = trader.call("POST", "/sessions", {**BODY, "seed": 8}, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.data["code"]) == (409, "IDEMPOTENCY_MISMATCH")
    assert len(launcher.started) == 1


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"scenario": "no-such"}, 422, "UNKNOWN_SCENARIO", "scenario"),
        ({"scenario": 5, "seed": "x"}, 400, "MALFORMED", "seed"),
        ({"scenario": "history", "date": "1066-10-14"}, 422, "NOT_PLAYABLE", "date"),
        ({"date": "2020-01-02"}, 422, "NOT_PLAYABLE", "date"),
        ({"seed": -1}, 422, "VALIDATION_FAILED", "seed"),
        ({"seed": 2**60}, 422, "VALIDATION_FAILED", "seed"),
        ({"speed": "1000"}, 422, "VALIDATION_FAILED", "speed"),
        ({"speed": "fast"}, 400, "MALFORMED", "speed"),
        ({"account": {"starting_cash": "lots"}}, 422, "VALIDATION_FAILED", "account"),
        ({"account": {"colour": "red"}}, 422, "VALIDATION_FAILED", "account"),
        ({"account": "no-such-preset"}, 422, "VALIDATION_FAILED", "account"),
    ],
)
def test_what_cannot_be_played_is_said_by_field(trader, change, status, code, field):
    answer = trader.call("POST", "/sessions", {**BODY, **change})
    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert field in {error["field"] for error in answer.data["errors"]}
    assert SimulatorSession.objects.count() == 0


def test_the_quota_of_running_sessions(trader, settings):
    settings.SESSION_ACTIVE_QUOTA_PER_USER = 1
    first = trader.call("POST", "/sessions", BODY).data
    refused = trader.call("POST", "/sessions", BODY)
    assert (refused.status_code, refused.data["code"]) == (429, "QUOTA_EXCEEDED")
    assert trader.call("POST", f"/sessions/{first['id']}/hibernate").status_code == 200
    assert trader.call("POST", "/sessions", BODY).status_code == 201
    woken = trader.call("POST", f"/sessions/{first['id']}/wake")
    assert (woken.status_code, woken.data["code"]) == (429, "QUOTA_EXCEEDED")


def test_hibernate_wake_and_stop(trader):
    session = trader.call("POST", "/sessions", BODY).data["id"]
    assert trader.call("POST", f"/sessions/{session}/hibernate").data["status"] == "HIBERNATED"
    woken = trader.call("POST", f"/sessions/{session}/wake").data
    assert (woken["status"], woken["epoch"]) == ("READY", 2)
    assert trader.call("POST", f"/sessions/{session}/stop").data["status"] == "STOPPED"
    assert trader.call("POST", f"/sessions/{session}/stop").status_code == 200
    for action in ("wake", "hibernate"):
        refused = trader.call("POST", f"/sessions/{session}/{action}")
        assert (refused.status_code, refused.data["code"]) == (409, "SESSION_STOPPED")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/instruments"),
        ("GET", "/book?symbol=ACME"),
        ("GET", "/trades?symbol=ACME"),
        ("GET", "/candles?symbol=ACME"),
        ("GET", "/snapshots"),
        ("POST", "/snapshots"),
        ("POST", "/clock"),
        ("POST", "/hibernate"),
        ("POST", "/wake"),
        ("POST", "/stop"),
    ],
)
def test_somebody_elses_session_does_not_exist(trader, login_as, anyone, method, path):
    session = make_session(login_as().user)
    body = {"/snapshots": {"name": "n"}, "/clock": {"action": "pause"}}.get(path) if method == "POST" else None
    assert trader.call(method, f"/sessions/{session.id}{path}", body).status_code == 404
    assert anyone.call(method, f"/sessions/{session.id}{path}", body).status_code == 401


@pytest.mark.parametrize("query", ["", "?symbol=ACME&depth=0", "?symbol=ACME&depth=1e3", "?symbol=ACME&depth=999999"])
def test_a_read_that_makes_no_sense_is_malformed(trader, query):
    session = make_session(trader.user)
    assert trader.get(f"/sessions/{session.id}/book{query}").status_code == 400


@pytest.fixture
def started(transactional_db, trader):
    return trader.call("POST", "/sessions", BODY).data["id"]


@pytest.mark.django_db(transaction=True)
async def test_progress_tells_the_real_steps_and_ends(started, trader):
    headers = {"Authorization": f"Bearer {trader.access}"}
    answer = await AsyncClient().get(f"/api/v1/sessions/{started}/progress", headers=headers)
    assert answer.headers["Content-Type"] == "text/event-stream"
    text = b"".join([part async for part in answer.streaming_content]).decode()
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [event["step"] for event in events] == ["requested", "launching", "launched", "ready"]
    assert [event["ready"] for event in events] == [False, False, False, True]
    assert [event["elapsed_ms"] for event in events] == sorted(event["elapsed_ms"] for event in events)
    assert events[-1]["percent"] == 100


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("whose", "status"), [("nobody", 401), ("another", 404)])
async def test_progress_of_somebody_elses_session_does_not_exist(started, login_as, whose, status):
    headers = {}
    if whose == "another":
        other = await sync_to_async(login_as)()
        headers = {"Authorization": f"Bearer {other.access}"}
    answer = await AsyncClient().get(f"/api/v1/sessions/{started}/progress", headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
