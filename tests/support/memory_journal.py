"""A journal service in memory, real gRPC in front: for tests of the simulator alone, with faults on demand.

It keeps the same contract as the platform's: the fence by epoch and both last numbers, the identical batch
answered from its result, snapshots refused above what is durable.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio

from simulator_engine.contract.v1 import journal_pb2, journal_pb2_grpc


@dataclass
class MemoryJournal(journal_pb2_grpc.JournalServiceServicer):
    """One session's log. Set `away` to refuse everything, `lose_replies` to commit and then answer
    nothing."""

    spec: journal_pb2.SessionSpec
    epoch: int = 1
    away: bool = False
    lose_replies: int = 0
    hold_appends: asyncio.Event | None = None
    appends_seen: int = 0
    holder: str = ""
    last_command_seq: int = 0
    last_event_seq: int = 0
    horizon_ns: int = 0
    batches: list[journal_pb2.AppendRequest] = field(default_factory=list)
    snapshots: list[tuple[journal_pb2.SnapshotHeader, bytes]] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    renewals: list[journal_pb2.RenewRequest] = field(default_factory=list)

    async def _enter(self, epoch: int, context: grpc.aio.ServicerContext) -> None:
        if self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the database is down")
        if epoch != self.epoch:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "another epoch holds the lease")

    async def Acquire(self, request: Any, context: Any) -> journal_pb2.AcquireReply:
        await self._enter(request.epoch, context)
        bound = f"{request.epoch} {request.holder}"
        if self.holder.split(" ")[0] == str(request.epoch) and self.holder != bound:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "another holder has this epoch")
        self.holder = bound
        return journal_pb2.AcquireReply(
            spec=self.spec,
            last_command_seq=self.last_command_seq,
            last_event_seq=self.last_event_seq,
            horizon_ns=self.horizon_ns,
            lease_ttl_seconds=6,
        )

    async def Renew(self, request: Any, context: Any) -> journal_pb2.RenewReply:
        await self._enter(request.epoch, context)
        self.renewals.append(request)
        self.horizon_ns = max(self.horizon_ns, request.horizon_ns)
        return journal_pb2.RenewReply(horizon_ns=self.horizon_ns)

    async def Append(self, request: Any, context: Any) -> journal_pb2.AppendReply:
        self.appends_seen += 1
        if self.hold_appends is not None:
            await self.hold_appends.wait()
        if request.epoch != self.epoch:
            return journal_pb2.AppendReply(fenced=True)
        await self._enter(request.epoch, context)
        reply = self._append(request)
        if self.lose_replies:
            self.lose_replies -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the reply was lost")
        return reply

    def _append(self, request: journal_pb2.AppendRequest) -> journal_pb2.AppendReply:
        fits = (
            request.first_command_seq == self.last_command_seq + 1
            and request.first_event_seq == self.last_event_seq + 1
        )
        known = {record.request_id for batch in self.batches for record in batch.records}
        for record in request.records if fits else ():
            if record.request_id in known:
                return journal_pb2.AppendReply(
                    duplicate_request_id=record.request_id,
                    last_command_seq=self.last_command_seq,
                    last_event_seq=self.last_event_seq,
                )
        if fits:
            self.batches.append(request)
            self.last_command_seq += len(request.records)
            self.last_event_seq += len(request.reports)
            self.horizon_ns = max(self.horizon_ns, request.horizon_ns)
        repeated = not fits and bool(self.batches) and self.batches[-1] == request
        return journal_pb2.AppendReply(
            fenced=not fits and not repeated,
            repeated_batch=repeated,
            last_command_seq=self.last_command_seq,
            last_event_seq=self.last_event_seq,
        )

    async def LoadTail(self, request: Any, context: Any) -> AsyncIterator[journal_pb2.TailBatch]:
        await self._enter(request.epoch, context)
        for batch in self.batches:
            last_command = batch.first_command_seq + len(batch.records) - 1
            last_event = batch.first_event_seq + len(batch.reports) - 1
            if last_command > request.after_command_seq or last_event > request.after_event_seq:
                yield journal_pb2.TailBatch(
                    records=batch.records,
                    reports=batch.reports,
                    event_hash=batch.event_hash,
                    event_count=batch.event_count,
                    sim_time_ns=batch.sim_time_ns,
                )

    async def PutSnapshot(self, request_iterator: Any, context: Any) -> journal_pb2.PutSnapshotReply:
        header, data = journal_pb2.SnapshotHeader(), b""
        async for chunk in request_iterator:
            if chunk.WhichOneof("part") == "header":
                header = chunk.header
            else:
                data += chunk.data
        await self._enter(header.epoch, context)
        if header.command_seq > self.last_command_seq:
            return journal_pb2.PutSnapshotReply(fenced=True)
        if hashlib.sha256(data).digest() != header.sha256:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the snapshot was torn on its way")
        self.snapshots.append((header, data))
        return journal_pb2.PutSnapshotReply(stored=True)

    async def GetSnapshot(self, request: Any, context: Any) -> AsyncIterator[journal_pb2.SnapshotChunk]:
        await self._enter(request.epoch, context)
        for header, data in reversed(self.snapshots):
            if not request.before_command_seq or header.command_seq < request.before_command_seq:
                yield journal_pb2.SnapshotChunk(header=header)
                yield journal_pb2.SnapshotChunk(data=data)
                return

    async def Release(self, request: Any, context: Any) -> journal_pb2.ReleaseReply:
        await self._enter(request.epoch, context)
        self.released.append((request.state, request.detail))
        return journal_pb2.ReleaseReply()


async def start_journal(journal: MemoryJournal, target: str) -> grpc.aio.Server:
    """Serve it at a gRPC target; the caller stops it."""
    server = grpc.aio.server()
    journal_pb2_grpc.add_JournalServiceServicer_to_server(journal, server)
    server.add_insecure_port(target)
    await server.start()
    return server
