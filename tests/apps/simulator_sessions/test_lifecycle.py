"""The life of a session as a table, and the promise that every combination has an answer."""

from __future__ import annotations

import itertools

import pytest

from apps.simulator_sessions.lifecycle import (
    DRAIN_DEADLINE_SECONDS,
    FAILURES_BEFORE_GIVING_UP,
    LAUNCH_DEADLINE_SECONDS,
    RESTORE_DEADLINE_SECONDS,
    Health,
    Observation,
    Process,
    Status,
    Step,
    Target,
    backoff_seconds,
    next_step,
)

ALIVE, GONE, NONE, UNKNOWN = Process.ALIVE, Process.GONE, Process.NONE, Process.UNKNOWN


def seen(process=ALIVE, health=Health.NONE, age=0.0, failures=0, due=True):
    return Observation(process, health, age, failures, due)


TABLE = [
    # towards READY
    (Status.REQUESTED, Target.READY, seen(NONE), Step.START),
    (Status.REQUESTED, Target.READY, seen(NONE, due=False), Step.WAIT),
    (Status.REQUESTED, Target.READY, seen(NONE, failures=FAILURES_BEFORE_GIVING_UP), Step.FAIL),
    (Status.HIBERNATED, Target.READY, seen(NONE), Step.START),
    (Status.LAUNCHING, Target.READY, seen(), Step.WAIT),
    (Status.LAUNCHING, Target.READY, seen(UNKNOWN), Step.WAIT),
    (Status.LAUNCHING, Target.READY, seen(GONE), Step.REPLACE),
    (Status.LAUNCHING, Target.READY, seen(age=LAUNCH_DEADLINE_SECONDS + 1), Step.REPLACE),
    (Status.LAUNCHING, Target.READY, seen(health=Health.RESTORING), Step.NOTE_RESTORING),
    (Status.LAUNCHING, Target.READY, seen(health=Health.READY), Step.NOTE_READY),
    (Status.RESTORING, Target.READY, seen(health=Health.RESTORING, age=60), Step.WAIT),
    (Status.RESTORING, Target.READY, seen(health=Health.RESTORING, age=RESTORE_DEADLINE_SECONDS + 1), Step.REPLACE),
    (Status.RESTORING, Target.READY, seen(health=Health.READY), Step.NOTE_READY),
    (Status.RESTORING, Target.READY, seen(GONE), Step.REPLACE),
    (Status.RESTORING, Target.READY, seen(GONE, Health.HALTED), Step.HALT),
    (Status.READY, Target.READY, seen(health=Health.READY), Step.WAIT),
    (Status.READY, Target.READY, seen(GONE), Step.REPLACE),
    (Status.READY, Target.READY, seen(health=Health.SILENT), Step.REPLACE),
    (Status.READY, Target.READY, seen(health=Health.DRAINED), Step.REPLACE),
    (Status.READY, Target.READY, seen(health=Health.HALTED), Step.HALT),
    (Status.DRAINING, Target.READY, seen(), Step.WAIT),
    (Status.DRAINING, Target.READY, seen(GONE), Step.FINISH),
    (Status.DRAINING, Target.READY, seen(age=DRAIN_DEADLINE_SECONDS + 1), Step.KILL),
    (Status.FAILED, Target.READY, seen(NONE), Step.WAIT),
    (Status.STOPPED, Target.READY, seen(NONE), Step.WAIT),
    # towards rest
    (Status.READY, Target.HIBERNATED, seen(health=Health.READY), Step.DRAIN),
    (Status.READY, Target.STOPPED, seen(health=Health.READY), Step.DRAIN),
    (Status.READY, Target.STOPPED, seen(health=Health.SILENT), Step.KILL),
    (Status.READY, Target.STOPPED, seen(GONE), Step.FINISH),
    (Status.LAUNCHING, Target.STOPPED, seen(), Step.KILL),
    (Status.RESTORING, Target.HIBERNATED, seen(health=Health.RESTORING), Step.KILL),
    (Status.DRAINING, Target.STOPPED, seen(), Step.WAIT),
    (Status.DRAINING, Target.STOPPED, seen(health=Health.DRAINED), Step.KILL),
    (Status.DRAINING, Target.STOPPED, seen(GONE), Step.FINISH),
    (Status.REQUESTED, Target.STOPPED, seen(NONE), Step.FINISH),
    (Status.HIBERNATED, Target.HIBERNATED, seen(NONE), Step.WAIT),
    (Status.HIBERNATED, Target.STOPPED, seen(NONE), Step.FINISH),
    (Status.FAILED, Target.STOPPED, seen(NONE), Step.FINISH),
    (Status.FAILED, Target.HIBERNATED, seen(NONE), Step.WAIT),
    (Status.STOPPED, Target.STOPPED, seen(NONE), Step.WAIT),
]


@pytest.mark.parametrize(("status", "target", "observation", "step"), TABLE)
def test_the_table(status, target, observation, step):
    assert next_step(status, target, observation) is step


def test_every_combination_has_an_answer_and_a_settled_session_is_left_alone():
    for status, target, process, health in itertools.product(Status, Target, Process, Health):
        step = next_step(status, target, seen(process, health))
        assert isinstance(step, Step)
        if status.value == target.value and target is not Target.READY:
            assert step is Step.WAIT


def test_backing_off_starts_at_once_and_never_shrinks():
    waits = [backoff_seconds(failures) for failures in range(1, 10)]
    assert waits[0] == 0
    assert waits == sorted(waits)
