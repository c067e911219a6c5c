"""REST over sessions: shapes in, one service or selector call, shapes out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.pagination import newest_first
from apps.common.problems import Malformed
from apps.common.views import ApiView
from apps.simulator_sessions import journal_reads, selectors, services
from apps.simulator_sessions import serializers as shapes
from apps.simulator_sessions.gateway import get_gateway
from apps.simulator_sessions.lifecycle import Status, Target
from apps.simulator_sessions.models import SimulatorSession
from apps.simulator_sessions.progress import is_settled
from simulator_engine.runtime.views import INTERVALS

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key again answers the same result."
)
MAX_KEY = 128


def _key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise Malformed(f"Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters.")
    return key


def _started(session: SimulatorSession, *, replayed: bool = False) -> Response:
    """201 when READY, 202 with where to watch it otherwise."""
    body = selectors.session_dict(session)
    headers = {"Location": f"/api/v1/sessions/{session.id}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    ready = session.status == Status.READY.value
    if not ready:
        headers["Retry-After"] = "1"
    return Response(body, status=201 if ready else 202, headers=headers)


def _moved(session: SimulatorSession) -> Response:
    settled = is_settled(Status(session.status), Target(session.target))
    return Response(selectors.session_dict(session), status=200 if settled else 202)


class SessionsView(ApiView):
    @extend_schema(responses=shapes.SessionPageSerializer, parameters=[])
    def get(self, request: Request) -> Response:
        page = newest_first(selectors.sessions_of(user=request.user), request)
        return Response(page.body(selectors.session_dict))

    @extend_schema(
        request=shapes.StartSessionSerializer,
        parameters=[KEY_HEADER],
        responses={201: shapes.SessionSerializer, 202: shapes.SessionSerializer},
    )
    def post(self, request: Request) -> Response:
        body = self.read(shapes.StartSessionSerializer, request)
        started = services.start_session(user=request.user, **body, idempotency_key=_key(request), now=timezone.now())
        return _started(started.session, replayed=started.replayed)


class SessionView(ApiView):
    @extend_schema(responses=shapes.SessionDetailSerializer)
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        session = selectors.get_session(user=request.user, session_id=session_id)
        return Response(
            {
                **selectors.session_dict(session),
                "next_seq": journal_reads.next_stream_seqs(session_id=session_id),
            }
        )


class HibernateView(ApiView):
    @extend_schema(request=None, responses={200: shapes.SessionSerializer, 202: shapes.SessionSerializer})
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        return _moved(services.hibernate_session(user=request.user, session_id=session_id, now=timezone.now()))


class StopView(ApiView):
    @extend_schema(request=None, responses={200: shapes.SessionSerializer, 202: shapes.SessionSerializer})
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        return _moved(services.stop_session(user=request.user, session_id=session_id, now=timezone.now()))


class WakeView(ApiView):
    @extend_schema(request=None, responses={200: shapes.SessionSerializer, 202: shapes.SessionSerializer})
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        return _moved(services.wake_session(user=request.user, session_id=session_id, now=timezone.now()))


class ClockView(ApiView):
    @extend_schema(request=shapes.ClockSerializer, parameters=[KEY_HEADER], responses=shapes.SessionSerializer)
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        body = self.read(shapes.ClockSerializer, request)
        answer = services.turn_clock(
            user=request.user,
            session_id=session_id,
            action=body["action"],
            speed=body.get("speed", ""),
            request_id=_key(request),
        )
        return Response(answer.body)


class SnapshotsView(ApiView):
    @extend_schema(responses=shapes.SnapshotPageSerializer)
    def get(self, request: Request, session_id: uuid.UUID) -> Response:
        selectors.get_session(user=request.user, session_id=session_id)
        rows = [
            {
                "name": row.name or None,
                "command_seq": row.command_seq,
                "sim_time": selectors.time_text(row.sim_time_ns),
                "state_hash": row.state_hash,
                "size": row.size,
                "created_at": selectors.wall_text(row.at),
            }
            for row in journal_reads.snapshots_of(session_id=session_id)
        ]
        return Response({"results": rows, "next": None})

    @extend_schema(request=shapes.SaveSnapshotSerializer, responses={201: shapes.SnapshotSerializer})
    def post(self, request: Request, session_id: uuid.UUID) -> Response:
        body = self.read(shapes.SaveSnapshotSerializer, request)
        saved = services.save_snapshot(user=request.user, session_id=session_id, name=body["name"], now=timezone.now())
        return Response(
            {
                "name": body["name"],
                "command_seq": saved.command_seq,
                "sim_time": selectors.time_text(saved.sim_time_ns),
                "state_hash": saved.state_hash,
            },
            status=201,
        )


# --- reads passed through to the simulator ---


def _whole_number(request: Request, name: str, maximum: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= maximum and len(text) <= 9):
        raise Malformed(f"{name} is a whole number from 1 to {maximum}.")
    return int(text)


def _symbol(request: Request) -> str:
    symbol = request.query_params.get("symbol", "")
    if not symbol or len(symbol) > 32 or not symbol.isprintable():
        raise Malformed("symbol is required.")
    return symbol


def _time(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # a bare + in a query reads as a space
    except ValueError:
        raise Malformed(f"{name} is a time such as 2008-10-10T13:30:00Z.") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    nanoseconds = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    if abs(nanoseconds) >= 2**63:
        raise Malformed(f"{name} is out of range.")
    return nanoseconds


def _json(body: bytes) -> HttpResponse:
    return HttpResponse(body, content_type="application/json")  # made once by the simulator; never parsed here


SYMBOL = OpenApiParameter("symbol", str, required=True)
LIMIT = OpenApiParameter("limit", int)


class InstrumentsView(ApiView):
    @extend_schema(responses=shapes.InstrumentPageSerializer)
    def get(self, request: Request, session_id: uuid.UUID) -> HttpResponse:
        session = selectors.get_session(user=request.user, session_id=session_id)
        return _json(get_gateway().get_state(session=session, kind="instruments"))


class BookView(ApiView):
    @extend_schema(parameters=[SYMBOL, OpenApiParameter("depth", int)], responses=shapes.BookSerializer)
    def get(self, request: Request, session_id: uuid.UUID) -> HttpResponse:
        session = selectors.get_session(user=request.user, session_id=session_id)
        query = {"symbol": _symbol(request), "depth": _whole_number(request, "depth", 200)}
        return _json(get_gateway().get_state(session=session, kind="book", **query))


class TradesView(ApiView):
    @extend_schema(parameters=[SYMBOL, LIMIT], responses=shapes.TradePageSerializer)
    def get(self, request: Request, session_id: uuid.UUID) -> HttpResponse:
        session = selectors.get_session(user=request.user, session_id=session_id)
        query = {"symbol": _symbol(request), "limit": _whole_number(request, "limit", 1000)}
        return _json(get_gateway().get_state(session=session, kind="trades", **query))


class CandlesView(ApiView):
    @extend_schema(
        parameters=[
            SYMBOL,
            OpenApiParameter("interval", str, enum=list(INTERVALS), default="1m"),
            OpenApiParameter("from", str),
            OpenApiParameter("to", str),
            LIMIT,
        ],
        responses=OpenApiResponse(shapes.CandlePageSerializer),
    )
    def get(self, request: Request, session_id: uuid.UUID) -> HttpResponse:
        session = selectors.get_session(user=request.user, session_id=session_id)
        interval = request.query_params.get("interval", "1m")
        if interval not in INTERVALS:
            raise Malformed(f"interval is one of {', '.join(INTERVALS)}.")
        query: dict[str, Any] = {
            "symbol": _symbol(request),
            "interval_seconds": INTERVALS[interval],
            "from_ns": _time(request, "from"),
            "to_ns": _time(request, "to"),
            "limit": _whole_number(request, "limit", 5000),
        }
        return _json(get_gateway().get_state(session=session, kind="candles", **query))
