"""What the journal hands, inside its own transaction, to the receivers named in settings.JOURNAL_RECEIVERS.

A receiver is `project(*, session_id, records, reports, committed_at)`. It writes set-based SQL keyed so that a repeat
changes nothing; it must not leave the process, and raising undoes the whole append.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

import orjson
from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class JournaledCommand:
    """A command of the batch. `body` is the serialized contract message; `request_id` None for the engine's own."""

    command_seq: int
    epoch: int
    sim_time_ns: int
    event_index: int
    kind: str
    request_id: str | None
    body_hash: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a double entry. `amount` is currency for cash, shares for a position."""

    account: str
    asset: str
    amount: Decimal
    is_cash: bool


@dataclass(frozen=True, slots=True)
class CommittedReport:
    """A report of the batch. `data` is its body, parsed; `caused_by` a command_seq, or 0."""

    event_seq: int
    stream: str
    stream_seq: int
    type: str
    caused_by: int
    sim_time_ns: int
    wall_time_ms: int
    epoch: int
    body: bytes
    data: Mapping[str, Any]
    legs: tuple[Leg, ...]


class Receiver(Protocol):
    def __call__(
        self,
        *,
        session_id: uuid.UUID,
        records: Sequence[JournaledCommand],
        reports: Sequence[CommittedReport],
        committed_at: dt.datetime,
    ) -> None: ...


@lru_cache(maxsize=8)
def _load(names: tuple[str, ...]) -> tuple[Receiver, ...]:
    return tuple(import_string(name) for name in names)


def receivers() -> tuple[Receiver, ...]:
    """The receivers of settings.JOURNAL_RECEIVERS, in that order."""
    return _load(tuple(getattr(settings, "JOURNAL_RECEIVERS", ())))


def parse_body(body: bytes) -> Mapping[str, Any]:
    """The report's JSON object. Raises ValueError when it is none: a fault of the simulator."""
    data = orjson.loads(body)
    if not isinstance(data, dict):
        raise ValueError("a report's body must be a JSON object")
    return data
