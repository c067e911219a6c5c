"""The whole product as real processes, in either column: a laptop's (SQLite) or production's (PostgreSQL,
Redis).

Both offer the same few things, so that one journey runs on both. Everything started here is ended here.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
from types import TracebackType
from typing import Self

import httpx
import psutil

from tests.support.ports import free_port
from tests.support.processes import (
    PYTHON,
    REPOSITORY,
    ManagedProcess,
    ProcessFailedError,
    end_processes,
    processes_with_environment,
)
from tests.support.tls import make_tls_material
from tests.support.waiting import eventually

BOOT_SECONDS = 60.0


class LiveServer:
    """Base of both columns. `url` is where a browser would go; `folder` is the installation's var folder."""

    column = ""

    def __init__(self, folder: pathlib.Path, *, env: dict[str, str] | None = None) -> None:
        self.folder = folder / "var"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.logs = folder / "logs"
        self.logs.mkdir(exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**_clean_environment(), "TRADESIM_VAR": str(self.folder), **(env or {})}
        self.processes: dict[str, ManagedProcess] = {}

    # --- life ---

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            sys.stderr.write(self.report())
        self.close()

    def prepare(self) -> None:
        """Brings the database up to the code."""
        self.manage("migrate", "--no-input", "--verbosity", "0")
        self.manage("sync_scenarios")

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """Ends the servers in order and leaves the simulators to their own devices, as a deploy would."""
        for process in reversed(list(self.processes.values())):
            process.stop()
        self.processes.clear()

    def close(self) -> None:
        self.stop()
        end_processes(self.stragglers())

    def restart(self) -> None:
        self.stop()
        self.start()

    def stragglers(self) -> list[psutil.Process]:
        """Every living process of this installation but the servers: zygotes and simulators."""
        own = {process.pid for process in self.processes.values()}
        return [
            process
            for process in processes_with_environment("TRADESIM_VAR", str(self.folder))
            if process.pid not in own
        ]

    # --- parts ---

    def manage(self, *arguments: str, timeout_seconds: float = 120.0) -> str:
        """Runs a management command to its end and returns what it printed. Raises ProcessFailedError."""
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=REPOSITORY, env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=timeout_seconds,
        )  # fmt: skip
        if done.returncode != 0:
            raise ProcessFailedError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def launch(self, name: str, *command: str, port: int | None = None) -> ManagedProcess:
        process = ManagedProcess(name, command, env=self.env, log_path=self.logs / f"{name}.log")
        self.processes[name] = process
        if port is not None:
            process.wait_for_port(port, timeout_seconds=BOOT_SECONDS)
        return process

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            for process in self.processes.values():
                process.require_running()
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
            return False

        eventually(ready, timeout=BOOT_SECONDS)

    @property
    def pid(self) -> int:
        """The process that serves REST."""
        return self.processes["web"].pid

    def kill_server(self) -> None:
        """kill -9 of the processes that serve the browser, one after the other; simulators are left alone."""
        for name in ("web", "realtime"):
            if name in self.processes:
                self.processes.pop(name).kill()

    def simulator_pids(self, session_id: str) -> list[int]:
        """Processes that run this session's simulator, by rising epoch, as their zygote lists them."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as zygote:
            zygote.settimeout(5)
            try:
                zygote.connect(str(self.folder / "run" / "zygote.sock"))
                zygote.sendall(b'{"op": "list"}\n')
                answer = zygote.makefile("rb").readline()
            except OSError:
                return []
        runs: dict[str, int] = json.loads(answer or b"{}").get("runs", {})
        mine = {int(name.split(":")[1]): pid for name, pid in runs.items() if name.startswith(f"{session_id}:")}
        return [mine[epoch] for epoch in sorted(mine)]

    def kill_simulator(self, session_id: str, number: int = signal.SIGKILL) -> int:
        """Sends a signal (SIGKILL) to the simulator that serves the session. Returns its process id."""
        pids = self.simulator_pids(session_id)
        if not pids:
            raise ProcessFailedError(f"no simulator runs for session {session_id}")
        os.kill(pids[-1], number)
        return pids[-1]

    def report(self) -> str:
        parts = [f"\n--- {name} ---\n{process.log_tail(60)}" for name, process in self.processes.items()]
        for path in sorted(self.folder.glob("**/*.log")):
            parts.append(f"\n--- {path.name} ---\n" + "\n".join(path.read_text(errors="replace").splitlines()[-30:]))
        return "\n".join(parts) + "\n"


class LaptopServer(LiveServer):
    """`manage.py runserver`: one process, SQLite in a folder of its own, in-memory layers."""

    column = "laptop"

    def __init__(self, folder: pathlib.Path, *, env: dict[str, str] | None = None) -> None:
        super().__init__(folder, env={"DJANGO_SETTINGS_MODULE": "tradesim.settings.dev", **(env or {})})

    def start(self) -> None:
        self.launch("web", PYTHON, "manage.py", "runserver", "--noreload", f"127.0.0.1:{self.port}", port=self.port)
        self.wait_until_ready()


class ProductionServer(LiveServer):
    """granian for REST, uvicorn for streams, the journal, Celery's worker and beat, an edge before them."""

    column = "production"

    def __init__(
        self, folder: pathlib.Path, *, database_url: str, redis_url: str, env: dict[str, str] | None = None
    ) -> None:
        self.web_port, self.realtime_port, self.journal_port = free_port(), free_port(), free_port()
        tls = make_tls_material(folder / "tls")
        super().__init__(
            folder,
            env={
                "DJANGO_SETTINGS_MODULE": "tradesim.settings.prod",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "TRADESIM_SECRET_KEY": secrets.token_urlsafe(64),
                "TRADESIM_JWT_SIGNING_KEY": secrets.token_urlsafe(64),
                "TRADESIM_SIMULATOR_TOKEN_KEY": secrets.token_urlsafe(64),
                "TRADESIM_ALLOWED_HOSTS": "127.0.0.1,localhost",
                "TRADESIM_TRUSTED_PROXIES": "1",
                "TRADESIM_GRPC_TLS_CA": str(tls.authority),
                "TRADESIM_GRPC_TLS_CERT": str(tls.server.certificate),
                "TRADESIM_GRPC_TLS_KEY": str(tls.server.key),
                "TRADESIM_JOURNAL_TARGET": f"localhost:{self.journal_port}",
                **(env or {}),
            },
        )
        self.env["TRADESIM_ALLOWED_ORIGINS"] = self.url

    def prepare(self) -> None:
        super().prepare()
        self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def start(self) -> None:
        self.launch("journal", PYTHON, "manage.py", "serve_journal", port=self.journal_port)
        self.start_web()
        celery = (PYTHON, "-m", "celery", "-A", "tradesim", "--quiet")
        self.launch("worker", *celery, "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "INFO")
        self.launch(
            "beat", *celery, "beat", "--loglevel", "INFO", "--pidfile", str(self.folder / "beat.pid"),
            "--max-interval", "1",
        )  # fmt: skip
        self.launch(
            "edge", PYTHON, "-m", "tests.support.edge_proxy", "--port", str(self.port),
            "--web", f"127.0.0.1:{self.web_port}", "--realtime", f"127.0.0.1:{self.realtime_port}",
            port=self.port,
        )  # fmt: skip
        self.wait_until_ready()

    def start_web(self) -> None:
        self.launch(
            "web", PYTHON, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
            "--port", str(self.web_port),
            "--workers", "1", "--blocking-threads", "8", "--no-ws", "tradesim.wsgi:application",
            port=self.web_port,
        )  # fmt: skip
        self.launch(
            "realtime", PYTHON, "-m", "uvicorn", "tradesim.asgi:application", "--host", "127.0.0.1",
            "--port", str(self.realtime_port), "--timeout-graceful-shutdown", "3", "--log-level", "warning",
            "--ws", "websockets", "--lifespan", "off",
            port=self.realtime_port,
        )  # fmt: skip


def _clean_environment() -> dict[str, str]:
    """Our environment without what would lead the product to somebody else's data."""
    drop = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in drop and not name.startswith(("TRADESIM_", "PYTEST_"))
    }
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(REPOSITORY)}
