"""What to do next for a session: a pure function of where it stands, what is wanted and what was seen.

Never looks at a clock, a database or a process. The reconciler acts on the answer; acting twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a session (or one of its runs) stands."""

    REQUESTED = "REQUESTED"
    LAUNCHING = "LAUNCHING"
    RESTORING = "RESTORING"
    READY = "READY"
    DRAINING = "DRAINING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    HIBERNATED = "HIBERNATED"


class Target(StrEnum):
    """What is wanted of it."""

    READY = "READY"
    HIBERNATED = "HIBERNATED"
    STOPPED = "STOPPED"


class Process(StrEnum):
    """What the launcher saw of the present run's process. UNKNOWN: the launcher itself could not tell."""

    NONE = "NONE"
    ALIVE = "ALIVE"
    GONE = "GONE"
    UNKNOWN = "UNKNOWN"


class Health(StrEnum):
    """What the simulator says of itself. SILENT: three beats and probes in a row went unanswered."""

    NONE = "NONE"
    RESTORING = "RESTORING"
    READY = "READY"
    DRAINED = "DRAINED"
    HALTED = "HALTED"
    SILENT = "SILENT"


class Step(StrEnum):
    """What the reconciler does. WAIT does nothing; each other one ends in one recorded change of status."""

    WAIT = "WAIT"
    START = "START"
    NOTE_RESTORING = "NOTE_RESTORING"
    NOTE_READY = "NOTE_READY"
    REPLACE = "REPLACE"
    DRAIN = "DRAIN"
    KILL = "KILL"
    FINISH = "FINISH"
    FAIL = "FAIL"
    HALT = "HALT"


ACTIVE_STATUSES = frozenset({Status.LAUNCHING, Status.RESTORING, Status.READY, Status.DRAINING})
"""A run in one of these may have a process; at most one such run exists for a session."""

UNSETTLED_STATUSES = frozenset({Status.REQUESTED, Status.LAUNCHING, Status.RESTORING, Status.DRAINING})

LAUNCH_DEADLINE_SECONDS = 15.0  # a cold Python start with history takes under 3 s; five times that is a fault
RESTORE_DEADLINE_SECONDS = 120.0  # a restore that renews its lease may take long; a silent one is replaced sooner
DRAIN_DEADLINE_SECONDS = 5.0  # commands are held for at most 2 s, then a snapshot
FAILURES_BEFORE_GIVING_UP = 5  # with the back-off below: about 8 s of trying
BACKOFF_SECONDS = (0.0, 0.25, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen, outside any transaction. `status_age_seconds`: how long the session has been in its status."""

    process: Process = Process.NONE
    health: Health = Health.NONE
    status_age_seconds: float = 0.0
    failures: int = 0
    retry_due: bool = True


def backoff_seconds(failures: int) -> float:
    """How long to wait before the next try, after this many failed runs in a row (1 or more)."""
    return BACKOFF_SECONDS[min(max(failures - 1, 0), len(BACKOFF_SECONDS) - 1)]


def next_step(status: Status, target: Target, seen: Observation) -> Step:
    """The one thing to do now. Total: every combination has an answer."""
    if target is Target.READY:
        return _towards_ready(status, seen)
    return _towards_rest(status, target, seen)


def _towards_ready(status: Status, seen: Observation) -> Step:
    if status in (Status.STOPPED, Status.FAILED):
        return Step.WAIT  # only a person's wish moves it on
    if status in (Status.REQUESTED, Status.HIBERNATED):
        if seen.failures >= FAILURES_BEFORE_GIVING_UP:
            return Step.FAIL
        return Step.START if seen.retry_due else Step.WAIT
    if status is Status.DRAINING:
        if seen.process in (Process.GONE, Process.NONE):
            return Step.FINISH
        return Step.KILL if _overdue(seen, DRAIN_DEADLINE_SECONDS) else Step.WAIT
    # LAUNCHING, RESTORING, READY: a process is meant to be there.
    if seen.health is Health.HALTED:
        return Step.HALT
    if seen.process in (Process.GONE, Process.NONE) or seen.health is Health.DRAINED:
        return Step.REPLACE
    if seen.health is Health.SILENT:
        return Step.REPLACE
    if status is Status.READY:
        return Step.WAIT
    if seen.health is Health.READY:
        return Step.NOTE_READY
    if status is Status.LAUNCHING:
        if seen.health is Health.RESTORING:
            return Step.NOTE_RESTORING
        return Step.REPLACE if _overdue(seen, LAUNCH_DEADLINE_SECONDS) else Step.WAIT
    return Step.REPLACE if _overdue(seen, RESTORE_DEADLINE_SECONDS) else Step.WAIT


def _towards_rest(status: Status, target: Target, seen: Observation) -> Step:
    if status.value == target.value or status is Status.STOPPED:
        return Step.WAIT
    if status is Status.FAILED:
        return Step.FINISH if target is Target.STOPPED else Step.WAIT
    if status in (Status.REQUESTED, Status.HIBERNATED):
        return Step.FINISH
    if seen.process in (Process.GONE, Process.NONE):
        return Step.FINISH
    if status is Status.DRAINING:
        if seen.health is Health.DRAINED or seen.health is Health.SILENT:
            return Step.KILL
        return Step.KILL if _overdue(seen, DRAIN_DEADLINE_SECONDS) else Step.WAIT
    if status is Status.READY and seen.health is not Health.SILENT:
        return Step.DRAIN
    return Step.KILL  # nothing that is not in the journal can be lost by ending it


def _overdue(seen: Observation, deadline_seconds: float) -> bool:
    return seen.status_age_seconds > deadline_seconds
