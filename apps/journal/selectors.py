"""Reads of the journal: reports by stream and sequence, a command by its request, the tail of a restore."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.journal import chain
from apps.journal.appending import Corrupt, decode_legs, encode_legs
from apps.journal.models import EventLogEntry, JournalBatch, JournalRecord, Snapshot
from apps.journal.receivers import CommittedReport, JournaledCommand, parse_body

TAIL_PAGE = 256  # batches read at a time, so that a long tail never sits in memory whole


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """One append as it was stored; a restore must reproduce its reports and reach its `event_hash`."""

    records: tuple[JournaledCommand, ...]
    reports: tuple[CommittedReport, ...]
    event_hash: bytes
    event_count: int
    sim_time_ns: int


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """The journal's row for a request: what was asked (`body_hash`) and the reports that it caused, in order."""

    command_seq: int
    epoch: int
    kind: str
    request_id: str
    body_hash: bytes
    sim_time_ns: int
    reports: tuple[CommittedReport, ...]


def report_of(entry: EventLogEntry) -> CommittedReport:
    """Raises Corrupt when the stored body is not the JSON object that was stored."""
    body = bytes(entry.body)
    try:
        data = parse_body(body)
        legs = decode_legs(bytes(entry.legs))
    except ValueError as error:
        raise Corrupt(f"event {entry.event_seq} of session {entry.session_id} is damaged") from error
    return CommittedReport(
        event_seq=entry.event_seq,
        stream=entry.stream,
        stream_seq=entry.stream_seq,
        type=entry.type,
        caused_by=entry.caused_by,
        sim_time_ns=entry.sim_time_ns,
        wall_time_ms=entry.wall_time_ms,
        epoch=entry.epoch,
        body=body,
        data=data,
        legs=legs,
    )


def command_of(row: JournalRecord) -> JournaledCommand:
    return JournaledCommand(
        command_seq=row.command_seq,
        epoch=row.epoch,
        sim_time_ns=row.sim_time_ns,
        event_index=row.event_index,
        kind=row.kind,
        request_id=row.request_id,
        body_hash=bytes(row.body_hash),
        body=bytes(row.body),
    )


def reports_after(*, session_id: uuid.UUID, stream: str, after_seq: int, limit: int) -> list[CommittedReport]:
    """The stream's reports with stream_seq above `after_seq`, oldest first, at most `limit`."""
    rows = EventLogEntry.objects.filter(session_id=session_id, stream=stream, stream_seq__gt=after_seq).order_by(
        "stream_seq"
    )[:limit]
    return [report_of(row) for row in rows]


def next_stream_seqs(*, session_id: uuid.UUID) -> dict[str, int]:
    """The next stream_seq of each private stream."""
    next_seq = {}
    for stream in ("orders", "account", "session"):
        last = (
            EventLogEntry.objects.filter(session_id=session_id, stream=stream)
            .order_by("-stream_seq")
            .values_list("stream_seq", flat=True)
            .first()
        )
        next_seq[stream] = (last or 0) + 1
    return next_seq


def command_by_request_id(*, session_id: uuid.UUID, request_id: str) -> StoredCommand | None:
    """The committed command with this id and its reports, or None when the journal holds none."""
    row = JournalRecord.objects.filter(session_id=session_id, request_id=request_id).first()
    if row is None:
        return None
    entries = EventLogEntry.objects.filter(session_id=session_id, caused_by=row.command_seq).order_by("event_seq")
    return StoredCommand(
        command_seq=row.command_seq,
        epoch=row.epoch,
        kind=row.kind,
        request_id=request_id,
        body_hash=bytes(row.body_hash),
        sim_time_ns=row.sim_time_ns,
        reports=tuple(report_of(entry) for entry in entries),
    )


def tail(*, session_id: uuid.UUID, after_command_seq: int, after_event_seq: int) -> Iterator[StoredBatch]:
    """The batches after a position, in the order in which they were appended.

    A position inside a batch (a snapshot may be taken there) is answered with the rest of that batch first.
    Raises Corrupt when a row is missing: the session must halt.
    """
    command_seq, event_seq = after_command_seq, after_event_seq
    while True:
        batches = list(
            JournalBatch.objects.filter(
                session_id=session_id, last_command_seq__gte=command_seq, last_event_seq__gte=event_seq
            )
            .exclude(last_command_seq=command_seq, last_event_seq=event_seq)
            .order_by("last_command_seq", "last_event_seq")[:TAIL_PAGE]
        )
        if not batches:
            return
        records = {
            row.command_seq: row
            for row in JournalRecord.objects.filter(
                session_id=session_id,
                command_seq__gt=command_seq,
                command_seq__lte=batches[-1].last_command_seq,
            )
        }
        entries = {
            row.event_seq: row
            for row in EventLogEntry.objects.filter(
                session_id=session_id, event_seq__gt=event_seq, event_seq__lte=batches[-1].last_event_seq
            )
        }
        for batch in batches:
            if batch.first_command_seq > command_seq + 1 or batch.first_event_seq > event_seq + 1:
                raise Corrupt(f"the journal of session {session_id} has a gap after ({command_seq}, {event_seq})")
            commands = range(command_seq + 1, batch.last_command_seq + 1)
            events = range(event_seq + 1, batch.last_event_seq + 1)
            command_seq, event_seq = batch.last_command_seq, batch.last_event_seq
            try:
                commanded = tuple(records[seq] for seq in commands)
                reported = tuple(report_of(entries[seq]) for seq in events)
                if len(commanded) + len(reported) == batch_size(batch):
                    require_intact(batch, commanded, reported)
                yield StoredBatch(
                    records=tuple(command_of(row) for row in commanded),
                    reports=reported,
                    event_hash=bytes(batch.event_hash),
                    event_count=batch.event_count,
                    sim_time_ns=batch.sim_time_ns,
                )
            except KeyError as error:
                raise Corrupt(f"the journal of session {session_id} lacks row {error}") from error


def batch_size(batch: JournalBatch) -> int:
    """How many records and reports it holds."""
    return batch.last_command_seq - batch.first_command_seq + batch.last_event_seq - batch.first_event_seq + 2


def require_intact(batch: JournalBatch, records: Sequence[JournalRecord], reports: Sequence[CommittedReport]) -> None:
    """Check a whole batch against its own hashes. Raises Corrupt: what was stored is not what was written."""
    tip = bytes(batch.record_hash)
    hashes = chain.record_hashes(bytes(records[0].prev_hash) if records else tip, [command_of(row) for row in records])
    content = chain.content_hash(
        epoch=batch.epoch,
        positions=(
            batch.first_command_seq,
            batch.last_command_seq,
            batch.first_event_seq,
            batch.last_event_seq,
        ),
        record_tip=tip,
        reports=[(report, encode_legs(report.legs)) for report in reports],
        event_hash=bytes(batch.event_hash),
        event_count=batch.event_count,
        sim_time_ns=batch.sim_time_ns,
    )
    if (
        hashes != [bytes(row.hash) for row in records]
        or (hashes and hashes[-1] != tip)
        or content != bytes(batch.content_hash)
        or chain.batch_hash(bytes(batch.prev_hash), content) != bytes(batch.hash)
    ):
        raise Corrupt(
            f"the journal of session {batch.session_id} was changed at or before "
            f"({batch.last_command_seq}, {batch.last_event_seq})"
        )


def newest_snapshot(*, session_id: uuid.UUID, before_command_seq: int = 0, engine_version: str = "") -> Snapshot | None:
    """The newest snapshot whose digest holds; a torn one is passed over for the one before.

    `before_command_seq` 0 means no bound; `engine_version` empty means any.
    """
    rows = Snapshot.objects.filter(session_id=session_id)
    if before_command_seq:
        rows = rows.filter(command_seq__lt=before_command_seq)
    if engine_version:
        rows = rows.filter(engine_version=engine_version)
    for snapshot_id in list(rows.order_by("-command_seq", "-event_seq", "-id").values_list("id", flat=True)):
        snapshot = Snapshot.objects.filter(id=snapshot_id).first()
        if snapshot is not None and snapshot_holds(snapshot):
            return snapshot
    return None


def snapshot_holds(snapshot: Snapshot) -> bool:
    """Whether the stored bytes are the ones that were put."""
    return hashlib.sha256(bytes(snapshot.data)).digest() == bytes(snapshot.sha256)


def rests_at(*, session_id: uuid.UUID, epoch: int) -> int | None:
    """The simulated time at which a drained epoch stood still: that of the snapshot that it took last, at the very end
    of the journal. None when it took none there."""
    newest = (
        Snapshot.objects.filter(session_id=session_id, epoch=epoch)
        .order_by("-id")
        .values_list("command_seq", "event_seq", "sim_time_ns")
        .first()
    )
    ends_at = (
        JournalBatch.objects.filter(session_id=session_id)
        .order_by("-last_command_seq", "-last_event_seq")
        .values_list("last_command_seq", "last_event_seq")
        .first()
    )
    if newest is None or newest[:2] != (ends_at or (0, 0)):
        return None
    return int(newest[2])


def list_snapshots(*, session_id: uuid.UUID) -> list[Snapshot]:
    """A session's snapshots without their bytes, newest first."""
    return list(Snapshot.objects.filter(session_id=session_id).defer("data").order_by("-command_seq", "-id"))
