"""Storing a session's snapshots: fenced like an append, refused above the durable position, pruned to the last few."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass

from django.db import transaction

from apps.journal.appending import retry_locked
from apps.journal.models import Snapshot
from apps.simulator_sessions import leases

SNAPSHOTS_KEPT = 3  # the newest may be torn by a crash and the one before it too; a third is margin
MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    session_id: uuid.UUID
    epoch: int
    command_seq: int
    event_seq: int
    sim_time_ns: int
    engine_version: str
    state_hash: str
    sha256: bytes
    name: str
    data: bytes


class TornSnapshot(ValueError):
    """The bytes that arrived are not the ones that the digest was taken of."""


def put_snapshot(new: NewSnapshot, *, now: dt.datetime) -> bool:
    """Store it. False when fenced: the epoch has moved, or the position is not durable. Raises TornSnapshot."""
    if hashlib.sha256(new.data).digest() != new.sha256:
        raise TornSnapshot("the snapshot's digest does not match its bytes")

    def store() -> bool:
        with transaction.atomic(durable=True):
            if not leases.may_write(
                session_id=new.session_id,
                epoch=new.epoch,
                command_seq=new.command_seq,
                event_seq=new.event_seq,
            ):
                return False
            Snapshot.objects.create(
                session_id=new.session_id,
                command_seq=new.command_seq,
                event_seq=new.event_seq,
                sim_time_ns=new.sim_time_ns,
                epoch=new.epoch,
                engine_version=new.engine_version,
                state_hash=new.state_hash,
                sha256=new.sha256,
                size=len(new.data),
                name=new.name,
                data=new.data,
                at=now,
            )
            if not new.name:
                _prune(new.session_id)
            return True

    return retry_locked(store)


def _prune(session_id: uuid.UUID) -> None:
    unnamed = Snapshot.objects.filter(session_id=session_id, name="")
    kept = list(unnamed.order_by("-command_seq", "-event_seq", "-id").values_list("id", flat=True)[:SNAPSHOTS_KEPT])
    unnamed.exclude(id__in=kept).delete()
