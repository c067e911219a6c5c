"""RFC 9457 problems: the one exception that views and services raise, and how any exception becomes an
answer.

No detail of an unexpected failure may reach the caller: they get a request id, the log gets the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from apps.common import context, telemetry
from apps.common.codes import CODES, Meaning, kebab

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
OUTCOMES = ("none", "applied", "unknown")

# Validation codes that mean "we could not read this" (400); every other one means "read, and wrong" (422).
_STRUCTURAL = {
    "required",
    "null",
    "invalid",
    "wrong_type",
    "not_a_list",
    "not_a_dict",
    "unknown_field",
    "not_a_decimal",
}


class Problem(Exception):
    """An anticipated refusal, ready for the wire.

    ``code`` is SCREAMING_SNAKE. Status, title and ``retryable`` come from the table of codes unless given;
    a code
    outside the table is a venue's refusal (422). ``outcome`` tells whether the request took effect.
    ``extra`` adds members to the body.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "CONFLICT",
        status: int | None = None,
        title: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        retryable: bool | None = None,
        outcome: str = "none",
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        meaning = CODES.get(code) or Meaning(422, code.replace("_", " ").capitalize() + ".")
        self.code = code
        self.status = meaning.status if status is None else status
        self.title = meaning.title if title is None else title
        self.detail = detail or self.title
        self.errors = [dict(error) for error in errors]
        self.retryable = meaning.retryable if retryable is None else retryable
        self.outcome = outcome
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        super().__init__(f"{code}: {self.detail}")

    def body(self) -> dict[str, Any]:
        """The members of the problem document."""
        body: dict[str, Any] = {
            "type": kebab(self.code),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
            "retryable": self.retryable,
            "outcome": self.outcome,
        }
        request_id = context.current().request_id
        if request_id:
            body["request_id"] = request_id
        body.update(self.extra)
        return body


class NotFound(Problem):
    """There is no such thing, or it is somebody else's: the answer is the same."""

    def __init__(self, detail: str = "", **more: Any) -> None:
        super().__init__(detail, **{"code": "NOT_FOUND", **more})


class Forbidden(Problem):
    def __init__(self, detail: str = "", **more: Any) -> None:
        super().__init__(detail, **{"code": "FORBIDDEN", **more})


class Unauthenticated(Problem):
    """401; always carries the WWW-Authenticate header that the status asks for."""

    def __init__(self, detail: str = "", **more: Any) -> None:
        super().__init__(detail, **{"code": "NOT_AUTHENTICATED", **more})
        self.headers.setdefault("WWW-Authenticate", 'Bearer realm="api"')


class Malformed(Problem):
    def __init__(self, detail: str = "", **more: Any) -> None:
        super().__init__(detail, **{"code": "MALFORMED", **more})


class Conflict(Problem):
    def __init__(self, detail: str = "", **more: Any) -> None:
        super().__init__(detail, **{"code": "CONFLICT", **more})


class Invalid(Problem):
    """Well-formed but wrong: 422 with one entry for each field at fault."""

    def __init__(self, detail: str = "", **more: Any) -> None:
        super().__init__(detail, **{"code": "VALIDATION_FAILED", **more})


class TooManyRequests(Problem):
    """429 with Retry-After in whole seconds."""

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1, **more: Any) -> None:
        super().__init__(detail, **{"code": "RATE_LIMITED", **more})
        self.headers.setdefault("Retry-After", str(max(1, retry_after_seconds)))


class Unavailable(Problem):
    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1, **more: Any) -> None:
        super().__init__(detail, **{"code": "UNAVAILABLE", **more})
        self.headers.setdefault("Retry-After", str(max(1, retry_after_seconds)))


def field_error(field: str, code: str, message: str) -> dict[str, str]:
    """One entry of ``errors``."""
    return {"field": field, "code": code.upper(), "message": message}


def _flatten(detail: Any, path: str = "") -> list[tuple[str, str, str]]:
    """DRF's nested error detail as (field path, code, message)."""
    if isinstance(detail, dict):
        return [
            row
            for key, value in detail.items()
            for row in _flatten(value, path if key == "non_field_errors" else f"{path}.{key}" if path else str(key))
        ]
    if isinstance(detail, list):
        rows: list[tuple[str, str, str]] = []
        for index, value in enumerate(detail):
            rows += _flatten(value, f"{path}.{index}" if isinstance(value, dict) and value else path)
        return rows
    return [(path, str(getattr(detail, "code", "invalid")), str(detail))]


def from_validation(error: drf.ValidationError) -> Problem:
    """400 when some part could not be read, else 422; one entry a fault."""
    rows = _flatten(error.detail)
    structural = any(code in _STRUCTURAL for _, code, _ in rows)
    errors = [field_error(field, code, message) for field, code, message in rows]
    detail = " ".join(f"{field}: {message}" if field else message for field, _, message in rows[:3])
    return Problem(detail, code="MALFORMED" if structural else "VALIDATION_FAILED", errors=errors)


def from_exception(error: BaseException, *, changes_something: bool = True) -> Problem | None:
    """The problem that stands for an exception, or None when it is a fault of ours that must be raised."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, drf.ValidationError):
        return from_validation(error)
    if isinstance(error, drf.ParseError | BadRequest):
        return Malformed(str(error))
    if isinstance(error, RequestDataTooBig):
        return Problem(code="PAYLOAD_TOO_LARGE")
    if isinstance(error, SuspiciousOperation):
        return Malformed()
    if isinstance(error, drf.UnsupportedMediaType):
        return Problem(str(error.detail), code="UNSUPPORTED_MEDIA_TYPE")
    if isinstance(error, drf.NotAuthenticated):
        return Unauthenticated()
    if isinstance(error, drf.AuthenticationFailed):
        return Unauthenticated(code="TOKEN_INVALID")
    if isinstance(error, drf.PermissionDenied | PermissionDenied):
        return Forbidden()
    if isinstance(error, drf.NotFound | Http404):
        return NotFound()
    if isinstance(error, drf.MethodNotAllowed):
        return Problem(str(error.detail), code="METHOD_NOT_ALLOWED")
    if isinstance(error, drf.NotAcceptable):
        return Problem(code="NOT_ACCEPTABLE")
    if isinstance(error, drf.Throttled):
        return TooManyRequests(retry_after_seconds=int(getattr(error, "wait", None) or 1) + 1)
    if isinstance(error, DataError):
        return Malformed("A value is outside what can be stored.")
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else changed this at the same moment.", retryable=True)
    if isinstance(error, OperationalError | InterfaceError):
        log.error("database_unavailable", error=repr(error))
        return Problem(
            code="JOURNAL_UNAVAILABLE",
            outcome="unknown" if changes_something else "none",
            headers={"Retry-After": "1"},
        )
    return None


def exception_handler(error: Exception, handler_context: dict[str, Any]) -> Response | None:
    """DRF's hook. None lets Django answer 500 and log the traceback."""
    request = handler_context.get("request")
    method = getattr(request, "method", "POST")
    problem = from_exception(error, changes_something=method not in ("GET", "HEAD", "OPTIONS"))
    if problem is None:
        return None
    headers = dict(problem.headers)
    if isinstance(error, drf.MethodNotAllowed):
        allowed = getattr(handler_context.get("view"), "allowed_methods", [])
        headers["Allow"] = ", ".join(allowed)
    telemetry.PROBLEMS.labels(code=problem.code).inc()
    return Response(problem.body(), status=problem.status, headers=headers, content_type=CONTENT_TYPE)


def response(problem: Problem) -> HttpResponse:
    """The problem as a plain Django response, for places outside DRF."""
    import orjson

    telemetry.PROBLEMS.labels(code=problem.code).inc()
    return HttpResponse(
        orjson.dumps(problem.body()),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPE,
    )
