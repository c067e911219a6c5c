"""Launchers named for their fault. Each keeps what was asked of it; none starts a process."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from apps.simulator_sessions import leases
from apps.simulator_sessions.launchers.base import LaunchFailed, LaunchRequest, NoCapacity, Seen
from apps.simulator_sessions.lifecycle import Process


class WillingLauncher:
    """Its runs bind their lease and are READY at once. `lose` ends one as kill -9 would."""

    def __init__(self) -> None:
        self.started: list[LaunchRequest] = []
        self.stopped: list[tuple[str, float]] = []
        self.living: set[str] = set()
        self._lock = threading.Lock()

    def start(self, request: LaunchRequest) -> dict[str, Any]:
        with self._lock:
            self.started.append(request)
            self.living.add(request.run_name)
        self.serve(request)
        return {"pid": len(self.started)}

    def serve(self, request: LaunchRequest, state: str = "READY") -> None:
        session_id, epoch = request.session_id, request.epoch
        leases.acquire(
            session_id=session_id, epoch=epoch, holder="double", endpoint="unix:/nowhere", engine_version="1"
        )
        leases.renew(
            session_id=session_id,
            epoch=epoch,
            holder="double",
            horizon_ns=1,
            state=state,
            sim_time_ns=1,
            phase="CONTINUOUS",
            speed="1",
            paused=False,
            detail="python",
        )

    def stop(self, name: str, handle: dict[str, Any], *, grace_seconds: float) -> None:
        self.stopped.append((name, grace_seconds))
        self.living.discard(name)

    def observe(self, name: str, handle: dict[str, Any]) -> Seen:
        return Seen(Process.ALIVE) if name in self.living else Seen(Process.GONE, "ended by signal 9")

    def watch(self, on_exit: Callable[[uuid.UUID | None], None]) -> Callable[[], None]:
        return lambda: None

    def shut_down(self) -> None:
        self.living.clear()

    def lose(self, session_id: uuid.UUID) -> None:
        self.living = {name for name in self.living if not name.startswith(str(session_id))}


class SlowLauncher(WillingLauncher):
    """Takes a while to start anything."""

    def start(self, request: LaunchRequest) -> dict[str, Any]:
        time.sleep(0.2)
        return super().start(request)


class NeverReadyLauncher(WillingLauncher):
    """Its processes live and never say a word."""

    def serve(self, request: LaunchRequest, state: str = "READY") -> None:
        return


class CrashingLauncher(WillingLauncher):
    """Its processes end before they have bound their lease."""

    def serve(self, request: LaunchRequest, state: str = "READY") -> None:
        self.living.discard(request.run_name)


class HaltingLauncher(WillingLauncher):
    """Its processes find that the journal does not hold."""

    def serve(self, request: LaunchRequest, state: str = "READY") -> None:
        super().serve(request, "RESTORING")
        leases.release(
            session_id=request.session_id, epoch=request.epoch, holder="double", state="HALTED", detail="a flipped byte"
        )


class FailingLauncher(WillingLauncher):
    """Cannot start anything."""

    def start(self, request: LaunchRequest) -> dict[str, Any]:
        raise LaunchFailed("no-fork", "double")


class FullLauncher(WillingLauncher):
    """Has no room."""

    def start(self, request: LaunchRequest) -> dict[str, Any]:
        raise NoCapacity("full")
