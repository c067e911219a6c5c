"""What a trader is told while a session starts, stops or recovers: real steps, each with when it happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.simulator_sessions.lifecycle import Status, Target

STEPS: dict[str, tuple[str, int]] = {
    # step: (what is said, percent of the way)
    "requested": ("Asked for an exchange", 5),
    "launching": ("Starting the exchange's own process", 20),
    "launched": ("The process runs and is opening the journal", 45),
    "restoring": ("Rebuilding the market from the journal", 70),
    "ready": ("Ready", 100),
    "draining": ("Saving the market and closing", 50),
    "ended": ("The process has ended", 0),
}
_RESTING = {
    Status.STOPPED: "Stopped",
    Status.HIBERNATED: "Saved and asleep",
    Status.FAILED: "It could not be started",
}


def step_entry(name: str, at: datetime, detail: str = "") -> dict[str, Any]:
    """A step as a run keeps it."""
    entry = {"step": name, "at": at.isoformat()}
    return {**entry, "detail": detail} if detail else entry


def progress_events(
    *,
    status: Status,
    target: Target,
    cause: str,
    requested_at: datetime,
    now: datetime,
    steps: Sequence[Mapping[str, Any]],
    lease_detail: str = "",
    queue_position: int | None = None,
) -> list[dict[str, Any]]:
    """Every step so far, oldest first; the last one says where the session is now. Milliseconds since the request."""
    events = []
    for entry in steps:
        at = datetime.fromisoformat(entry["at"])
        message, percent = STEPS.get(str(entry["step"]), (str(entry["step"]), 0))
        if entry.get("detail"):
            message = f"{message}: {entry['detail']}"
        events.append(_event(str(entry["step"]), message, percent, at, requested_at, queue_position))
    if status is Status.REQUESTED and not events:
        waiting = f"Waiting for room: {cause}" if cause else STEPS["requested"][0]
        events.append(_event("requested", waiting, 5, requested_at, requested_at, queue_position))
    if status is Status.RESTORING and lease_detail:
        events.append(
            _event("restoring", f"{STEPS['restoring'][0]}: {lease_detail}", 80, now, requested_at, queue_position)
        )
    if status in _RESTING and target.value in (status.value, Target.READY.value, Target.STOPPED.value):
        message = _RESTING[status] + (f": {cause}" if cause else "")
        events.append(_event(status.value.lower(), message, 100, now, requested_at, queue_position))
    if events:
        events[-1]["ready"] = status is Status.READY
        events[-1]["failed"] = status is Status.FAILED
    return events


def is_settled(status: Status, target: Target) -> bool:
    """Whether nothing more will happen by itself, so that a progress display can close."""
    return status is Status.FAILED or status is Status.STOPPED or status.value == target.value


def _event(
    step: str, message: str, percent: int, at: datetime, requested_at: datetime, queue_position: int | None
) -> dict[str, Any]:
    return {
        "step": step,
        "message": message,
        "percent": percent,
        "elapsed_ms": max(0, int((at - requested_at).total_seconds() * 1000)),
        "queue_position": queue_position,
        "ready": False,
        "failed": False,
    }
