"""The one door for request bodies: strict JSON. What is ambiguous is refused here, before any rule sees
it.
"""

import json
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser

from apps.common.problems import Malformed, Problem


class _Duplicate(ValueError):
    pass


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise _Duplicate(key)
        seen.add(key)


def _check_tree(value: Any, depth: int) -> None:
    if depth > settings.REQUEST_BODY_DEPTH:
        raise Malformed(f"The JSON is nested more than {settings.REQUEST_BODY_DEPTH} levels deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_tree(key, depth + 1)
            _check_tree(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_tree(item, depth + 1)
    elif isinstance(value, str) and "\x00" in value:
        raise Malformed("Text may not contain the NUL character.")


def parse(data: bytes) -> Any:
    """The value of a JSON document. Raises Malformed for anything that two readers could read differently:
    bad
    UTF-8, NaN and infinities, duplicate keys, lone surrogates, NUL, nesting beyond the limit."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(
            f"The body is not valid JSON: {error.msg} at line {error.lineno} column {error.colno}."
        ) from None
    if data.count(b"{") + data.count(b"[") > settings.REQUEST_BODY_DEPTH or b"\\u0000" in data:
        _check_tree(value, 1)
    if isinstance(value, dict | list):
        try:
            json.loads(data, object_pairs_hook=_refuse_duplicates)
        except _Duplicate as error:
            raise Malformed(f"The key {str(error)[:64]!r} appears twice.") from None
        except (ValueError, RecursionError):
            raise Malformed() from None
    return value


def read_limited(stream: IO[bytes], *, length: int | None) -> bytes:
    """The body, never more than the limit. Raises a 413 Problem without reading the rest."""
    limit = settings.REQUEST_BODY_LIMIT_BYTES
    if length is not None and length > limit:
        raise Problem(f"The limit is {limit} bytes.", code="PAYLOAD_TOO_LARGE")
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise Problem(f"The limit is {limit} bytes.", code="PAYLOAD_TOO_LARGE")
    return data


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = (parser_context or {}).get("request")
        try:
            length: int | None = int(request.META.get("CONTENT_LENGTH") or 0) if request is not None else None
        except (TypeError, ValueError):
            raise Malformed("Content-Length is not a number.") from None
        data = read_limited(stream, length=length)
        if not data.strip():
            return {}
        return parse(data)
