"""The hash chains of the journal: pure functions from stored columns to digests, the same for writer and verifier."""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Iterable, Sequence

from apps.journal.receivers import CommittedReport, JournaledCommand


def genesis(session_id: uuid.UUID) -> bytes:
    """The `prev_hash` of a session's first record and first batch."""
    return hashlib.sha256(b"tradesim journal 1:" + session_id.bytes).digest()


def _feed(digest: hashlib._Hash, *parts: bytes) -> None:
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))  # lengths first: no two lists of parts look alike
        digest.update(part)


def record_hash(prev: bytes, record: JournaledCommand) -> bytes:
    """SHA-256 over the hash before and every field of the command."""
    digest = hashlib.sha256(prev)
    digest.update(struct.pack(">QQqQ", record.command_seq, record.epoch, record.sim_time_ns, record.event_index))
    request_id = b"\0" if record.request_id is None else b"\1" + record.request_id.encode()
    _feed(digest, record.kind.encode(), request_id, record.body_hash, record.body)
    return digest.digest()


def content_hash(
    *,
    epoch: int,
    positions: tuple[int, int, int, int],
    record_tip: bytes,
    reports: Iterable[tuple[CommittedReport, bytes]],
    event_hash: bytes,
    event_count: int,
    sim_time_ns: int,
) -> bytes:
    """What a batch says, whole: two batches with the same digest are the same batch.

    `positions` are (first_command_seq, last_command_seq, first_event_seq, last_event_seq); each report comes with its
    stored legs.
    """
    digest = hashlib.sha256(record_tip)
    digest.update(struct.pack(">QQQQQQq", epoch, *positions, event_count, sim_time_ns))
    _feed(digest, event_hash)
    for report, legs in reports:
        digest.update(
            struct.pack(
                ">QQQqqQ",
                report.event_seq,
                report.stream_seq,
                report.caused_by,
                report.sim_time_ns,
                report.wall_time_ms,
                report.epoch,
            )
        )
        _feed(digest, report.stream.encode(), report.type.encode(), report.body, legs)
    return digest.digest()


def batch_hash(prev: bytes, content: bytes) -> bytes:
    return hashlib.sha256(prev + content).digest()


def record_hashes(prev: bytes, records: Sequence[JournaledCommand]) -> list[bytes]:
    """The hash of each record in turn, the first one chained to `prev`."""
    hashes = []
    for record in records:
        prev = record_hash(prev, record)
        hashes.append(prev)
    return hashes
