"""Lists: newest first, ``?limit=&cursor=``, ``{"results": […], "next": cursor or null}``. A cursor is
opaque.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.problems import Malformed, Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


def encode_cursor(*parts: str) -> str:
    """An opaque cursor over the sort key of the last row shown."""
    return base64.urlsafe_b64encode("\x1f".join(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, parts: int) -> list[str]:
    """The sort key again. Raises a 400 Problem for anything that we did not make."""
    try:
        decoded = (
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode().split("\x1f")
        )
    except (binascii.Error, UnicodeError, ValueError):
        raise Problem(code="INVALID_CURSOR") from None
    if len(decoded) != parts or len(cursor) > 512 or "\x00" in "".join(decoded):
        raise Problem(code="INVALID_CURSOR")
    return decoded


def read_limit(request: Request, *, default: int = DEFAULT_LIMIT, maximum: int = MAX_LIMIT) -> int:
    """``?limit=`` as 1…maximum. Raises a 400 Problem when it is not a whole number."""
    text = request.query_params.get("limit", "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Malformed("limit must be a whole number.")
    return max(1, min(int(text), maximum))


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    next_cursor: str | None

    def body(self, render: Callable[[Any], Any]) -> dict[str, Any]:
        return {"results": [render(row) for row in self.rows], "next": self.next_cursor}


def newest_first(queryset: QuerySet[Any], request: Request, *, key: Sequence[str] = ("created_at", "id")) -> Page:
    """One page of ``queryset``, ordered by ``key`` descending. The last name of ``key`` must be unique."""
    limit = read_limit(request)
    cursor = request.query_params.get("cursor", "")
    if cursor:
        values = decode_cursor(cursor, parts=len(key))
        after = Q()
        equal: dict[str, str] = {}
        for name, value in zip(key, values, strict=True):
            after |= Q(**equal, **{f"{name}__lt": value})
            equal[name] = value
        try:
            queryset = queryset.filter(after)
        except (ValidationError, ValueError, TypeError, FieldError):
            raise Problem(code="INVALID_CURSOR") from None
    rows = list(queryset.order_by(*[f"-{name}" for name in key])[: limit + 1])
    following = None
    if len(rows) > limit:
        rows = rows[:limit]
        following = encode_cursor(*[_text(getattr(rows[-1], name)) for name in key])
    return Page(rows, following)


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class NewestFirst(BasePagination):
    """The same for DRF's generic views; ``view.page_key`` names the sort key."""

    _next: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        page = newest_first(queryset, request, key=getattr(view, "page_key", ("created_at", "id")))
        self._next = page.next_cursor
        return page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": ["string", "null"], "description": "Pass as ?cursor= for the next page."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "schema": {"type": "integer", "maximum": MAX_LIMIT},
            },
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
        ]


PAGE_PARAMETERS = [
    OpenApiParameter("limit", int, description=f"At most {MAX_LIMIT}."),
    OpenApiParameter("cursor", str, description="next of the page before."),
]
