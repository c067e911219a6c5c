"""One reconciler against launchers with every fault that we know, on the real tables."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.simulator_sessions import lifecycle, observing
from apps.simulator_sessions.clients import CallFailed
from apps.simulator_sessions.lifecycle import Status, Target
from apps.simulator_sessions.models import SessionLease, SimulatorRun, SimulatorSession
from apps.simulator_sessions.reconciling import reconcile_one, sweep
from tests.apps.journal.batches import session_with_lease
from tests.apps.simulator_sessions.doubles import (
    CrashingLauncher,
    FailingLauncher,
    FullLauncher,
    HaltingLauncher,
    NeverReadyLauncher,
    SlowLauncher,
    WillingLauncher,
)


@pytest.fixture(autouse=True)
def _quiet(settings):
    settings.SESSION_NOTICE = ""


@pytest.fixture
def session_id(django_user_model) -> uuid.UUID:
    return session_with_lease(django_user_model, epoch=0)


def row(session_id) -> SimulatorSession:
    return SimulatorSession.objects.get(id=session_id)


def want(session_id, target: Target) -> None:
    SimulatorSession.objects.filter(id=session_id).update(target=target.value)


def let_time_pass(session_id, seconds: float) -> None:
    """As if everything recorded of this session had happened so long ago."""
    back = timedelta(seconds=seconds)
    session = row(session_id)
    SimulatorSession.objects.filter(id=session_id).update(
        status_at=session.status_at - back,
        retry_at=session.retry_at - back if session.retry_at else None,
        claimed_until=session.claimed_until - back if session.claimed_until else None,
    )
    lease = SessionLease.objects.get(session_id=session_id)
    if lease.renewed_at:
        SessionLease.objects.filter(session_id=session_id).update(renewed_at=lease.renewed_at - back)


@pytest.mark.django_db
class TestStarting:
    def test_a_requested_session_becomes_ready_with_the_next_epoch(self, session_id):
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        assert row(session_id).status == Status.READY
        assert row(session_id).ready_in_ms is not None
        assert SessionLease.objects.get(session_id=session_id).epoch == 1
        assert [step["step"] for step in SimulatorRun.objects.get().steps] == [
            "requested",
            "launching",
            "launched",
            "ready",
        ]

    def test_reconciling_again_changes_nothing(self, session_id):
        launcher = WillingLauncher()
        for _ in range(3):
            reconcile_one(session_id, launcher=launcher)
        assert len(launcher.started) == 1
        assert SimulatorRun.objects.count() == 1

    def test_a_launcher_that_fails_is_tried_again_with_longer_waits_and_then_given_up(self, session_id):
        launcher = FailingLauncher()
        for _ in range(20):
            reconcile_one(session_id, launcher=launcher)
            let_time_pass(session_id, 10)
        assert row(session_id).status == Status.FAILED
        assert "no-fork" in row(session_id).cause
        assert row(session_id).failures == lifecycle.FAILURES_BEFORE_GIVING_UP

    def test_a_crash_loop_ends_in_failed_with_the_cause(self, session_id):
        launcher = CrashingLauncher()
        for _ in range(20):
            reconcile_one(session_id, launcher=launcher)
            let_time_pass(session_id, 10)
        assert row(session_id).status == Status.FAILED
        assert "signal 9" in row(session_id).cause
        assert len(launcher.started) == lifecycle.FAILURES_BEFORE_GIVING_UP

    def test_no_room_is_no_failure_and_is_tried_again(self, session_id):
        for _ in range(10):
            reconcile_one(session_id, launcher=FullLauncher())
            let_time_pass(session_id, 10)
        assert row(session_id).status == Status.REQUESTED
        assert row(session_id).cause.startswith("capacity")
        reconcile_one(session_id, launcher=WillingLauncher())
        assert row(session_id).status == Status.READY

    def test_a_silent_start_is_replaced_after_its_deadline_with_a_higher_epoch(self, session_id):
        launcher = NeverReadyLauncher()
        reconcile_one(session_id, launcher=launcher)
        assert row(session_id).status == Status.LAUNCHING
        let_time_pass(session_id, lifecycle.LAUNCH_DEADLINE_SECONDS + 1)
        reconcile_one(session_id, launcher=launcher)
        assert [request.epoch for request in launcher.started] == [1, 2]
        assert launcher.stopped == [(f"{session_id}:1", 0)]

    def test_a_start_whose_record_was_lost_is_adopted_not_repeated(self, session_id):
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        session = row(session_id)
        SimulatorSession.objects.filter(id=session_id).update(  # as a controller that died in mid-launch leaves it
            status=Status.LAUNCHING.value, claimed_until=timezone.now() - timedelta(seconds=1), version=session.version
        )
        SimulatorRun.objects.update(status=Status.LAUNCHING.value, handle={})
        reconcile_one(session_id, launcher=launcher)
        assert row(session_id).status == Status.READY
        assert len(launcher.started) == 1

    def test_a_halted_restore_is_never_tried_again_by_itself(self, session_id):
        launcher = HaltingLauncher()
        for _ in range(5):
            reconcile_one(session_id, launcher=launcher)
        assert row(session_id).status == Status.FAILED
        assert row(session_id).cause == "halted: a flipped byte"
        assert len(launcher.started) == 1


@pytest.mark.django_db
class TestKeeping:
    def test_a_killed_run_is_replaced_at_once(self, session_id):
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        launcher.lose(session_id)
        reconcile_one(session_id, launcher=launcher)
        assert row(session_id).status == Status.READY
        assert row(session_id).failures == 0
        assert [request.epoch for request in launcher.started] == [1, 2]
        ended = SimulatorRun.objects.get(epoch=1)
        assert (ended.status, ended.cause) == (Status.FAILED, "ended by signal 9")

    def test_an_expired_lease_starts_nothing_while_the_run_answers(self, session_id, monkeypatch):
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        let_time_pass(session_id, 60)
        asked = []
        monkeypatch.setattr(observing, "probe", lambda **call: asked.append(call["epoch"]))
        assert sweep() == [session_id]
        reconcile_one(session_id, launcher=launcher)
        assert asked == [1]
        assert len(launcher.started) == 1

    def test_a_frozen_run_is_ended_and_replaced(self, session_id, monkeypatch):
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        let_time_pass(session_id, 60)

        def silent(**_):
            import grpc

            raise CallFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "frozen", sent=True)

        monkeypatch.setattr(observing, "probe", silent)
        reconcile_one(session_id, launcher=launcher)
        assert launcher.stopped == [(f"{session_id}:1", 0)]
        assert row(session_id).status == Status.READY
        assert SessionLease.objects.get(session_id=session_id).epoch == 2

    def test_a_healthy_session_is_not_swept(self, session_id):
        reconcile_one(session_id, launcher=WillingLauncher())
        assert sweep() == []
        assert sweep(relist=True) == [session_id]


@pytest.mark.django_db
class TestResting:
    @pytest.mark.parametrize("target", [Target.HIBERNATED, Target.STOPPED])
    def test_a_ready_session_is_drained_and_rests(self, session_id, target):
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        want(session_id, target)
        assert sweep() == [session_id]
        reconcile_one(session_id, launcher=launcher)
        assert row(session_id).status == target
        assert launcher.living == set()
        assert SimulatorRun.objects.get().status == Status.STOPPED

    def test_a_hibernated_session_wakes_with_the_next_epoch(self, session_id):
        launcher = WillingLauncher()
        for target in (Target.READY, Target.HIBERNATED, Target.READY):
            want(session_id, target)
            reconcile_one(session_id, launcher=launcher)
            assert row(session_id).status == target
        assert SessionLease.objects.get(session_id=session_id).epoch == 2

    def test_stopping_what_never_started_needs_no_launcher(self, session_id):
        want(session_id, Target.STOPPED)
        reconcile_one(session_id, launcher=FailingLauncher())
        assert row(session_id).status == Status.STOPPED

    def test_a_step_claimed_by_another_is_left_alone(self, session_id):
        SimulatorSession.objects.filter(id=session_id).update(claimed_until=timezone.now() + timedelta(seconds=5))
        launcher = WillingLauncher()
        reconcile_one(session_id, launcher=launcher)
        assert launcher.started == []


@pytest.mark.django_db(transaction=True)
def test_fifty_launches_of_one_session_at_once_make_one_run(session_id):
    launcher = SlowLauncher()
    gate = threading.Barrier(50)
    faults: list[BaseException] = []

    def one() -> None:
        try:
            gate.wait(20)
            reconcile_one(session_id, launcher=launcher)
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert len(launcher.started) == 1
    assert SimulatorRun.objects.count() == 1
    assert SessionLease.objects.get(session_id=session_id).epoch == 1
    assert row(session_id).status == Status.READY
