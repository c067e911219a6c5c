"""What a client may say on its socket: parsed strictly into values. Pure; every other text is BadMessage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.common.parsers import parse
from apps.common.problems import Malformed
from apps.streams.frames import is_private

MAX_MESSAGE_BYTES: Final = 64 * 1024
MAX_STREAMS: Final = 200
_STREAM = re.compile(
    r"(?:orders|account|session|quotes|queue|book:[A-Za-z0-9./_-]{1,32}|trades:[A-Za-z0-9./_-]{1,32}"
    r"|candles:[A-Za-z0-9./_-]{1,32}:[0-9]{1,4}[smhd])",
    re.ASCII,
)
ORDER_OPS: Final = ("order.submit", "order.cancel", "order.replace")


class BadMessage(ValueError):
    """Not a message of this protocol; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Hello:
    ticket: str
    streams: dict[str, int | None]
    coalesce: bool = False
    """Whether market frames may come as one JSON array each 50 ms instead of one message a frame."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    streams: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    streams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pong:
    t: int | None


@dataclass(frozen=True, slots=True)
class Ack:
    numbers: dict[str, int]


@dataclass(frozen=True, slots=True)
class OrderCommand:
    op: str
    id: str | int
    body: Mapping[str, Any]

    @property
    def order_ids(self) -> tuple[str, ...]:
        """The orders that it speaks of, as far as it names any."""
        named = (self.body.get("client_order_id"), self.body.get("original_client_order_id"))
        return tuple({name for name in named if isinstance(name, str)})


Message = Hello | Subscribe | Unsubscribe | Pong | Ack | OrderCommand


def read(text: str | bytes | None) -> Message:
    """The message in a text frame. Raises BadMessage."""
    if not isinstance(text, str):
        raise BadMessage("messages are text, not binary")
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_MESSAGE_BYTES:
        raise BadMessage(f"a message is at most {MAX_MESSAGE_BYTES} bytes")
    try:
        body = parse(data)
    except (Malformed, RecursionError):
        raise BadMessage("the message is not valid JSON") from None
    if not isinstance(body, dict):
        raise BadMessage("a message is a JSON object")
    op = body.get("op")
    if op == "hello":
        ticket = body.get("ticket")
        if not isinstance(ticket, str) or not 1 <= len(ticket) <= 200:
            raise BadMessage("hello needs a ticket")
        return Hello(ticket, _resumptions(body.get("streams", [])), body.get("coalesce") is True)
    if op == "subscribe":
        return Subscribe(_resumptions(body.get("streams")))
    if op == "unsubscribe":
        return Unsubscribe(tuple(_resumptions(body.get("streams"))))
    if op == "pong":
        t = body.get("t")
        return Pong(t if isinstance(t, int) and not isinstance(t, bool) else None)
    if op == "ack":
        return _ack(body)
    if op in ORDER_OPS:
        request, inner = body.get("id"), body.get("body")
        if isinstance(request, bool) or not isinstance(request, str | int) or len(str(request)) > 64:
            raise BadMessage("a command needs an id of at most 64 characters")
        if not isinstance(inner, dict):
            raise BadMessage("a command needs a body")
        return OrderCommand(str(op), request, inner)
    raise BadMessage("op is not one that this protocol knows")


def _resumptions(value: Any) -> dict[str, int | None]:
    """Stream names with the last number that the client has: None for a market stream, or when it has nothing."""
    if not isinstance(value, list) or len(value) > MAX_STREAMS:
        raise BadMessage(f"streams is a list of at most {MAX_STREAMS} streams")
    streams: dict[str, int | None] = {}
    for item in value:
        named = item if isinstance(item, dict) else {"name": item}
        name, last_seq = named.get("name"), named.get("last_seq")
        if not isinstance(name, str) or _STREAM.fullmatch(name) is None:
            raise BadMessage("a stream's name is not one that exists")
        if last_seq is not None and not _is_number(last_seq):
            raise BadMessage("last_seq is a whole number")
        streams[name] = last_seq if is_private(name) else None
    return streams


def _ack(body: Mapping[str, Any]) -> Ack:
    many = body.get("streams")
    numbers = many if isinstance(many, dict) else {body.get("stream", "orders"): body.get("seq")}
    if not all(isinstance(name, str) and is_private(name) and _is_number(seq) for name, seq in numbers.items()):
        raise BadMessage("ack names private streams and whole numbers")
    return Ack(dict(numbers))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def read_stream_names(text: str) -> dict[str, int | None]:
    """The streams of an address: comma-separated names. Raises BadMessage."""
    names = [name for name in text.split(",") if name]
    if not names:
        raise BadMessage("streams names at least one stream, separated by commas")
    return _resumptions(names)
