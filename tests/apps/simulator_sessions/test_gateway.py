"""What the gateway answers when a call breaks: never a guess. The simulator is a double named for its fault."""

from __future__ import annotations

from types import SimpleNamespace

import grpc
import pytest

from apps.common.problems import Problem
from apps.journal import appending
from apps.simulator_sessions import gateway as module
from apps.simulator_sessions import leases
from apps.simulator_sessions.clients import CallFailed
from apps.simulator_sessions.gateway import get_gateway
from apps.simulator_sessions.models import SessionLease, SimulatorSession
from tests.apps.facts import make_session
from tests.apps.journal.batches import batch

pytestmark = pytest.mark.django_db
REQUEST = "order-1"  # the id of the first record that `batch` makes


def failing(code: grpc.StatusCode, *, sent: bool, detail: str = "", then=lambda: None):
    """A client whose every call breaks, after the world has moved on as told."""

    def call(*_, **__):
        then()
        raise CallFailed(code, detail, sent=sent)

    return SimpleNamespace(execute=call, read_state=call, preview=call)


@pytest.fixture
def session(trader, monkeypatch, settings) -> SimulatorSession:
    settings.JOURNAL_RECEIVERS = []
    monkeypatch.setattr(module, "RESOLVE_SECONDS", 0.1)
    return make_session(trader.user)


@pytest.fixture
def serve(monkeypatch):
    return lambda client: monkeypatch.setattr(module.clients, "client_for", lambda **_: client)


def cancel(session):
    return get_gateway().cancel(session=session, request_id=REQUEST, client_order_id="x")


def problem_of(session) -> Problem:
    with pytest.raises(Problem) as caught:
        cancel(session)
    return caught.value


def commit(session):
    from django.utils import timezone

    result = appending.append(batch(session.id, commands=(1, 1), events=(1, 1)), now=timezone.now())
    assert isinstance(result, appending.Appended)


def test_a_broken_call_that_is_in_the_journal_was_applied(session, serve):
    serve(failing(grpc.StatusCode.UNAVAILABLE, sent=True, then=lambda: commit(session)))
    assert problem_of(session).outcome == "applied"


def test_a_broken_call_of_which_nothing_is_known_is_unknown(session, serve):
    serve(failing(grpc.StatusCode.DEADLINE_EXCEEDED, sent=True))
    problem = problem_of(session)
    assert (problem.status, problem.code, problem.outcome) == (504, "OUTCOME_UNKNOWN", "unknown")


def test_absent_after_the_epoch_moved_was_certainly_not_done(session, serve):
    def move():
        leases.raise_epoch(session_id=session.id, from_epoch=1)

    serve(failing(grpc.StatusCode.UNAVAILABLE, sent=True, then=move))
    problem = problem_of(session)
    assert (problem.status, problem.code, problem.outcome) == (503, "SESSION_RECOVERING", "none")


def test_committed_before_the_epoch_moved_is_applied_all_the_same(session, serve):
    def commit_and_move():
        commit(session)
        leases.raise_epoch(session_id=session.id, from_epoch=1)

    serve(failing(grpc.StatusCode.UNAVAILABLE, sent=True, then=commit_and_move))
    assert problem_of(session).outcome == "applied"


@pytest.mark.parametrize(
    ("code", "detail", "status", "wanted"),
    [
        (grpc.StatusCode.UNAVAILABLE, "the session is moving or stopping", 503, "SESSION_RECOVERING"),
        (grpc.StatusCode.UNAVAILABLE, "the journal does not answer", 503, "JOURNAL_UNAVAILABLE"),
        (grpc.StatusCode.FAILED_PRECONDITION, "another session or epoch runs here", 503, "SESSION_RECOVERING"),
        (grpc.StatusCode.UNAUTHENTICATED, "the token is not this run's", 503, "SESSION_RECOVERING"),
        (grpc.StatusCode.INVALID_ARGUMENT, "an empty command", 400, "MALFORMED"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "full", 503, "CAPACITY"),
    ],
)
def test_the_handlers_own_refusal_is_definite(session, serve, code, detail, status, wanted):
    serve(failing(code, sent=False, detail=detail))
    problem = problem_of(session)
    assert (problem.status, problem.code, problem.outcome) == (status, wanted, "none")


def test_a_stale_order_is_not_applied(session, serve):
    serve(failing(grpc.StatusCode.FAILED_PRECONDITION, sent=False, detail="the request came 9 ms late"))
    assert cancel(session).outcome == "NOT_APPLIED"


@pytest.mark.parametrize(
    ("status", "target", "lease_state", "cause", "wanted"),
    [
        ("LAUNCHING", "READY", "", "", (503, "SESSION_RECOVERING")),
        ("RESTORING", "READY", "RESTORING", "", (503, "SESSION_RECOVERING")),
        ("READY", "READY", "DRAINED", "", (503, "SESSION_RECOVERING")),
        ("HIBERNATED", "HIBERNATED", "DRAINED", "", (409, "SESSION_STOPPED")),
        ("STOPPED", "STOPPED", "DRAINED", "", (409, "SESSION_STOPPED")),
        ("FAILED", "READY", "", "exited with code 1", (409, "SESSION_STOPPED")),
        ("FAILED", "READY", "HALTED", "halted: a flipped byte", (503, "SESSION_HALTED")),
        ("REQUESTED", "READY", "", "capacity: full", (503, "CAPACITY")),
    ],
)
def test_without_a_run_nothing_is_sent_and_the_reason_is_said(
    session, serve, status, target, lease_state, cause, wanted
):
    serve(None)  # asking for a client would be a fault
    SimulatorSession.objects.filter(id=session.id).update(status=status, target=target, cause=cause)
    SessionLease.objects.filter(session_id=session.id).update(state=lease_state, endpoint="")
    problem = problem_of(session)
    assert (problem.status, problem.code) == wanted
    assert problem.outcome == "none"


def test_a_broken_read_is_always_outcome_none(session, serve):
    serve(failing(grpc.StatusCode.DEADLINE_EXCEEDED, sent=True))
    with pytest.raises(Problem) as caught:
        get_gateway().get_state(session=session, kind="book", symbol="ACME")
    assert (caught.value.status, caught.value.outcome) == (503, "none")
