"""What every launcher promises: three verbs, of which `observe` never acts."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.simulator_sessions.lifecycle import Process


class LaunchFailed(Exception):
    """The process could not be started. `reason` is a short label for people and metrics."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class NoCapacity(LaunchFailed):
    """There is no room for another process now; trying again later is right."""


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """One run to start. The token is a secret: it may be passed through a pipe or a mounted file, nothing else."""

    session_id: uuid.UUID
    epoch: int
    token: str

    @property
    def run_name(self) -> str:
        return run_name(self.session_id, self.epoch)


def run_name(session_id: uuid.UUID, epoch: int) -> str:
    """The name by which a launcher knows a run, whether or not its start was recorded."""
    return f"{session_id}:{epoch}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a run's process. `cause` says how it ended, when that is known."""

    process: Process
    cause: str = ""


class Launcher(Protocol):
    def start(self, request: LaunchRequest) -> dict[str, Any]:
        """Start the run, or find it started. → the handle to keep. Raises LaunchFailed."""

    def stop(self, name: str, handle: dict[str, Any], *, grace_seconds: float) -> None:
        """Ask it to end, and end it after the grace (0: at once). One that is gone is no error."""

    def observe(self, name: str, handle: dict[str, Any]) -> Seen:
        """Say whether its process lives. Changes nothing; UNKNOWN when the launcher itself cannot tell."""

    def watch(self, on_exit: Callable[[uuid.UUID | None], None]) -> Callable[[], None]:
        """Hear of ends as they happen (None: look at all of them). → a function that ends the watching."""

    def shut_down(self) -> None:
        """End every run and the launcher's own processes: the platform is stopping for good."""


@lru_cache(maxsize=4)
def _load(name: str) -> Launcher:
    launcher: Launcher = import_string(name)()
    return launcher


def get_launcher() -> Launcher:
    """The launcher of settings.SIMULATOR_LAUNCHER; one per process."""
    return _load(settings.SIMULATOR_LAUNCHER)
