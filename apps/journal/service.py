"""The gRPC door of the journal: checks the caller's token, translates, calls one function, answers honestly.

A refusal is a reply or FAILED_PRECONDITION "FENCED"; the database away is UNAVAILABLE; damage is DATA_LOSS.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import grpc
import orjson
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError, connection
from django.utils import timezone

from apps.journal import appending, selectors, snapshots
from apps.journal.receivers import CommittedReport, JournaledCommand, Leg, parse_body
from apps.simulator_sessions import leases
from apps.simulator_sessions.models import SessionLease, SimulatorSession
from apps.simulator_sessions.pokes import request_reconcile
from simulator_engine.contract.v1 import journal_pb2 as pb
from simulator_engine.contract.v1 import journal_pb2_grpc as pb_grpc

log = logging.getLogger("tradesim.journal")

CHUNK_BYTES = 1024 * 1024  # well under gRPC's default limit of 4 MiB a message


class _Refused(Exception):
    def __init__(self, status: grpc.StatusCode, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def _fenced() -> NoReturn:
    raise _Refused(grpc.StatusCode.FAILED_PRECONDITION, "FENCED")


def _authorized(context: grpc.ServicerContext) -> tuple[uuid.UUID, int]:
    """The session and epoch that the caller's token proves. Raises UNAUTHENTICATED."""
    metadata = {key.lower(): value for key, value in context.invocation_metadata()}
    scheme, _, token = str(metadata.get("authorization", "")).partition(" ")
    try:
        session_id = uuid.UUID(str(metadata.get("x-session-id", "")))
        epoch = int(metadata.get("x-epoch", ""))
    except ValueError:
        raise _Refused(grpc.StatusCode.UNAUTHENTICATED, "no session or epoch was named") from None
    if scheme != "Bearer" or not leases.token_is_valid(session_id=session_id, epoch=epoch, token=token):
        raise _Refused(grpc.StatusCode.UNAUTHENTICATED, "the token is not this session's")
    return session_id, epoch


def _caller(context: grpc.ServicerContext, request: Any) -> tuple[uuid.UUID, int]:
    session_id, epoch = _authorized(context)
    if request.session_id != str(session_id) or request.epoch != epoch:
        raise _Refused(grpc.StatusCode.PERMISSION_DENIED, "the request names another session or epoch")
    return session_id, epoch


def _status_of(error: Exception) -> tuple[grpc.StatusCode, str]:
    if isinstance(error, _Refused):
        return error.status, error.detail
    if isinstance(error, appending.Corrupt):
        log.critical("journal corrupt: %s", error)
        return grpc.StatusCode.DATA_LOSS, str(error)
    if isinstance(error, (appending.MalformedBatch, snapshots.TornSnapshot)):
        log.error("journal refused a malformed call: %s", error)
        return grpc.StatusCode.INVALID_ARGUMENT, str(error)
    if isinstance(error, (appending.Unstorable, IntegrityError, DataError, ProgrammingError)):
        # Sent again it would fail again: the simulator must halt, not wait for better times.
        log.critical("journal cannot store a batch", exc_info=error)
        return grpc.StatusCode.INVALID_ARGUMENT, f"the batch cannot be stored: {error}"
    if isinstance(error, (DatabaseError, InterfaceError, OSError)):
        log.warning("journal cannot reach its database: %s", error)
        connection.close()  # a broken connection must not be met again by the next call of this thread
        return grpc.StatusCode.UNAVAILABLE, "the journal's database did not answer"
    log.exception("journal failed")
    return grpc.StatusCode.INTERNAL, type(error).__name__


def _unary(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def answer(self: JournalServicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Exception as error:
            status, detail = _status_of(error)
        return context.abort(status, detail)

    return answer


def _streaming(method: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    @functools.wraps(method)
    def answer(self: JournalServicer, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        try:
            yield from method(self, request, context)
            return
        except Exception as error:
            status, detail = _status_of(error)
        context.abort(status, detail)

    return answer


class JournalServicer(pb_grpc.JournalServiceServicer):
    """One instance serves all sessions; each call stands alone and holds no state between calls."""

    @_unary
    def Acquire(self, request: pb.AcquireRequest, context: grpc.ServicerContext) -> pb.AcquireReply:
        session_id, epoch = _caller(context, request)
        session = SimulatorSession.objects.filter(id=session_id).first()
        if session is None:
            raise _Refused(grpc.StatusCode.NOT_FOUND, "no such session")
        facts = leases.acquire(
            session_id=session_id,
            epoch=epoch,
            holder=request.holder,
            endpoint=request.endpoint,
            engine_version=request.engine_version,
        )
        if facts is None:
            _fenced()
        request_reconcile(session_id)
        return pb.AcquireReply(
            spec=pb.SessionSpec(
                scenario=session.scenario,
                date=session.scenario_date.isoformat() if session.scenario_date else "",
                seed=session.seed,
                account=orjson.dumps(session.account),
                speed=session.speed,
                engine_version=session.engine_version or request.engine_version,
            ),
            last_command_seq=facts.last_command_seq,
            last_event_seq=facts.last_event_seq,
            horizon_ns=facts.horizon_ns,
            lease_ttl_seconds=leases.LEASE_TTL.total_seconds(),
        )

    @_unary
    def Renew(self, request: pb.RenewRequest, context: grpc.ServicerContext) -> pb.RenewReply:
        session_id, epoch = _caller(context, request)
        renewed = leases.renew(
            session_id=session_id,
            epoch=epoch,
            holder=request.holder,
            horizon_ns=request.horizon_ns,
            state=request.state,
            sim_time_ns=request.sim_time_ns,
            phase=request.phase,
            speed=request.speed,
            paused=request.paused,
            detail=request.detail,
        )
        if renewed is None:
            _fenced()
        horizon_ns, changed = renewed
        if changed:
            request_reconcile(session_id)
        return pb.RenewReply(horizon_ns=horizon_ns)

    @_unary
    def Append(self, request: pb.AppendRequest, context: grpc.ServicerContext) -> pb.AppendReply:
        session_id, epoch = _caller(context, request)
        result = appending.append(_batch(session_id, epoch, request), now=timezone.now())
        if isinstance(result, appending.Appended):
            return pb.AppendReply(
                last_command_seq=result.last_command_seq,
                last_event_seq=result.last_event_seq,
                repeated_batch=result.repeated,
            )
        if isinstance(result, appending.DuplicateRequest):
            return pb.AppendReply(
                last_command_seq=request.first_command_seq - 1,
                last_event_seq=request.first_event_seq - 1,
                duplicate_request_id=result.request_id,
            )
        return pb.AppendReply(fenced=True)

    @_streaming
    def LoadTail(self, request: pb.LoadTailRequest, context: grpc.ServicerContext) -> Iterator[pb.TailBatch]:
        session_id, epoch = _caller(context, request)
        _require_epoch(session_id, epoch)
        for batch in selectors.tail(
            session_id=session_id,
            after_command_seq=request.after_command_seq,
            after_event_seq=request.after_event_seq,
        ):
            yield pb.TailBatch(
                records=[_record_message(record) for record in batch.records],
                reports=[_report_message(report) for report in batch.reports],
                event_hash=batch.event_hash,
                event_count=batch.event_count,
                sim_time_ns=batch.sim_time_ns,
            )

    @_unary
    def PutSnapshot(self, requests: Iterable[pb.SnapshotChunk], context: grpc.ServicerContext) -> pb.PutSnapshotReply:
        header, data = _receive_snapshot(requests)
        session_id, epoch = _caller(context, header)
        stored = snapshots.put_snapshot(
            snapshots.NewSnapshot(
                session_id=session_id,
                epoch=epoch,
                command_seq=header.command_seq,
                event_seq=header.event_seq,
                sim_time_ns=header.sim_time_ns,
                engine_version=header.engine_version,
                state_hash=header.state_hash,
                sha256=header.sha256,
                name=header.name[:120],
                data=data,
            ),
            now=timezone.now(),
        )
        return pb.PutSnapshotReply(fenced=not stored, stored=stored)

    @_streaming
    def GetSnapshot(self, request: pb.GetSnapshotRequest, context: grpc.ServicerContext) -> Iterator[pb.SnapshotChunk]:
        """No chunk at all: there is no snapshot that holds."""
        session_id, epoch = _caller(context, request)
        _require_epoch(session_id, epoch)
        snapshot = selectors.newest_snapshot(
            session_id=session_id,
            before_command_seq=request.before_command_seq,
            engine_version=request.engine_version,
        )
        if snapshot is None:
            return
        data = bytes(snapshot.data)
        yield pb.SnapshotChunk(
            header=pb.SnapshotHeader(
                session_id=str(session_id),
                epoch=snapshot.epoch,
                command_seq=snapshot.command_seq,
                event_seq=snapshot.event_seq,
                sim_time_ns=snapshot.sim_time_ns,
                engine_version=snapshot.engine_version,
                state_hash=snapshot.state_hash,
                sha256=bytes(snapshot.sha256),
                name=snapshot.name,
                size=len(data),
            )
        )
        for start in range(0, len(data), CHUNK_BYTES):
            yield pb.SnapshotChunk(data=data[start : start + CHUNK_BYTES])

    @_unary
    def Release(self, request: pb.ReleaseRequest, context: grpc.ServicerContext) -> pb.ReleaseReply:
        session_id, epoch = _caller(context, request)
        drained = request.state == "DRAINED"
        if not leases.release(
            session_id=session_id,
            epoch=epoch,
            holder=request.holder,
            state=request.state,
            detail=request.detail,
            rests_at_ns=selectors.rests_at(session_id=session_id, epoch=epoch) if drained else None,
        ):
            _fenced()
        request_reconcile(session_id)
        return pb.ReleaseReply()


def _require_epoch(session_id: uuid.UUID, epoch: int) -> None:
    if not SessionLease.objects.filter(session_id=session_id, epoch=epoch).exists():
        _fenced()


def _receive_snapshot(requests: Iterable[pb.SnapshotChunk]) -> tuple[pb.SnapshotHeader, bytes]:
    header: pb.SnapshotHeader | None = None
    data = bytearray()
    for chunk in requests:
        if chunk.WhichOneof("part") == "header":
            header = chunk.header
        else:
            data += chunk.data
        if len(data) > snapshots.MAX_SNAPSHOT_BYTES:
            raise snapshots.TornSnapshot("the snapshot is too large")
    if header is None:
        raise snapshots.TornSnapshot("the snapshot has no header")
    return header, bytes(data)


def _batch(session_id: uuid.UUID, epoch: int, request: pb.AppendRequest) -> appending.Batch:
    try:
        reports = [_report(report, epoch) for report in request.reports]
    except ValueError as error:
        raise appending.MalformedBatch(f"a report cannot be read: {error}") from error
    return appending.Batch(
        session_id=session_id,
        epoch=epoch,
        first_command_seq=request.first_command_seq,
        first_event_seq=request.first_event_seq,
        records=[_record(record, epoch) for record in request.records],
        reports=reports,
        horizon_ns=request.horizon_ns,
        event_hash=request.event_hash,
        event_count=request.event_count,
        sim_time_ns=request.sim_time_ns,
    )


def _record(record: pb.Record, epoch: int) -> JournaledCommand:
    return JournaledCommand(
        command_seq=record.command_seq,
        epoch=epoch,
        sim_time_ns=record.sim_time_ns,
        event_index=record.event_index,
        kind=record.kind,
        request_id=record.request_id or None,
        body_hash=record.body_hash,
        body=record.body,
    )


def _report(report: pb.Report, epoch: int) -> CommittedReport:
    return CommittedReport(
        event_seq=report.event_seq,
        stream=report.stream,
        stream_seq=report.stream_seq,
        type=report.type,
        caused_by=report.caused_by,
        sim_time_ns=report.sim_time_ns,
        wall_time_ms=report.wall_time_ms,
        epoch=epoch,
        body=report.body,
        data=parse_body(report.body),
        legs=tuple(Leg(leg.account, leg.asset, Decimal(leg.amount), leg.is_cash) for leg in report.legs),
    )


def _record_message(record: JournaledCommand) -> pb.Record:
    return pb.Record(
        command_seq=record.command_seq,
        sim_time_ns=record.sim_time_ns,
        event_index=record.event_index,
        kind=record.kind,
        request_id=record.request_id or "",
        body_hash=record.body_hash,
        body=record.body,
    )


def _report_message(report: CommittedReport) -> pb.Report:
    return pb.Report(
        event_seq=report.event_seq,
        stream=report.stream,
        stream_seq=report.stream_seq,
        type=report.type,
        caused_by=report.caused_by,
        sim_time_ns=report.sim_time_ns,
        wall_time_ms=report.wall_time_ms,
        body=report.body,
        legs=[
            pb.LedgerLeg(
                account=leg.account, asset=leg.asset, amount=format(Decimal(leg.amount), "f"), is_cash=leg.is_cash
            )
            for leg in report.legs
        ],
    )


def tls_credentials() -> grpc.ServerCredentials | None:
    """The server's credentials of settings.GRPC_TLS, asking clients for theirs; None when no files are set."""
    files: dict[str, str] = getattr(settings, "GRPC_TLS", {})
    if not all(files.get(part) for part in ("ca", "cert", "key")):
        return None
    parts = {}
    for part in ("ca", "cert", "key"):
        with open(files[part], "rb") as file:
            parts[part] = file.read()
    return grpc.ssl_server_credentials(
        [(parts["key"], parts["cert"])], root_certificates=parts["ca"], require_client_auth=True
    )
