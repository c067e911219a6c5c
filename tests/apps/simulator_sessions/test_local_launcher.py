"""The local launcher with a real zygote and real processes; the simulator in them is a stand-in."""

from __future__ import annotations

import os
import pathlib
import queue
import signal
import tempfile
import threading
import time
import uuid

import psutil
import pytest

from apps.simulator_sessions.launchers.base import LaunchRequest, NoCapacity
from apps.simulator_sessions.launchers.local import LocalLauncher
from apps.simulator_sessions.lifecycle import Process
from tests.support.waiting import eventually

SERVED = "tests.apps.simulator_sessions.served"
TOKEN = "a-secret-of-sixty-four-characters".ljust(64, "x")


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="zy-", ignore_cleanup_errors=True) as path:
        yield pathlib.Path(path)


@pytest.fixture
def launchers(folder):
    made = []

    def make(entry="wait", owner_grace=10.0) -> LocalLauncher:
        launcher = LocalLauncher(folder, entry=f"{SERVED}:{entry}", owner_grace=owner_grace)
        made.append(launcher)
        return launcher

    yield make
    for launcher in made:
        launcher.shut_down()


def request_of(epoch=1) -> LaunchRequest:
    return LaunchRequest(session_id=uuid.uuid4(), epoch=epoch, token=TOKEN)


def told(folder: pathlib.Path) -> list[str]:
    return [text for path in folder.glob("*.told") if (text := path.read_text())]


def test_a_run_starts_once_is_seen_and_stops(launchers, folder):
    launcher, request = launchers(), request_of()
    first = launcher.start(request)
    assert launcher.start(request) == first
    assert launcher.observe(request.run_name, first).process is Process.ALIVE
    eventually(lambda: told(folder))
    launcher.stop(request.run_name, first, grace_seconds=2)
    seen = eventually(lambda: (s := launcher.observe(request.run_name, first)).process is Process.GONE and s)
    assert seen.cause == "exited with code 0"


def test_no_start_waits_for_the_one_before(launchers):
    launcher = launchers()
    launcher.start(request_of())  # with the zygote's own
    for _ in range(4):
        began = time.monotonic()
        launcher.start(request_of())
        assert time.monotonic() - began < 2.5


def test_the_token_is_told_through_the_socket_and_shown_nowhere(launchers, folder):
    handle = launchers().start(request_of())
    assert eventually(lambda: told(folder))[0].split()[0] == "64"
    process = psutil.Process(handle["pid"])
    for one in (process, process.parent()):
        assert TOKEN not in " ".join(one.cmdline())
        assert TOKEN not in str(one.environ())


def test_an_end_is_heard_of_within_a_fifth_of_a_second(launchers):
    launcher = launchers()
    heard: queue.Queue[uuid.UUID | None] = queue.Queue()
    stop = launcher.watch(heard.put)
    assert heard.get(timeout=10) is None  # it listens
    delays = []
    for _ in range(5):  # the best of five: this machine may be busy with other things
        request = request_of()
        handle = launcher.start(request)
        killed = time.monotonic()
        os.kill(handle["pid"], signal.SIGKILL)
        assert heard.get(timeout=10) == request.session_id
        delays.append(time.monotonic() - killed)
        assert launcher.observe(request.run_name, handle).cause == "ended by signal 9"
    stop()
    assert min(delays) < 0.2


def test_a_crash_is_seen_with_its_exit_code(launchers):
    launcher, request = launchers("crash"), request_of()
    handle = launcher.start(request)
    seen = eventually(lambda: (s := launcher.observe(request.run_name, handle)).process is Process.GONE and s)
    assert seen.cause == "exited with code 70"


def test_one_that_will_not_end_is_ended(launchers):
    launcher, request = launchers("ignore_the_end"), request_of()
    handle = launcher.start(request)
    launcher.stop(request.run_name, handle, grace_seconds=0.2)
    eventually(lambda: launcher.observe(request.run_name, handle).process is Process.GONE, timeout=3)


def test_a_second_platform_process_finds_the_same_zygote_and_its_runs(launchers):
    first, second, request = launchers(), launchers(), request_of()
    handle = first.start(request)
    assert second.start(request) == handle
    assert second.processes() == {request.run_name: handle["pid"]}


def test_many_starts_at_once_spawn_one_zygote(launchers):
    ones = [launchers() for _ in range(8)]
    handles: list[dict[str, int]] = []
    threads = [threading.Thread(target=lambda one=one: handles.append(one.start(request_of()))) for one in ones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({psutil.Process(handle["pid"]).ppid() for handle in handles}) == 1
    assert len(ones[0].processes()) == 8


def test_nothing_is_left_when_the_owner_has_gone_for_longer_than_the_grace(launchers):
    launcher = launchers(owner_grace=0.3)
    handle = launcher.start(request_of())
    zygote = psutil.Process(handle["pid"]).ppid()
    launcher._owner.close()  # as the kernel does when the platform's process ends
    eventually(lambda: _ended(handle["pid"]), timeout=5)
    eventually(lambda: _ended(zygote), timeout=5)


def test_children_die_with_a_zygote_that_was_killed(launchers):
    launcher, request = launchers(), request_of()
    handle = launcher.start(request)
    os.kill(psutil.Process(handle["pid"]).ppid(), signal.SIGKILL)
    eventually(lambda: _ended(handle["pid"]), timeout=5)
    assert eventually(lambda: launcher.observe(request.run_name, handle).process is Process.GONE)
    assert launcher.start(request_of())["pid"] > 0  # a new zygote takes its place


def test_a_full_machine_says_so_and_keeps_what_runs(launchers, settings):
    settings.SIMULATOR_MAX_PROCESSES = 1
    launcher, request = launchers(), request_of()
    handle = launcher.start(request)
    with pytest.raises(NoCapacity):
        launcher.start(request_of())
    assert launcher.start(request) == handle


def test_nothing_was_ever_started_is_gone_not_unknown(launchers):
    assert launchers().observe("no:1", {}).process is Process.GONE


def _ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
