"""Journal, reconciler, zygote and real simulators together, and kill -9 at the moments that matter."""

from __future__ import annotations

import os
import pathlib
import signal
import tempfile
import uuid

import orjson
import pytest
from django.utils import timezone

from apps.common.problems import Problem
from apps.journal.models import JournalRecord
from apps.journal.serving import JournalServer
from apps.journal.verifying import verify_session
from apps.orders.services import submit_order
from apps.simulator_sessions import clients
from apps.simulator_sessions.gateway import get_gateway
from apps.simulator_sessions.launchers import base
from apps.simulator_sessions.models import SessionLease, SimulatorSession
from apps.simulator_sessions.reconciler import Reconciler
from apps.simulator_sessions.services import hibernate_session, start_session, wait_until_settled, wake_session
from tests.apps.simulator_sessions import murder
from tests.support.waiting import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos]


@pytest.fixture
def house(settings, monkeypatch, transactional_db):
    """Everything that runserver starts beside the web server."""
    with tempfile.TemporaryDirectory(prefix="rs-", ignore_cleanup_errors=True) as folder:
        settings.RUN_DIR = pathlib.Path(folder)
        settings.JOURNAL_TARGET = f"unix:{folder}/journal.sock"
        settings.SESSION_NOTICE = ""
        settings.SESSION_READY_WAIT_SECONDS = 20
        base._load.cache_clear()
        journal = JournalServer(settings.JOURNAL_TARGET).start()
        reconciler = Reconciler().start()
        yield base.get_launcher()
        reconciler.stop()
        base.get_launcher().shut_down()
        clients.close_all()
        journal.stop(0.5)
        base._load.cache_clear()
        murder.victim_request = ""


@pytest.fixture
def session(house, make_user) -> SimulatorSession:
    started = start_session(user=make_user(), scenario="open-market", seed=7, now=timezone.now())
    assert started.ready, started.session.cause
    return started.session


def order(session, client_order_id, **more):
    body = {"client_order_id": client_order_id, "symbol": "ACME", "side": "BUY", "type": "MARKET", "quantity": "10"}
    return submit_order(user=session.user, session_id=session.id, body={**body, **more}, now=timezone.now()).order


def pid_of(house, session) -> int:
    return next(pid for name, pid in house.processes().items() if name.startswith(str(session.id)))


def epoch_of(session) -> int:
    return SessionLease.objects.get(session_id=session.id).epoch


def back(session, epoch) -> None:
    """Waits until a run of a later epoch answers."""

    def answers() -> bool:
        if epoch_of(session) <= epoch:
            return False
        try:
            get_gateway().get_state(session=session, kind="instruments")
        except Problem:
            return False
        return True

    eventually(answers, timeout=20)


def account(session) -> dict[str, str]:
    body = orjson.loads(get_gateway().get_state(session=session, kind="account"))
    return {name: body[name] for name in ("cash", "reserved", "fees", "realized_pnl")}


def test_kill_9_loses_no_acknowledged_order_and_doubles_none(house, session):
    for number in range(3):
        for one in range(5):
            assert order(session, f"o-{number}-{one}")["status"] == "FILLED"
        before, epoch = account(session), epoch_of(session)
        os.kill(pid_of(house, session), signal.SIGKILL)
        back(session, epoch)
        assert account(session) == before
        assert order(session, f"o-{number}-0")["status"] == "FILLED"  # the same again is the same order
    assert JournalRecord.objects.filter(session_id=session.id).count() == 15
    assert verify_session(session.id) == []


def test_killed_after_the_commit_and_before_its_answer_the_order_stands(house, session, settings):
    settings.JOURNAL_RECEIVERS = [*settings.JOURNAL_RECEIVERS, "tests.apps.simulator_sessions.murder.kill_and_commit"]
    murder.victim_request = "victim"
    epoch = epoch_of(session)
    assert order(session, "victim")["status"] == "FILLED"  # read from the journal: the simulator never said so
    murder.victim_request = ""
    back(session, epoch)
    assert order(session, "victim")["status"] == "FILLED"
    assert JournalRecord.objects.filter(session_id=session.id, request_id="victim").count() == 1
    assert verify_session(session.id) == []


def test_killed_with_its_commit_lost_the_order_was_certainly_not_placed(house, session, settings):
    settings.JOURNAL_RECEIVERS = [*settings.JOURNAL_RECEIVERS, "tests.apps.simulator_sessions.murder.kill_and_lose"]
    murder.victim_request = "victim"
    before, epoch = account(session), epoch_of(session)
    with pytest.raises(Problem) as caught:
        order(session, "victim")
    assert (caught.value.code, caught.value.outcome) == ("SESSION_RECOVERING", "none")
    murder.victim_request = ""
    back(session, epoch)
    assert account(session) == before
    assert order(session, "victim")["status"] == "FILLED"
    assert JournalRecord.objects.filter(session_id=session.id, request_id="victim").count() == 1


def test_a_frozen_simulator_is_replaced_and_the_woken_one_can_do_nothing(house, session):
    pid, epoch = pid_of(house, session), epoch_of(session)
    os.kill(pid, signal.SIGSTOP)
    back(session, epoch)
    assert house.processes() == {f"{session.id}:{epoch + 1}": pid_of(house, session)}
    assert order(session, "after")["status"] == "FILLED"
    assert verify_session(session.id) == []


def test_the_book_is_the_same_after_hibernation(house, session):
    resting = order(session, "resting", type="LIMIT", price="120.00", time_in_force="GTC")
    assert resting["status"] == "NEW"
    before = account(session)
    assert hibernate_session(user=session.user, session_id=session.id, now=timezone.now()).status == "HIBERNATED"
    assert house.processes() == {}
    assert wake_session(user=session.user, session_id=session.id, now=timezone.now()).status == "READY"
    assert account(session) == before
    assert order(session, "resting", type="LIMIT", price="120.00", time_in_force="GTC")["status"] == "NEW"


def test_a_flipped_byte_in_the_journal_halts_the_session(house, session):
    assert order(session, "one")["status"] == "FILLED"
    epoch = epoch_of(session)
    JournalRecord.objects.filter(session_id=session.id, request_id="one").update(sim_time_ns=1)
    os.kill(pid_of(house, session), signal.SIGKILL)
    eventually(lambda: SimulatorSession.objects.get(id=session.id).status == "FAILED", timeout=20)
    assert SimulatorSession.objects.get(id=session.id).cause.startswith("halted")
    assert epoch_of(session) == epoch + 1
    with pytest.raises(Problem) as caught:
        order(session, "two")
    assert caught.value.code == "SESSION_HALTED"


def test_a_scenario_that_cannot_be_made_fails_with_its_cause(house, make_user):
    session = SimulatorSession.objects.create(
        user=make_user(), name="x", scenario="no-such", seed=1, requested_at=timezone.now(), status_at=timezone.now()
    )
    SessionLease.objects.create(session=session)
    session = eventually(lambda: (s := wait_until_settled(session.id, 5)).status == "FAILED" and s, timeout=20)
    assert "no-such" in session.cause


def test_several_sessions_at_once_are_each_their_own(house, make_user):
    user = make_user()
    sessions = [
        start_session(
            user=user, scenario="open-market", seed=n, now=timezone.now(), idempotency_key=str(uuid.uuid4())
        ).session
        for n in range(3)
    ]
    assert {session.status for session in sessions} == {"READY"}
    order(sessions[0], "mine")
    assert account(sessions[0]) != account(sessions[1])
    assert len(house.processes()) == 3
