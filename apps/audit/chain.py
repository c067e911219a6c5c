"""The arithmetic of the chain: what is hashed and how. Pure; it reads no database."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

GENESIS = "0" * 64


class Entry(Protocol):
    number: Any
    at: Any
    actor_kind: Any
    actor_id: Any
    action: Any
    object_type: Any
    object_id: Any
    sid: Any
    address: Any
    user_agent: Any
    request_id: Any
    before: Any
    after: Any
    prev_hash: Any


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(entry: Entry) -> str:
    """SHA-256 over every column and the hash before, as a JSON array: no two entries can share one text."""
    parts = [
        entry.number,
        moment(entry.at),
        entry.actor_kind,
        str(entry.actor_id) if entry.actor_id else "",
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.sid,
        entry.address,
        entry.user_agent,
        entry.request_id,
        entry.before,
        entry.after,
        entry.prev_hash,
    ]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
