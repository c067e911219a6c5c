"""One gRPC channel per run and process, made after any fork, keyed by endpoint and epoch, and shared by its threads."""

from __future__ import annotations

import os
import threading
import uuid
from collections import OrderedDict

from apps.simulator_sessions import leases
from apps.simulator_sessions.endpoints import tls_files
from simulator_engine.client import CallFailed, SimulatorClient

__all__ = ["CallFailed", "SimulatorClient", "client_for", "close_all", "forget", "probe"]

MAX_CLIENTS = 1024

_Key = tuple[str, int, str]
_clients: OrderedDict[_Key, SimulatorClient] = OrderedDict()
_lock = threading.Lock()
_owner_pid = os.getpid()


def client_for(*, session_id: uuid.UUID, epoch: int, endpoint: str) -> SimulatorClient:
    """The shared client of this run. A client that once found its peer unreachable is replaced by a fresh one."""
    global _owner_pid
    key = (str(session_id), epoch, endpoint)
    with _lock:
        if _owner_pid != os.getpid():
            _clients.clear()  # inherited through a fork: such channels hang, and must not even be closed
            _owner_pid = os.getpid()
        client = _clients.get(key)
        if client is not None and not client.broken:
            _clients.move_to_end(key)
            return client
        # Calls of other threads may still be under way on what is replaced: it closes itself when they let it go.
        client = new_client(session_id=session_id, epoch=epoch, endpoint=endpoint)
        _clients[key] = client
        while len(_clients) > MAX_CLIENTS:
            _clients.popitem(last=False)
        return client


def new_client(*, session_id: uuid.UUID, epoch: int, endpoint: str) -> SimulatorClient:
    return SimulatorClient(
        target=endpoint,
        token=leases.token_for(session_id=session_id, epoch=epoch),
        session_id=str(session_id),
        epoch=epoch,
        tls=None if endpoint.startswith("unix:") else tls_files(),
    )


def forget(*, session_id: uuid.UUID, epoch: int) -> None:
    """Let go of the clients of a run that is over."""
    with _lock:
        for key in [key for key in _clients if key[:2] == (str(session_id), epoch)]:
            _clients.pop(key)


def probe(*, session_id: uuid.UUID, epoch: int, endpoint: str, timeout_seconds: float) -> None:
    """Returns when the run answers for its session and epoch in time. Raises CallFailed."""
    client = new_client(session_id=session_id, epoch=epoch, endpoint=endpoint)
    try:
        # A kind that no simulator knows: its door checks token, session and epoch and answers at once, without
        # waiting for the journal as a real read does.
        client.read_state("probe", timeout_seconds=timeout_seconds)
    finally:
        client.close()


def close_all() -> None:
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()
