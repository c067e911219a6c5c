"""The fork server of one machine: a process that has everything imported and forks a simulator per request.

It makes no gRPC object and no thread, so that its children start clean. It dies with all of them when no owner has
been connected for a while. Secrets reach it through its socket only, never through argv or the environment.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator_engine.config import SimulatorConfig

DEFAULT_ENTRY = "simulator_engine.server:serve"
OWNER_GRACE_SECONDS = 10.0  # an autoreload of the platform takes about two
STOP_GRACE_SECONDS = 3.0  # a drain with its snapshot takes well under one
MAX_LINE_BYTES = 1024 * 1024
REMEMBERED_EXITS = 4096
_PR_SET_PDEATHSIG = 1

Serve = Callable[[SimulatorConfig], int]


@dataclass(slots=True)
class _Child:
    run: str
    pid: int
    listen: str
    kill_at: float | None = None


@dataclass(slots=True)
class _Peer:
    connection: socket.socket
    owner: bool = False
    received: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)


class Zygote:
    """Speaks one JSON object a line over a Unix socket.

    `{"op": "start", "run", "config"}` → `{"ok", "pid"}` (a run that lives already is answered, not forked again);
    `{"op": "stop", "run", "grace"}` SIGTERM, then SIGKILL after `grace` seconds (0: at once);
    `{"op": "observe", "run"}` → `{"ok", "state": "alive" | "gone" | "unknown", "exit"}`; `{"op": "list"}`;
    `{"op": "watch"}` makes the caller an owner, who is then sent `{"exit": {"run", "pid", "exit"}}` at each end;
    `{"op": "shutdown", "grace"}` stops all children, then itself.
    `exit` is the exit code, or minus the number of the signal that ended the child.
    """

    def __init__(self, *, path: str, serve: Serve, grace_seconds: float = OWNER_GRACE_SECONDS) -> None:
        self._path = path
        self._serve = serve
        self._grace_seconds = grace_seconds
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, _Child] = {}
        self._runs: dict[str, int] = {}
        self._exits: dict[str, int] = {}
        self._peers: dict[int, _Peer] = {}
        self._ownerless_since = time.monotonic()
        self._ending = False
        self._end_at = 0.0
        self._listener = self._listen(path)
        self._wakeup_read, self._wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @staticmethod
    def _listen(path: str) -> socket.socket:
        if os.path.exists(path):
            os.unlink(path)  # ours alone: the lock is held
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(before)
        listener.listen(128)
        listener.setblocking(False)
        return listener

    def run(self) -> None:
        """Serve until told to end or left alone."""
        signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wakeup_read, selectors.EVENT_READ)
        gc.collect()
        gc.freeze()  # children share these pages as long as nobody's collector writes to them
        try:
            while not self._finished():
                for key, mask in self._selector.select(self._timeout()):
                    self._dispatch(key.fileobj, mask)
                self._reap()
                self._enforce()
        finally:
            for child in self._children.values():
                _signal(child.pid, signal.SIGKILL)
            self._unlink(self._path)

    def _on_signal(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self._begin_end(STOP_GRACE_SECONDS)

    def _timeout(self) -> float:
        deadlines = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        if self._ending:
            deadlines.append(self._end_at)
        elif not self._has_owner():
            deadlines.append(self._ownerless_since + self._grace_seconds)
        if not deadlines:
            return 5.0
        return min(5.0, max(0.0, min(deadlines) - time.monotonic()))

    def _has_owner(self) -> bool:
        return any(peer.owner for peer in self._peers.values())

    def _finished(self) -> bool:
        return self._ending and not self._children

    def _begin_end(self, grace_seconds: float) -> None:
        if self._ending:
            return
        self._ending = True
        self._end_at = time.monotonic() + grace_seconds
        for child in self._children.values():
            _signal(child.pid, signal.SIGTERM)
            child.kill_at = self._end_at

    def _enforce(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.kill_at is not None and now >= child.kill_at:
                _signal(child.pid, signal.SIGKILL)
                child.kill_at = now + 1.0  # asked again in case of a child in an uninterruptible wait
        if not self._ending and not self._has_owner() and now >= self._ownerless_since + self._grace_seconds:
            self._begin_end(STOP_GRACE_SECONDS)

    def _dispatch(self, fileobj: Any, mask: int) -> None:
        if fileobj is self._listener:
            self._accept()
        elif fileobj == self._wakeup_read:
            try:
                os.read(self._wakeup_read, 4096)
            except BlockingIOError:
                pass
        else:
            peer = self._peers.get(fileobj.fileno())
            if peer is None:
                return
            if mask & selectors.EVENT_WRITE:
                self._flush(peer)
            if mask & selectors.EVENT_READ:
                self._receive(peer)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self._peers[connection.fileno()] = _Peer(connection)
        self._selector.register(connection, selectors.EVENT_READ)

    def _drop(self, peer: _Peer) -> None:
        number = peer.connection.fileno()
        if self._peers.pop(number, None) is None:
            return
        self._selector.unregister(peer.connection)
        peer.connection.close()
        if peer.owner and not self._has_owner():
            self._ownerless_since = time.monotonic()

    def _receive(self, peer: _Peer) -> None:
        try:
            data = peer.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
            return
        peer.received += data
        while (end := peer.received.find(b"\n")) >= 0:
            line = bytes(peer.received[:end])
            del peer.received[: end + 1]
            self._send(peer, self._answer(peer, line))
        if len(peer.received) > MAX_LINE_BYTES:
            self._drop(peer)

    def _send(self, peer: _Peer, message: dict[str, Any]) -> None:
        peer.unsent += json.dumps(message).encode() + b"\n"
        self._flush(peer)

    def _flush(self, peer: _Peer) -> None:
        try:
            sent = peer.connection.send(peer.unsent)
            del peer.unsent[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(peer)
            return
        if peer.connection.fileno() in self._peers:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.unsent else 0)
            self._selector.modify(peer.connection, events)

    def _answer(self, peer: _Peer, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            operation = request["op"]
            if operation == "start":
                return self._start(str(request["run"]), request["config"])
            if operation == "stop":
                return self._stop(str(request["run"]), float(request.get("grace", STOP_GRACE_SECONDS)))
            if operation == "observe":
                return {"ok": True, **self._observe(str(request["run"]))}
            if operation == "list":
                return {"ok": True, "runs": {child.run: child.pid for child in self._children.values()}}
            if operation == "watch":
                peer.owner = True
                return {"ok": True, "pid": os.getpid()}
            if operation == "shutdown":
                self._begin_end(float(request.get("grace", STOP_GRACE_SECONDS)))
                return {"ok": True}
            return {"ok": False, "error": f"unknown operation {operation!r}"}
        except (ValueError, KeyError, TypeError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}

    def _start(self, run: str, fields: dict[str, Any]) -> dict[str, Any]:
        if self._ending:
            return {"ok": False, "error": "the fork server is stopping"}
        if run in self._runs:
            return {"ok": True, "pid": self._runs[run]}
        config = SimulatorConfig.from_json(json.dumps(fields).encode())
        sys.stdout.flush()
        sys.stderr.flush()
        zygote = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            return {"ok": False, "error": f"cannot fork: {error}", "capacity": True}
        if pid == 0:
            self._become_simulator(config, zygote)
        self._children[pid] = _Child(run, pid, config.listen)
        self._runs[run] = pid
        return {"ok": True, "pid": pid}

    def _become_simulator(self, config: SimulatorConfig, zygote: int) -> None:
        """The child's whole life, below the zygote of this process id. Never returns."""
        code = 70  # EX_SOFTWARE: an exception that nobody caught
        try:
            if sys.platform == "linux":
                ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            self._selector.close()
            self._listener.close()
            for peer in self._peers.values():
                peer.connection.close()
            os.close(self._wakeup_read)
            os.close(self._wakeup_write)
            if os.getppid() == zygote:  # else it died before the kernel knew that we want to go with it
                code = self._serve(config)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)

    def _stop(self, run: str, grace_seconds: float) -> dict[str, Any]:
        pid = self._runs.get(run)
        if pid is not None:
            deadline = time.monotonic() + grace_seconds
            child = self._children[pid]
            child.kill_at = deadline if child.kill_at is None else min(child.kill_at, deadline)
            _signal(pid, signal.SIGTERM if grace_seconds > 0 else signal.SIGKILL)
        return {"ok": True}

    def _observe(self, run: str) -> dict[str, Any]:
        if run in self._runs:
            return {"state": "alive", "pid": self._runs[run]}
        if run in self._exits:
            return {"state": "gone", "exit": self._exits[run]}
        return {"state": "unknown"}

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is None:
                continue
            code = os.waitstatus_to_exitcode(status)
            self._runs.pop(child.run, None)
            self._exits[child.run] = code
            if len(self._exits) > REMEMBERED_EXITS:
                self._exits.pop(next(iter(self._exits)))
            if child.listen.startswith("unix:"):
                self._unlink(child.listen.removeprefix("unix:"))
            notice = {"exit": {"run": child.run, "pid": pid, "exit": code}}
            for peer in list(self._peers.values()):
                if peer.owner:
                    self._send(peer, notice)

    @staticmethod
    def _unlink(path: str) -> None:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _load(entry: str) -> Serve:
    module, _, name = entry.partition(":")
    serve: Serve = getattr(importlib.import_module(module), name)
    return serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a fork server until it ends. 0 when it served; 75 when another one holds the lock already."""
    parser = argparse.ArgumentParser(prog="python -m simulator_engine.runtime.zygote", description=__doc__)
    parser.add_argument("--socket", required=True, help="path of the Unix socket to listen on")
    parser.add_argument("--entry", default=DEFAULT_ENTRY, help="module:function that serves one configuration")
    parser.add_argument("--owner-grace", type=float, default=OWNER_GRACE_SECONDS)
    options = parser.parse_args(arguments)
    Path(options.socket).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(f"{options.socket}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 75  # EX_TEMPFAIL: there is one, use it
        lock.write(str(os.getpid()))
        lock.flush()
        Zygote(path=options.socket, serve=_load(options.entry), grace_seconds=options.owner_grace).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
