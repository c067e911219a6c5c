"""Simulators as processes of this machine, forked from a zygote that is reached over a Unix socket.

The zygote outlives an autoreload of the platform and is found again by its socket and lock; it dies, with all its
children, when nobody has watched it for a while. Tokens go through the socket only.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.simulator_sessions.endpoints import tls_files
from apps.simulator_sessions.launchers.base import LaunchFailed, LaunchRequest, NoCapacity, Seen
from apps.simulator_sessions.lifecycle import Process
from simulator_engine.config import SimulatorConfig

log = logging.getLogger("tradesim.sessions.launcher")

SPAWN_SECONDS = 20.0  # importing engine and gRPC takes 0.3 s; a busy machine many times that
ANSWER_SECONDS = 5.0
RECONNECT_SECONDS = 0.2


class LocalLauncher:
    """See the module. Safe to use from many threads; each call opens its own short connection."""

    def __init__(self, run_folder: Path | None = None, *, entry: str | None = None, owner_grace: float = 10.0) -> None:
        self._folder = Path(run_folder or settings.RUN_DIR)
        self._path = str(self._folder / "zygote.sock")
        self._entry = entry
        self._owner_grace = owner_grace
        self._lock = threading.Lock()
        self._owner: socket.socket | None = None

    # --- the three verbs ---

    def start(self, request: LaunchRequest) -> dict[str, Any]:
        self._ensure_zygote()
        self._hold_ownership()
        running = self.processes()
        if len(running) >= settings.SIMULATOR_MAX_PROCESSES and request.run_name not in running:
            raise NoCapacity("full", f"{len(running)} exchanges run on this machine")
        answer = self._ask({"op": "start", "run": request.run_name, "config": self._config(request)})
        if not answer.get("ok"):
            kind = NoCapacity if answer.get("capacity") else LaunchFailed
            raise kind("refused", str(answer.get("error", "")))
        return {"pid": answer["pid"]}

    def stop(self, name: str, handle: dict[str, Any], *, grace_seconds: float) -> None:
        try:
            self._ask({"op": "stop", "run": name, "grace": grace_seconds})
        except LaunchFailed:
            log.info("no zygote to stop %s: it is gone", name)

    def observe(self, name: str, handle: dict[str, Any]) -> Seen:
        try:
            answer = self._ask({"op": "observe", "run": name})
        except LaunchFailed as error:
            if error.reason == "no-zygote" and not self._lock_is_held():
                return Seen(Process.GONE, "the machine's simulators ended")  # they die with the zygote
            return Seen(Process.UNKNOWN)
        if answer.get("state") == "alive":
            return Seen(Process.ALIVE)
        return Seen(Process.GONE, _exit_text(answer.get("exit")))

    # --- watching ---

    def watch(self, on_exit: Callable[[uuid.UUID | None], None]) -> Callable[[], None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._watch_forever, args=(on_exit, ended), name="launcher-watch", daemon=True)
        thread.start()

        def end() -> None:
            ended.set()
            thread.join(timeout=2.0)

        return end

    def _watch_forever(self, on_exit: Callable[[uuid.UUID | None], None], ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                self._ensure_zygote()  # ahead of the first session, which then starts in milliseconds
                connection = self._connect(timeout=0.5)
                connection.sendall(b'{"op": "watch"}\n')
            except (LaunchFailed, OSError):
                ended.wait(RECONNECT_SECONDS)
                continue
            with connection:
                on_exit(None)  # whatever ended while nobody watched
                self._read_notices(connection, on_exit, ended)
            if not ended.is_set():
                on_exit(None)

    @staticmethod
    def _read_notices(
        connection: socket.socket, on_exit: Callable[[uuid.UUID | None], None], ended: threading.Event
    ) -> None:
        received = bytearray()
        while not ended.is_set():
            try:
                data = connection.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            received += data
            while (end := received.find(b"\n")) >= 0:
                notice = json.loads(received[:end])
                del received[: end + 1]
                if "exit" in notice:
                    name = str(notice["exit"]["run"])
                    log.info("simulator %s ended (%s)", name, _exit_text(notice["exit"]["exit"]))
                    on_exit(uuid.UUID(name.partition(":")[0]))

    # --- the zygote itself ---

    def shut_down(self) -> None:
        try:
            self._ask({"op": "shutdown", "grace": 3.0})
        except LaunchFailed:
            return
        deadline = time.monotonic() + 5.0
        while self._lock_is_held() and time.monotonic() < deadline:
            time.sleep(0.02)

    def processes(self) -> dict[str, int]:
        """Every living run of this machine and its process id."""
        try:
            runs: dict[str, int] = self._ask({"op": "list"}).get("runs", {})
        except LaunchFailed:
            return {}
        return runs

    def _ensure_zygote(self) -> None:
        try:
            self._connect(timeout=ANSWER_SECONDS).close()
            return
        except LaunchFailed:
            pass
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock, open(self._folder / "zygote.spawn.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # one spawner at a time, over all processes
            deadline = time.monotonic() + SPAWN_SECONDS
            process: subprocess.Popen[bytes] | None = None
            while time.monotonic() < deadline:
                try:
                    self._connect(timeout=ANSWER_SECONDS).close()
                    return
                except LaunchFailed:
                    pass
                if process is None or process.poll() is not None:
                    process = self._spawn()
                time.sleep(0.02)
        raise LaunchFailed("zygote-did-not-start", f"see {self._folder / 'simulators.log'}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "simulator_engine.runtime.zygote", "--socket", self._path]
        command += ["--owner-grace", str(self._owner_grace)]
        if self._entry:
            command += ["--entry", self._entry]
        with open(self._folder / "simulators.log", "ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=settings.BASE_DIR,
                env=_environment(),
                start_new_session=True,  # the terminal's Ctrl-C is the platform's to act on
            )

    def _hold_ownership(self) -> None:
        """Keep one connection open for the life of this process, so that the zygote lives while it does."""
        with self._lock:
            if self._owner is not None:
                try:
                    if self._owner.recv(65536):
                        return  # notices for the watcher; here they are only proof of life
                    self._owner.close()
                    self._owner = None
                except BlockingIOError:
                    return
                except OSError:
                    self._owner = None
            connection = self._connect(timeout=ANSWER_SECONDS)
            connection.sendall(b'{"op": "watch"}\n')
            connection.setblocking(False)  # a time-out would be waited out at each look, whatever the flags
            self._owner = connection

    def _lock_is_held(self) -> bool:
        try:
            with open(f"{self._path}.lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _connect(self, *, timeout: float) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(self._path)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            connection.close()
            raise LaunchFailed("no-zygote") from error
        except OSError as error:
            connection.close()
            raise LaunchFailed("zygote-silent", str(error)) from error
        return connection

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._connect(timeout=ANSWER_SECONDS) as connection:
            try:
                connection.sendall(json.dumps(request).encode() + b"\n")
                received = bytearray()
                while not received.endswith(b"\n"):
                    data = connection.recv(65536)
                    if not data:
                        raise LaunchFailed("zygote-silent", "it closed the connection")
                    received += data
            except OSError as error:
                raise LaunchFailed("zygote-silent", str(error)) from error
        answer: dict[str, Any] = json.loads(received)
        return answer

    def _config(self, request: LaunchRequest) -> dict[str, Any]:
        tls = tls_files()
        listen = getattr(settings, "SIMULATOR_LISTEN", "") or ("localhost:0" if tls else "")
        if not listen:
            listen = f"unix:{self._folder / f's-{request.session_id.hex[:16]}-{request.epoch}.sock'}"
        return asdict(
            SimulatorConfig(
                session_id=str(request.session_id),
                epoch=request.epoch,
                token=request.token,
                journal_target=settings.JOURNAL_TARGET,
                listen=listen,
                advertise=getattr(settings, "SIMULATOR_ADVERTISE", ""),
                tls=tls,
            )
        )


def _exit_text(code: int | None) -> str:
    if code is None:
        return "its process is gone"
    return f"ended by signal {-code}" if code < 0 else f"exited with code {code}"


def _environment() -> dict[str, str]:
    """What a simulator may know of our environment: nothing that opens the database or signs a token."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "TRADESIM_VAR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
    }
