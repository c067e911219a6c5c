"""Checking a session's journal whole: numbers without gaps, epochs that never fall, both hash chains, digests.

Reads only. Every fault found is one sentence; an empty list is the promise that what is stored is what was written.
"""

from __future__ import annotations

import uuid

from apps.journal import chain, selectors
from apps.journal.appending import Corrupt, encode_legs
from apps.journal.models import EventLogEntry, JournalBatch, JournalRecord, Snapshot
from apps.simulator_sessions.models import SessionLease

FAULTS_TOLD = 20  # after a break everything behind it differs too


def verify_session(session_id: uuid.UUID) -> list[str]:
    """The faults of one session's journal, at most FAULTS_TOLD of them."""
    faults: list[str] = []
    position = _verify_batches(session_id, faults)
    lease = SessionLease.objects.filter(session_id=session_id).first()
    if lease is not None and (lease.last_command_seq, lease.last_event_seq) != position:
        faults.append(
            f"the lease stands at ({lease.last_command_seq}, {lease.last_event_seq}), the journal ends at {position}"
        )
    _verify_streams(session_id, faults)
    faults += [
        f"the snapshot of command {snapshot.command_seq} is damaged"
        for snapshot in Snapshot.objects.filter(session_id=session_id).iterator(chunk_size=1)
        if not selectors.snapshot_holds(snapshot)
    ]
    return faults[:FAULTS_TOLD]


def _verify_batches(session_id: uuid.UUID, faults: list[str]) -> tuple[int, int]:
    before = record_tip = chain.genesis(session_id)
    position = (0, 0)
    epoch = 0
    rows = JournalBatch.objects.filter(session_id=session_id).order_by("last_command_seq", "last_event_seq")
    for row in rows.iterator(chunk_size=500):
        where = f"batch at ({row.last_command_seq}, {row.last_event_seq})"
        if (row.first_command_seq - 1, row.first_event_seq - 1) != position:
            faults.append(f"{where}: does not follow {position}")
        if row.epoch < epoch:
            faults.append(f"{where}: its epoch {row.epoch} is below {epoch}")
        if len(faults) >= FAULTS_TOLD:
            break
        records = list(
            JournalRecord.objects.filter(
                session_id=session_id,
                command_seq__gte=row.first_command_seq,
                command_seq__lte=row.last_command_seq,
            ).order_by("command_seq")
        )
        if [record.command_seq for record in records] != list(range(row.first_command_seq, row.last_command_seq + 1)):
            faults.append(f"{where}: commands are missing")
        for record in records:
            if bytes(record.prev_hash) != record_tip:
                faults.append(f"command {record.command_seq}: is not chained to the one before")
            record_tip = chain.record_hash(record_tip, selectors.command_of(record))
            if bytes(record.hash) != record_tip:
                faults.append(f"command {record.command_seq}: was changed")
        try:
            reports = [
                selectors.report_of(entry)
                for entry in EventLogEntry.objects.filter(
                    session_id=session_id,
                    event_seq__gte=row.first_event_seq,
                    event_seq__lte=row.last_event_seq,
                ).order_by("event_seq")
            ]
        except Corrupt as error:
            faults.append(str(error))
            reports = []
        content = chain.content_hash(
            epoch=row.epoch,
            positions=(row.first_command_seq, row.last_command_seq, row.first_event_seq, row.last_event_seq),
            record_tip=record_tip,
            reports=[(report, encode_legs(report.legs)) for report in reports],
            event_hash=bytes(row.event_hash),
            event_count=row.event_count,
            sim_time_ns=row.sim_time_ns,
        )
        if content != bytes(row.content_hash):
            faults.append(f"{where}: what it holds was changed")
        if bytes(row.prev_hash) != before or chain.batch_hash(before, content) != bytes(row.hash):
            faults.append(f"{where}: the chain is broken")
        before = bytes(row.hash)
        record_tip = bytes(row.record_hash)
        position = (row.last_command_seq, row.last_event_seq)
        epoch = row.epoch
    return position


def _verify_streams(session_id: uuid.UUID, faults: list[str]) -> None:
    last: dict[str, int] = {}
    rows = EventLogEntry.objects.filter(session_id=session_id).order_by("event_seq").values_list("stream", "stream_seq")
    for stream, stream_seq in rows.iterator(chunk_size=2000):
        if stream_seq != last.get(stream, 0) + 1:
            faults.append(f"stream {stream}: {stream_seq} follows {last.get(stream, 0)}")
        last[stream] = stream_seq
