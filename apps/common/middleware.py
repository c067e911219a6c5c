"""Gives each request an id and a context, and each answer that id and its rate limits. It judges nothing."""

import time
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware, sync_only_middleware

from apps.common import context

log = structlog.get_logger("tradesim.request")
_QUIET = ("/healthz", "/readyz", "/metrics", "/static/")


def _begin(request: HttpRequest) -> Any:
    # The contract asks for no trailing slash and tolerates one.
    if request.path_info.startswith("/api/") and request.path_info.endswith("/"):
        request.path_info = request.path_info.rstrip("/")
    call = context.CallContext(
        request_id=context.chosen_request_id(request.headers.get("X-Request-Id", "")),
        address=context.client_address(request),
        user_agent=request.headers.get("User-Agent", "")[:256],
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=call.request_id)
    return context.enter(call), call


def _end(request: HttpRequest, response: Any, call: context.CallContext, started: float) -> None:
    response.headers["X-Request-Id"] = call.request_id
    response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
    for name, value in getattr(request, "rate_limit_headers", {}).items():
        response.headers.setdefault(name, value)
    if request.path_info.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    if not request.path_info.startswith(_QUIET):
        log.info(
            "request",
            method=request.method,
            path=request.path_info,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - started) * 1000, 2),
            user_id=str(getattr(request, "caller_id", "") or ""),
        )


@sync_and_async_middleware
def RequestContextMiddleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> Any:
            started = time.perf_counter()
            token, call = _begin(request)
            try:
                response = await get_response(request)
                _end(request, response, call, started)
            finally:
                context.leave(token)
            return response

        return answer_async

    def answer(request: HttpRequest) -> Any:
        started = time.perf_counter()
        token, call = _begin(request)
        try:
            response = get_response(request)
            _end(request, response, call, started)
        finally:
            context.leave(token)
        return response

    return answer


@sync_only_middleware
def SyncFloorMiddleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Last of the list: keeps all those above it in one thread under ASGI.

    Without it each of them hops to a thread and back, twice a request. An async view still runs on the event loop.
    """

    def answer(request: HttpRequest) -> Any:
        return get_response(request)

    return answer
