"""What `make run` promises: it serves, makes a demo account and session, and leaves no process behind."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import httpx
import pytest

from tests.support.api_client import ApiClient
from tests.support.ports import free_port
from tests.support.processes import PYTHON, REPOSITORY, ManagedProcess, processes_with_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)
SERVE = REPOSITORY / "deploy" / "laptop" / "serve.py"


class Run:
    """`serve.py` in a folder of its own, as `make run` starts it once everything is set up."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.port = free_port()
        self.var = folder / "var"
        self.env = {
            **{n: v for n, v in os.environ.items() if not n.startswith(("TRADESIM_", "DJANGO_", "DATABASE", "REDIS"))},
            "PORT": str(self.port),
            "TRADESIM_VAR": str(self.var),
            "PYTHONUNBUFFERED": "1",
        }
        self.folder = folder
        for command in (["migrate", "--no-input", "--verbosity", "0"], ["sync_scenarios"]):
            subprocess.run([PYTHON, "manage.py", *command], cwd=REPOSITORY, env=self.env, check=True)
        self.process = self.start()

    def start(self) -> ManagedProcess:
        command = [sys.executable, SERVE]
        return ManagedProcess("serve", command, env=self.env, log_path=self.folder / "serve.log")

    def output(self) -> str:
        return self.process.log_tail(200)

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            self.process.require_running()
            return "[run] ready" in self.output()

        eventually(ready, timeout=60)


@pytest.fixture
def run() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="ts-", ignore_cleanup_errors=True) as folder:
        run = Run(pathlib.Path(folder))
        try:
            yield run
        finally:
            run.process.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_and_leaves_nothing_behind(run: Run, number: int) -> None:
    run.wait_until_ready()
    assert httpx.get(f"http://127.0.0.1:{run.port}/healthz").status_code == 200
    email = re.search(r"[\w.+-]+@[\w.-]+", run.output())
    assert email, "the demo account's credentials are printed"
    # The demo session runs, so there is a zygote and a simulator to clean up.
    assert len(processes_with_environment("TRADESIM_VAR", str(run.var))) >= 3
    run.process.signal(number)
    run.process.popen.wait(30)
    assert run.process.popen.returncode == 0, run.output()
    eventually(lambda: not processes_with_environment("TRADESIM_VAR", str(run.var)), timeout=5)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", run.port)) != 0


def test_the_demo_account_can_trade_at_once_and_after_a_restart(run: Run) -> None:
    run.wait_until_ready()
    text = run.output()
    email = re.search(r"[\w.+-]+@[\w.-]+\w", text)
    password = re.search(r"password[^\S\n]*[:=]?[^\S\n]*(\S+)", text, re.IGNORECASE)
    assert email
    assert password, text
    for again in (False, True):
        with ApiClient(f"http://127.0.0.1:{run.port}") as client:
            client.email = email.group()
            client.log_in(password=password.group(1))
            session = client.results("/sessions")[0]
            client.wait_for_status(session["id"], "READY")
            assert client.instruments(session["id"])
        if not again:
            run.process.signal(signal.SIGINT)
            run.process.popen.wait(30)
            run.process = run.start()
            eventually(lambda: run.output().count("[run] ready") == 2, timeout=60)


def test_a_port_in_use_is_said_plainly(tmp_path: pathlib.Path) -> None:
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = subprocess.run(
            [sys.executable, SERVE],
            env={**os.environ, "PORT": str(port), "TRADESIM_VAR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    done = subprocess.run(
        [sys.executable, SERVE], env={**os.environ, "PORT": port}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "PORT" in done.stderr


def test_doctor_says_what_is_here() -> None:
    doctor = REPOSITORY / "deploy" / "laptop" / "doctor.py"
    done = subprocess.run([sys.executable, doctor], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    for name in ("Python", "Node.js", "Chromium", "PostgreSQL", "Redis", "C compiler"):
        assert name in done.stdout
