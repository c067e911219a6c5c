"""Real processes for tests: started in a group of their own, watched, and always ended. Ends nothing it
did not start.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PYTHON = sys.executable


class ProcessFailedError(RuntimeError):
    """A process ended, or did not become ready in time; the message carries the end of its log."""


class ManagedProcess:
    """One process with its log file.

    `stop` sends SIGTERM, then SIGKILL to it and to everything it started.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        log_path: pathlib.Path,
        cwd: pathlib.Path = REPOSITORY,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        self.name = name
        self.command = [os.fspath(part) for part in command]
        self.log_path = log_path
        self._log = log_path.open("ab")
        privileges: dict[str, Any] = {} if user is None else {"user": user, "group": group, "extra_groups": []}
        self.popen = subprocess.Popen(
            self.command,
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **privileges,
        )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def running(self) -> bool:
        return self.popen.poll() is None

    def log_tail(self, lines: int = 40) -> str:
        self._log.flush()
        text = self.log_path.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def require_running(self) -> None:
        if not self.running():
            raise ProcessFailedError(f"{self.name} ended with exit code {self.popen.returncode}:\n{self.log_tail()}")

    def wait_for_port(self, port: int, *, host: str = "127.0.0.1", timeout_seconds: float = 30.0) -> None:
        """Returns once something accepts on the port.

        Raises ProcessFailedError when the process ends or is late.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            self.require_running()
            with socket.socket() as probe:
                probe.settimeout(0.5)
                if probe.connect_ex((host, port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"{self.name} did not listen on {port} in time:\n{self.log_tail()}")
            time.sleep(0.02)

    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """SIGKILL to this process alone, as a crash would have it; what it started stays."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.popen.wait(10)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self, *, timeout_seconds: float = 10.0) -> None:
        descendants = self.children()
        if self.running():
            self.popen.terminate()
            try:
                self.popen.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(10)
        end_processes(descendants)
        self._log.close()


def end_processes(processes: Sequence[psutil.Process], *, timeout_seconds: float = 3.0) -> None:
    """SIGTERM, then SIGKILL, to those of the given processes that still run.

    psutil guards against reused ids.
    """
    alive = [process for process in processes if process.is_running()]
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, late = psutil.wait_procs(alive, timeout=timeout_seconds)
    for process in late:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(late, timeout=timeout_seconds)


def processes_with_environment(name: str, value: str) -> list[psutil.Process]:
    """Every process of this user whose environment holds name=value: finds those that left their parent."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(name) == value and process.pid != os.getpid():
                found.append(process)
    return found
