"""Frames as bytes: the envelope round a body that was encoded once by the simulator. Pure; never re-encodes a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from simulator_engine.wire import time_text

PRIVATE_STREAMS: Final = ("orders", "account", "session")
"""Never conflated, numbered 1…n without gaps, replayed from the event log."""


def is_private(stream: str) -> bool:
    return stream in PRIVATE_STREAMS


class Frame:
    """One numbered frame. `data` is JSON bytes; `key` says which frames replace one another in a full outbox.

    The encoded envelope is kept, so that a hundred tabs cost one encoding.
    """

    __slots__ = ("_encoded", "data", "epoch", "key", "seq", "sim_time_ns", "stream", "type", "wall_time_ms")

    def __init__(
        self,
        *,
        stream: str,
        seq: int,
        type: str,
        sim_time_ns: int,
        wall_time_ms: int,
        epoch: int,
        data: bytes,
        key: str = "",
    ) -> None:
        self.stream = stream
        self.seq = seq
        self.type = type
        self.sim_time_ns = sim_time_ns
        self.wall_time_ms = wall_time_ms
        self.epoch = epoch
        self.data = data
        self.key = key
        self._encoded: bytes | None = None

    def encode(self, *, poss_dup: bool = False) -> bytes:
        """The frame as JSON. `poss_dup` marks a replay: the client may have had it; the body is the same bytes."""
        if poss_dup:
            return self._envelope(b',"poss_dup":true')
        if self._encoded is None:
            self._encoded = self._envelope(b"")
        return self._encoded

    def _envelope(self, more: bytes) -> bytes:
        head = (
            f'{{"stream":"{self.stream}","seq":{self.seq},"type":"{self.type}",'
            f'"sim_time":"{time_text(self.sim_time_ns)}","wall_time":"{time_text(self.wall_time_ms * 1_000_000)}",'
            f'"epoch":{self.epoch}'
        )
        return head.encode() + more + b',"data":' + self.data + b"}"


def merge_book_deltas(frames: list[Frame]) -> Frame:
    """Consecutive deltas of one book as one: from the first's `prev_seq` to the last's `seq` and checksum."""
    first, last = frames[0], frames[-1]
    if first is last:
        return first
    sides: dict[str, dict[str, Any]] = {"bids": {}, "asks": {}}
    body: dict[str, Any] = {}
    prev_seq: int = orjson.loads(first.data)["prev_seq"]
    for frame in frames:
        body = orjson.loads(frame.data)
        for side, levels in sides.items():
            for level in body[side]:
                levels[level[0]] = level
    body["prev_seq"] = prev_seq
    for side, levels in sides.items():
        body[side] = list(levels.values())
    return Frame(
        stream=last.stream,
        seq=last.seq,
        type=last.type,
        sim_time_ns=last.sim_time_ns,
        wall_time_ms=last.wall_time_ms,
        epoch=last.epoch,
        data=orjson.dumps(body),
        key=last.key,
    )


def array(frames: Iterable[bytes]) -> bytes:
    """One message of several encoded frames."""
    return b"[" + b",".join(frames) + b"]"


def notice(type: str, *, epoch: int, data: Mapping[str, Any], now: datetime) -> bytes:
    """A word of the platform on the session stream. It has no number, so it is never a gap nor a duplicate."""
    return orjson.dumps(
        {
            "stream": "session",
            "type": type,
            "wall_time": wall_text(now),
            "epoch": epoch,
            "data": dict(data),
        }
    )


def heartbeat(
    *, now: datetime, t: int, epoch: int, next_seq: Mapping[str, int], rtt_ms: float | None, link: str
) -> bytes:
    """The beat of each second. `t` comes back in the client's pong; `next_seq` shows a loss at the tail."""
    facts: dict[str, Any] = {"server_time": wall_text(now), "next_seq": dict(next_seq)}
    data = {**facts, "t": t, "rtt_ms": rtt_ms, "link": link}
    return orjson.dumps({"type": "heartbeat", "epoch": epoch, "wall_time": facts["server_time"], **facts, "data": data})


def snapshot(*, stream: str, seq: int, epoch: int, data: Any, now: datetime) -> bytes:
    """Where a private stream stands, for a reader too far behind to replay; the next frame bears `seq` + 1."""
    return orjson.dumps(
        {
            "stream": stream,
            "seq": seq,
            "type": "snapshot",
            "wall_time": wall_text(now),
            "epoch": epoch,
            "data": data,
        }
    )


def error(code: str, detail: str, *, now: datetime, **more: Any) -> bytes:
    """Why something sent by the client was not done, or why the socket is about to close."""
    return orjson.dumps(
        {"type": "error", "code": code, "detail": detail, "wall_time": wall_text(now), "data": {"code": code, **more}}
    )


def reply(op: str, *, request: Any, status: int, body: Mapping[str, Any], replayed: bool = False) -> bytes:
    """The answer to a command that came by this socket: `op` ack with the order, or error with the problem."""
    name = "data" if op == "ack" else "problem"
    return orjson.dumps(
        {"type": f"command.{op}", "op": op, "id": request, "status": status, "replayed": replayed, name: dict(body)}
    )


def server_shutdown(*, now: datetime) -> bytes:
    """This process is about to end: reconnect, at once and to another."""
    return orjson.dumps({"type": "server_shutdown", "wall_time": wall_text(now), "data": {}})


def wall_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
