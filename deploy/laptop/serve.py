"""Runs the server on this machine until Ctrl-C, then sees to it that no process is left.

Standard library only. The server and all it starts (the zygote, one simulator a session) live below this
process, which adopts those that lose their parent. Never ends a process that it did not start.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
# Simulators take a snapshot and hand back their lease on SIGTERM; a healthy one needs well under a second.
GRACE_SECONDS = 8.0
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """On Linux: whatever loses its parent below us becomes our child.

    Elsewhere the parents clean up themselves.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def parents() -> dict[int, int]:
    """Process id → parent's id for all living processes, from /proc where there is one, else from `ps`."""
    found: dict[int, int] = {}
    if pathlib.Path("/proc/self/stat").exists():
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
                    if state != "Z":
                        found[int(entry.name)] = int(parent)
        return found
    command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
    listing = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in listing.communicate()[0].splitlines():
        pid, parent, state = line.split(maxsplit=2)
        if not state.startswith("Z") and int(pid) != listing.pid:
            found[int(pid)] = int(parent)
    return found


def find_descendants() -> list[int]:
    """Ids of all living processes below this one, children before grandchildren."""
    below: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        below.setdefault(parent, []).append(pid)
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        children = below.get(queue.pop(0), [])
        found += children
        queue += children
    return found


def reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def send(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def wait_until_gone(seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        reap()
        if not find_descendants():
            return True
        time.sleep(0.05)
    return not find_descendants()


def stop_everything(server: subprocess.Popen[bytes]) -> None:
    """The server first, which lets its simulators drain; then what is left, politely; then by force."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(GRACE_SECONDS)
    if wait_until_gone(0.5):
        return
    send(find_descendants(), signal.SIGTERM)
    if wait_until_gone(GRACE_SECONDS):
        return
    send(find_descendants(), signal.SIGKILL)
    wait_until_gone(2.0)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until_served(server: subprocess.Popen[bytes], port: int) -> bool:
    while server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def demo(command: str) -> None:
    """A demo command of the platform; its output is for the person at the keyboard.

    Failing it stops nothing.
    """
    done = subprocess.run([PYTHON, "manage.py", command], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        print(f"[run] {command} did not work; you can still sign up in the browser", file=sys.stderr, flush=True)


def main() -> int:
    raw = os.environ.get("PORT") or "8000"
    if not raw.isdecimal() or not 0 < int(raw) < 65536:
        print(f"[run] PORT must be a number from 1 to 65535, not {raw!r}", file=sys.stderr)
        return 2
    port = int(raw)
    if not port_is_free(port):
        print(f"[run] port {port} is in use. Take another one: make run PORT={port + 1}", file=sys.stderr)
        return 1
    adopt_orphans()
    parent = os.getppid()
    stopping = False

    def ask_to_stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    # A session of its own: Ctrl-C reaches this process alone, which then ends the others in order.
    server = subprocess.Popen(
        [PYTHON, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        if not stopping and wait_until_served(server, port):
            demo("create_demo_account")
            demo("create_demo_session")
            print(f"\n[run] ready: http://localhost:{port}   (Ctrl-C stops)\n", flush=True)
        while not stopping and server.poll() is None:
            # When whoever called us is gone (a closed terminal, a killed make), nothing should stay behind.
            if os.getppid() != parent and "--stop-with-parent" in sys.argv:
                break
            time.sleep(0.2)
    finally:
        failed = server.poll()
        print("\n[run] stopping …", flush=True)
        stop_everything(server)
        left = find_descendants()
        print("[run] stopped" if not left else f"[run] could not end {left}", flush=True)
    return 0 if failed is None else 1


if __name__ == "__main__":
    sys.exit(main())
