"""The simulator's only way to the log of record. Never decides anything: it carries batches and says how it went."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import grpc.aio

from simulator_engine import ENGINE_VERSION
from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import journal_pb2, journal_pb2_grpc
from simulator_engine.runtime.channels import call_metadata, channel_credentials, channel_options

CHUNK_BYTES = 256 * 1024


class Fenced(Exception):
    """Another epoch owns the session now: this run must say nothing more and end."""


class JournalUnavailable(Exception):
    """The journal gave no answer, or not yet: what was sent is neither stored nor not stored until it does."""


class JournalRefused(Exception):
    """The journal answered that this can never be stored, or that what it holds is corrupt: a fault."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot as the journal holds it; `intact` says whether its digest is right."""

    header: journal_pb2.SnapshotHeader
    data: bytes

    @property
    def intact(self) -> bool:
        return hashlib.sha256(self.data).digest() == self.header.sha256


class JournalClient:
    """One session's view of the journal service, for one epoch."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        credentials = channel_credentials(config.tls)
        options = channel_options(config.journal_target)
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(config.journal_target, options=options)
        else:
            self._channel = grpc.aio.secure_channel(config.journal_target, credentials, options=options)
        self._stub = journal_pb2_grpc.JournalServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._metadata = call_metadata(token=config.token, session_id=config.session_id, epoch=config.epoch)

    async def close(self) -> None:
        await self._channel.close(None)

    async def acquire(self, endpoint: str) -> journal_pb2.AcquireReply:
        """Bind this holder to the epoch. Raises Fenced when the epoch has moved or has another holder."""
        request = journal_pb2.AcquireRequest(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            holder=self._config.holder_name,
            endpoint=endpoint,
            engine_version=ENGINE_VERSION,
        )
        return await self._call(self._stub.Acquire, request, deadline_seconds=10.0)  # type: ignore[no-any-return]

    async def renew(self, **fields: object) -> journal_pb2.RenewReply:
        """Keep the lease and move the durable horizon. Raises Fenced or JournalUnavailable."""
        request = journal_pb2.RenewRequest(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            holder=self._config.holder_name,
            **fields,  # type: ignore[arg-type]
        )
        return await self._call(self._stub.Renew, request)  # type: ignore[no-any-return]

    async def append(self, request: journal_pb2.AppendRequest) -> journal_pb2.AppendReply:
        """Store a batch, or learn that it is stored already. Raises Fenced, JournalUnavailable or JournalRefused."""
        reply: journal_pb2.AppendReply = await self._call(self._stub.Append, request)
        if reply.fenced:
            raise Fenced("the lease has moved on")
        if reply.duplicate_request_id:
            raise JournalRefused(f"request {reply.duplicate_request_id} is journaled already")
        return reply

    async def tail(self, *, after_command_seq: int, after_event_seq: int) -> AsyncIterator[journal_pb2.TailBatch]:
        """The batches behind a snapshot, in order."""
        request = journal_pb2.LoadTailRequest(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            after_command_seq=after_command_seq,
            after_event_seq=after_event_seq,
        )
        try:
            async for batch in self._stub.LoadTail(request, metadata=self._metadata, timeout=60.0):
                yield batch
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error

    async def newest_snapshot(self, *, before_command_seq: int = 0) -> StoredSnapshot | None:
        """The newest snapshot (older than a command_seq, when one is given), or None."""
        request = journal_pb2.GetSnapshotRequest(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            before_command_seq=before_command_seq,
            engine_version=ENGINE_VERSION,
        )
        header: journal_pb2.SnapshotHeader | None = None
        data = bytearray()
        try:
            async for chunk in self._stub.GetSnapshot(request, metadata=self._metadata, timeout=30.0):
                if chunk.WhichOneof("part") == "header":
                    header = chunk.header
                else:
                    data += chunk.data
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error
        return None if header is None else StoredSnapshot(header, bytes(data))

    async def put_snapshot(self, header: journal_pb2.SnapshotHeader, data: bytes) -> bool:
        """Store a snapshot; False when the journal refused it as not durable yet. Raises Fenced."""

        async def chunks() -> AsyncIterator[journal_pb2.SnapshotChunk]:
            yield journal_pb2.SnapshotChunk(header=header)
            for start in range(0, len(data), CHUNK_BYTES):
                yield journal_pb2.SnapshotChunk(data=data[start : start + CHUNK_BYTES])

        reply = await self._call(self._stub.PutSnapshot, chunks(), deadline_seconds=30.0)
        if reply.fenced:
            raise Fenced("the lease has moved on")
        return bool(reply.stored)

    async def release(self, state: str, detail: str = "") -> None:
        """Give the lease back, drained or halted."""
        request = journal_pb2.ReleaseRequest(
            session_id=self._config.session_id,
            epoch=self._config.epoch,
            holder=self._config.holder_name,
            state=state,
            detail=detail,
        )
        await self._call(self._stub.Release, request)

    async def _call(self, method, request, deadline_seconds: float | None = None):  # type: ignore[no-untyped-def]
        try:
            return await method(
                request, metadata=self._metadata, timeout=deadline_seconds or self._config.journal_timeout_seconds
            )
        except grpc.aio.AioRpcError as error:
            raise _translated(error) from error


def _translated(error: grpc.aio.AioRpcError) -> Exception:
    """FAILED_PRECONDITION is the fence; what may pass by waiting is unavailable; the rest is a fault."""
    code = error.code()
    if code in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.ABORTED):
        return Fenced(error.details())
    if code in (grpc.StatusCode.DATA_LOSS, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND):
        return JournalRefused(f"{code.name}: {error.details()}")
    return JournalUnavailable(f"{code.name}: {error.details()}")
