"""Where a bridge gets its facts: the run that serves a session, its frames, and the event log behind them.

The database is asked in a worker thread, never in the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings

from apps.journal import selectors as journal
from apps.orders import selectors as orders
from apps.portfolio import selectors as portfolio
from apps.simulator_sessions.leases import token_for
from apps.simulator_sessions.lifecycle import Status
from apps.simulator_sessions.models import SessionLease
from apps.streams.frames import Frame
from apps.streams.threads import in_thread
from simulator_engine.client import CallFailed, SimulatorStream
from simulator_engine.config import TlsFiles

RECENT_ORDERS = 200
"""Orders in a private snapshot beside the open ones; older history is read over REST."""

ENDED = frozenset({Status.STOPPED.value, Status.FAILED.value})


class SourceLost(Exception):
    """The run that gave the frames is gone, or silent for three heartbeats."""


@dataclass(frozen=True, slots=True)
class Location:
    """The run that serves a session now. `status` is the session's; without a `target` nothing can be subscribed."""

    epoch: int
    status: str
    target: str = ""
    halted: bool = False
    """Its records contradict each other: it is not served again before somebody has looked."""

    @property
    def ready(self) -> bool:
        return bool(self.target)


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames of one read; none in the beat of each second. `next_seq` are the private streams' next numbers."""

    frames: tuple[Frame, ...]
    next_seq: Mapping[str, int]


class FrameStream(Protocol):
    async def update(self, streams: Iterable[str], *, snapshot: Iterable[str] = ()) -> None: ...
    def batches(self) -> AsyncIterator[Batch]: ...
    async def close(self) -> None: ...


class Source(Protocol):
    """What a bridge needs to know of the world; a test's double stands in for the whole of it."""

    async def locate(self) -> Location: ...
    def open(self, location: Location) -> FrameStream: ...
    async def replay(self, stream: str, after_seq: int, limit: int) -> list[Frame]: ...
    async def next_seqs(self) -> dict[str, int]: ...
    async def snapshot(self, stream: str) -> Any: ...


class SimulatorFrames:
    """A simulator's frames in our own shape. Raises SourceLost when they end."""

    def __init__(self, stream: SimulatorStream, epoch: int) -> None:
        self._stream = stream
        self._epoch = epoch

    async def update(self, streams: Iterable[str], *, snapshot: Iterable[str] = ()) -> None:
        try:
            await self._stream.update(streams, snapshot=snapshot)
        except CallFailed as error:
            raise SourceLost(str(error)) from error

    async def batches(self) -> AsyncIterator[Batch]:
        try:
            async for message in self._stream.batches():
                epoch = message.epoch or self._epoch
                yield Batch(
                    tuple(
                        Frame(
                            stream=frame.stream,
                            seq=frame.seq,
                            type=frame.type,
                            sim_time_ns=frame.sim_time_ns,
                            wall_time_ms=frame.wall_time_ms,
                            epoch=epoch,
                            data=frame.data,
                            key=frame.conflation_key,
                        )
                        for frame in message.frames
                    ),
                    dict(message.next_seq),
                )
        except CallFailed as error:
            raise SourceLost(str(error)) from error

    async def close(self) -> None:
        await self._stream.close()


class SessionSource:
    """The real source of one session: its lease, its simulator, its event log."""

    def __init__(self, session_id: UUID) -> None:
        self.session_id = session_id

    async def locate(self) -> Location:
        return await in_thread(self._locate)

    def _locate(self) -> Location:
        lease = SessionLease.objects.select_related("session").filter(session_id=self.session_id).first()
        if lease is None:
            return Location(0, "")
        status = lease.session.status
        serving = status == Status.READY.value and lease.state == "READY"
        halted = lease.state == "HALTED" or lease.session.cause.startswith("halted")
        return Location(lease.epoch, status, lease.endpoint if serving else "", halted=halted and not serving)

    def open(self, location: Location) -> FrameStream:
        stream = SimulatorStream(
            target=location.target,
            token=token_for(session_id=self.session_id, epoch=location.epoch),
            session_id=str(self.session_id),
            epoch=location.epoch,
            tls=_tls_files(location.target),
        )
        return SimulatorFrames(stream, location.epoch)

    async def replay(self, stream: str, after_seq: int, limit: int) -> list[Frame]:
        return await in_thread(self._replay, stream, after_seq, limit)

    def _replay(self, stream: str, after_seq: int, limit: int) -> list[Frame]:
        reports = journal.reports_after(session_id=self.session_id, stream=stream, after_seq=after_seq, limit=limit)
        return [
            Frame(
                stream=report.stream,
                seq=report.stream_seq,
                type=report.type,
                sim_time_ns=report.sim_time_ns,
                wall_time_ms=report.wall_time_ms,
                epoch=report.epoch,
                data=report.body,
            )
            for report in reports
        ]

    async def next_seqs(self) -> dict[str, int]:
        return await in_thread(self._next_seqs)

    def _next_seqs(self) -> dict[str, int]:
        return journal.next_stream_seqs(session_id=self.session_id)

    async def snapshot(self, stream: str) -> Any:
        return await in_thread(self._snapshot, stream)

    def _snapshot(self, stream: str) -> Any:
        if stream == "orders":
            rows = orders.list_orders(session_id=self.session_id)
            shown = {row.order_id: row for row in rows.filter(status__in=orders.OPEN_STATUSES)}
            shown |= {row.order_id: row for row in rows[:RECENT_ORDERS]}
            return {"orders": [orders.order_dict(row) for row in shown.values()]}
        if stream == "account":
            return portfolio.stored_portfolio(session_id=self.session_id)
        return {}


def _tls_files(target: str) -> TlsFiles | None:
    """Mutual TLS between machines; a Unix socket needs none."""
    files = settings.GRPC_TLS
    if target.startswith("unix:") or not all(files.get(name) for name in ("ca", "cert", "key")):
        return None
    return TlsFiles(certificate=files["cert"], key=files["key"], authority=files["ca"])
