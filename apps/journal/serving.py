"""Starting and stopping the journal's gRPC server, in its own process or inside the laptop's one process."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from concurrent import futures
from typing import TextIO

import grpc
from django.db import connections
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from apps.journal.service import JournalServicer, tls_credentials
from simulator_engine.contract.v1 import journal_pb2, journal_pb2_grpc

WORKERS = 16  # appends of different sessions wait for the disk together; more only queue at the database
CLOSE_SECONDS = 1.0
LOCK_SECONDS = 5.0  # a server that is being replaced ends within this
MAX_MESSAGE_BYTES = 16 * 1024 * 1024


class JournalServer:
    """A running JournalService. `start` returns once it listens; `stop` finishes calls under way first."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._lock: TextIO | None = None
        self._workers = futures.ThreadPoolExecutor(WORKERS, thread_name_prefix="journal")
        self._server = grpc.server(
            self._workers,
            options=[
                ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),  # two journals on one port would be found out only by the fence
                # a simulator pings each second to find a dead journal fast; that is no abuse here
                ("grpc.http2.min_ping_interval_without_data_ms", 500),
                ("grpc.keepalive_permit_without_calls", 1),
            ],
        )
        journal_pb2_grpc.add_JournalServiceServicer_to_server(JournalServicer(), self._server)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        name = journal_pb2.DESCRIPTOR.services_by_name["JournalService"].full_name
        self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    def start(self) -> JournalServer:
        """Raises OSError when the address cannot be had."""
        path = self.target.removeprefix("unix:") if self.target.startswith("unix:") else None
        if path:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            self._take_lock(path)
            if os.path.exists(path):
                os.unlink(path)  # left by a server that was killed: a living one would hold the lock
        credentials = tls_credentials() if path is None else None
        try:
            if credentials is not None:
                self._server.add_secure_port(self.target, credentials)
            else:
                self._server.add_insecure_port(self.target)
        except RuntimeError as error:
            raise OSError(f"the journal cannot listen on {self.target}") from error
        self._server.start()
        if path:
            os.chmod(path, 0o600)
        return self

    def _take_lock(self, path: str) -> None:
        lock = open(f"{path}.lock", "w", encoding="ascii")  # noqa: SIM115 - held until we stop
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    lock.close()
                    raise OSError(f"another server of this installation serves {path}") from None
                time.sleep(0.05)
            else:
                self._lock = lock
                return

    def stop(self, grace_seconds: float = 2.0) -> None:
        self._health.enter_graceful_shutdown()
        self._server.stop(grace_seconds).wait(grace_seconds + 1.0)
        self._close_connections()
        if self._lock is not None:
            self._lock.close()

    def _close_connections(self) -> None:
        """Each worker keeps its own database connection: have each one close it."""
        together = threading.Barrier(WORKERS)

        def close() -> None:
            try:
                together.wait(CLOSE_SECONDS)
            except threading.BrokenBarrierError:
                pass  # one is still at work; the rest close all the same
            connections.close_all()

        try:
            waiting = [self._workers.submit(close) for _ in range(WORKERS)]
        except RuntimeError:
            return  # the interpreter is ending, and closes them itself
        futures.wait(waiting, timeout=2 * CLOSE_SECONDS)
        self._workers.shutdown(wait=False)

    def wait(self) -> None:
        self._server.wait_for_termination()
