"""The fenced append: one transaction that moves the lease, writes the batch and lets the receivers project it.

The only writer of journal and event log. Returns refusals as values; raises Corrupt when what is stored is wrong.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import orjson
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from apps.journal import chain
from apps.journal.models import EventLogEntry, JournalBatch, JournalRecord
from apps.journal.receivers import CommittedReport, JournaledCommand, Leg, receivers
from apps.journal.rows import database_time, database_uuid, insert_rows
from apps.simulator_sessions import leases

LOCK_RETRIES = 5  # SQLite only: the connection's own time-out of 20 s has already waited each time
LOCK_PAUSE_SECONDS = 0.02
MAX_RECORDS = 1024  # sixteen times what a simulator batches; more is a fault of the caller

T = TypeVar("T")


class Corrupt(Exception):
    """What the journal holds contradicts itself. The session must halt rather than go on wrong."""


class MalformedBatch(ValueError):
    """The batch breaks the contract (gaps inside it, empty, too large): the simulator's fault. Nothing is written."""


class Unstorable(Exception):
    """A receiver cannot project the batch: sent again it would fail again. A fault of ours; the session must halt."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One append as it was asked for. `records` and `reports` are numbered from the two firsts on without a gap."""

    session_id: uuid.UUID
    epoch: int
    first_command_seq: int
    first_event_seq: int
    records: Sequence[JournaledCommand]
    reports: Sequence[CommittedReport]
    horizon_ns: int
    event_hash: bytes
    event_count: int
    sim_time_ns: int

    @property
    def last_command_seq(self) -> int:
        return self.first_command_seq - 1 + len(self.records)

    @property
    def last_event_seq(self) -> int:
        return self.first_event_seq - 1 + len(self.reports)


@dataclass(frozen=True, slots=True)
class Appended:
    """The batch is durable up to these. `repeated`: it was stored already, and nothing was done now."""

    last_command_seq: int
    last_event_seq: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Fenced:
    """Another epoch holds the session, or the position is not the next one. Nothing was written."""


@dataclass(frozen=True, slots=True)
class DuplicateRequest:
    """A request_id of the batch is in the journal, as `command_seq`. Nothing was written."""

    request_id: str
    command_seq: int


AppendResult = Appended | Fenced | DuplicateRequest


def encode_legs(legs: Sequence[Leg]) -> bytes:
    """Legs as they are stored: compact JSON lists of [account, asset, amount, is_cash], or empty."""
    if not legs:
        return b""
    return orjson.dumps([[leg.account, leg.asset, format(Decimal(leg.amount), "f"), leg.is_cash] for leg in legs])


def decode_legs(data: bytes) -> tuple[Leg, ...]:
    if not data:
        return ()
    return tuple(Leg(account, asset, Decimal(amount), cash) for account, asset, amount, cash in orjson.loads(data))


def append(batch: Batch, *, now: dt.datetime) -> AppendResult:
    """Make the batch durable, whole or not at all. `now` is the wall time recorded with it.

    Raises MalformedBatch, Corrupt, Unstorable, or a django.db error when the database is away (then the outcome is
    unknown to the caller, who repeats the identical batch).
    """
    _check_shape(batch)
    try:
        return retry_locked(lambda: _append_once(batch, now))
    except IntegrityError:
        duplicate = _find_duplicate(batch)
        if duplicate is None:
            raise
        return duplicate


def _append_once(batch: Batch, now: dt.datetime) -> AppendResult:
    with transaction.atomic(durable=True):
        moved = leases.advance(
            session_id=batch.session_id,
            epoch=batch.epoch,
            first_command_seq=batch.first_command_seq,
            last_command_seq=batch.last_command_seq,
            first_event_seq=batch.first_event_seq,
            last_event_seq=batch.last_event_seq,
            horizon_ns=batch.horizon_ns,
            sim_time_ns=batch.sim_time_ns,
        )
        if not moved:
            return _stored_result(batch)
        before, records_before = _tips(batch)
        legs = [encode_legs(report.legs) for report in batch.reports]
        hashes = chain.record_hashes(records_before, batch.records)
        content = _content(batch, records_before, legs, hashes)
        _insert_batch(batch, before, hashes[-1] if hashes else records_before, content, now)
        _insert_records(batch, records_before, hashes, now)
        _insert_entries(batch, legs)
        _project(batch, now)
    return Appended(batch.last_command_seq, batch.last_event_seq)


def _project(batch: Batch, now: dt.datetime) -> None:
    """Let the receivers advance their tables. A database that is away passes through; any other failure is a fault."""
    for receiver in receivers():
        try:
            receiver(session_id=batch.session_id, records=batch.records, reports=batch.reports, committed_at=now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            name = getattr(receiver, "__module__", repr(receiver))
            raise Unstorable(f"{name}: {type(error).__name__}: {error}") from error


def _content(batch: Batch, records_before: bytes, legs: Sequence[bytes], hashes: Sequence[bytes]) -> bytes:
    return chain.content_hash(
        epoch=batch.epoch,
        positions=(
            batch.first_command_seq,
            batch.last_command_seq,
            batch.first_event_seq,
            batch.last_event_seq,
        ),
        record_tip=hashes[-1] if hashes else records_before,
        reports=zip(batch.reports, legs, strict=True),
        event_hash=batch.event_hash,
        event_count=batch.event_count,
        sim_time_ns=batch.sim_time_ns,
    )


def _tips(batch: Batch) -> tuple[bytes, bytes]:
    """The batch chain's and the record chain's last hashes before this batch."""
    if batch.first_command_seq == 1 and batch.first_event_seq == 1:
        start = chain.genesis(batch.session_id)
        return start, start
    row = (
        JournalBatch.objects.filter(
            session_id=batch.session_id,
            last_command_seq=batch.first_command_seq - 1,
            last_event_seq=batch.first_event_seq - 1,
        )
        .values_list("hash", "record_hash")
        .first()
    )
    if row is None:
        raise Corrupt(
            f"the lease stands at ({batch.first_command_seq - 1}, {batch.first_event_seq - 1}) and no batch ends there"
        )
    return bytes(row[0]), bytes(row[1])


def _stored_result(batch: Batch) -> AppendResult:
    """The lease did not move: the identical batch stored before is answered again, anything else is fenced."""
    stored = (
        JournalBatch.objects.filter(
            session_id=batch.session_id,
            last_command_seq=batch.last_command_seq,
            last_event_seq=batch.last_event_seq,
        )
        .values_list("first_command_seq", "first_event_seq", "content_hash")
        .first()
    )
    if stored is None or stored[:2] != (batch.first_command_seq, batch.first_event_seq):
        return Fenced()
    _, records_before = _tips(batch)
    legs = [encode_legs(report.legs) for report in batch.reports]
    hashes = chain.record_hashes(records_before, batch.records)
    if _content(batch, records_before, legs, hashes) != bytes(stored[2]):
        return Fenced()
    return Appended(batch.last_command_seq, batch.last_event_seq, repeated=True)


_BATCH_FIELDS = (
    "session", "epoch", "first_command_seq", "last_command_seq", "first_event_seq", "last_event_seq", "sim_time_ns",
    "event_count", "event_hash", "content_hash", "record_hash", "prev_hash", "hash", "at",
)  # fmt: skip
_RECORD_FIELDS = (
    "session", "command_seq", "epoch", "sim_time_ns", "event_index", "kind", "request_id", "body_hash", "body",
    "event_hash", "prev_hash", "hash", "at",
)  # fmt: skip
_ENTRY_FIELDS = (
    "session", "event_seq", "stream", "stream_seq", "type", "caused_by", "sim_time_ns", "wall_time_ms", "epoch",
    "body", "legs",
)  # fmt: skip


def _insert_batch(batch: Batch, before: bytes, record_tip: bytes, content: bytes, now: dt.datetime) -> None:
    row = (
        database_uuid(batch.session_id),
        batch.epoch,
        batch.first_command_seq,
        batch.last_command_seq,
        batch.first_event_seq,
        batch.last_event_seq,
        batch.sim_time_ns,
        batch.event_count,
        batch.event_hash,
        content,
        record_tip,
        before,
        chain.batch_hash(before, content),
        database_time(now),
    )
    insert_rows(JournalBatch, _BATCH_FIELDS, [row])


def _insert_records(batch: Batch, before: bytes, hashes: Sequence[bytes], now: dt.datetime) -> None:
    session, at = database_uuid(batch.session_id), database_time(now)
    rows = [
        (
            session,
            record.command_seq,
            record.epoch,
            record.sim_time_ns,
            record.event_index,
            record.kind,
            record.request_id,
            record.body_hash,
            record.body,
            batch.event_hash,
            prev,
            digest,
            at,
        )
        for record, prev, digest in zip(batch.records, [before, *hashes[:-1]], hashes, strict=False)
    ]
    insert_rows(JournalRecord, _RECORD_FIELDS, rows)


def _insert_entries(batch: Batch, legs: Sequence[bytes]) -> None:
    session = database_uuid(batch.session_id)
    rows = [
        (
            session,
            report.event_seq,
            report.stream,
            report.stream_seq,
            report.type,
            report.caused_by,
            report.sim_time_ns,
            report.wall_time_ms,
            report.epoch,
            report.body,
            encoded,
        )
        for report, encoded in zip(batch.reports, legs, strict=True)
    ]
    insert_rows(EventLogEntry, _ENTRY_FIELDS, rows)


def _find_duplicate(batch: Batch) -> DuplicateRequest | None:
    """Which request_id the database refused: one stored before, or one that the batch itself holds twice."""
    wanted = [record.request_id for record in batch.records if record.request_id is not None]
    stored = (
        JournalRecord.objects.filter(session_id=batch.session_id, request_id__in=wanted)
        .order_by("command_seq")
        .values_list("request_id", "command_seq")
        .first()
    )
    if stored is not None:
        return DuplicateRequest(str(stored[0]), stored[1])
    for index, request_id in enumerate(wanted):
        if request_id in wanted[:index]:
            return DuplicateRequest(request_id, 0)
    return None


def _check_shape(batch: Batch) -> None:
    if not batch.records and not batch.reports:
        raise MalformedBatch("a batch holds at least one record or report")
    if len(batch.records) > MAX_RECORDS or len(batch.reports) > 64 * MAX_RECORDS:
        raise MalformedBatch("the batch is too large")
    if batch.first_command_seq < 1 or batch.first_event_seq < 1:
        raise MalformedBatch("sequence numbers begin at 1")
    for offset, record in enumerate(batch.records):
        if record.command_seq != batch.first_command_seq + offset or record.epoch != batch.epoch:
            raise MalformedBatch(f"record {offset} is out of sequence")
    for offset, report in enumerate(batch.reports):
        if report.event_seq != batch.first_event_seq + offset:
            raise MalformedBatch(f"report {offset} is out of sequence")
        if report.caused_by > batch.last_command_seq:
            raise MalformedBatch(f"report {offset} is caused by a command that is not in the journal")


def retry_locked(action: Callable[[], T]) -> T:
    """Run a whole transaction; on SQLite's "database is locked" run it again, a few times."""
    for attempt in range(LOCK_RETRIES):
        try:
            return action()
        except OperationalError as error:
            if connection.vendor != "sqlite" or "locked" not in str(error) or attempt == LOCK_RETRIES - 1:
                raise
            time.sleep(LOCK_PAUSE_SECONDS * (attempt + 1))
    raise AssertionError("unreachable")
