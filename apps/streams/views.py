"""The stream's HTTP side: tickets for sockets, and the event door that streams or polls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.problems import Problem
from apps.common.renderers import JSONRenderer
from apps.common.views import ApiView
from apps.simulator_sessions.selectors import get_session
from apps.streams import doors, tickets
from apps.streams.serializers import Events, StreamTicket, StreamTicketRequest


class EventStreamRenderer(JSONRenderer):
    """Lets a client ask for text/event-stream; a problem still goes out as JSON."""

    media_type = "text/event-stream"
    format = "sse"


class StreamTicketsView(ApiView):
    write_scope = "read"

    @extend_schema(request=StreamTicketRequest, responses={201: StreamTicket}, tags=["streams"])
    def post(self, request: Request) -> Response:
        """A ticket for one socket of one session: 30 seconds, one use."""
        body = self.read(StreamTicketRequest, request)
        ticket = tickets.issue(user=request.user, identity=request.auth, session_id=body["session"], now=timezone.now())
        return Response(
            {"ticket": ticket.ticket, "expires_in": ticket.expires_in},
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )


class EventsView(ApiView):
    renderer_classes = [JSONRenderer, EventStreamRenderer]

    @extend_schema(
        parameters=[
            OpenApiParameter("streams", OpenApiTypes.STR, required=True, description="Comma-separated names."),
            OpenApiParameter("mode", OpenApiTypes.STR, enum=["stream", "poll"], default="stream"),
            OpenApiParameter("after", OpenApiTypes.STR, description="The cursor of the last poll."),
            OpenApiParameter(
                "Last-Event-ID", OpenApiTypes.STR, location=OpenApiParameter.HEADER, description="The last id seen."
            ),
        ],
        responses={
            (200, "application/json"): Events,
            (200, "text/event-stream"): OpenApiTypes.STR,
        },
        tags=["streams"],
    )
    def get(self, request: Request, session_id: UUID) -> HttpResponseBase:
        """The same frames as over the socket: as server-sent events, or with `mode=poll` once since `after`."""
        session = get_session(user=request.user, session_id=session_id)
        asynchronous = isinstance(request._request, ASGIRequest)
        text, query = request.query_params.get("streams", ""), request.query_params
        if query.get("mode") == "poll":
            streams = doors.read_streams(text, query.get("after", ""))
            answer: dict[str, Any] = async_to_sync(doors.poll)(
                session_id=session.id, streams=streams, close_after=not asynchronous
            )
            return Response(answer, headers={"Cache-Control": "no-store"})
        streams = doors.read_streams(text, request.headers.get("Last-Event-ID", "") or query.get("after", ""))
        if not asynchronous:
            raise Problem("This process can only be polled; the realtime one serves streams.", code="NOT_ACCEPTABLE")
        holder = tickets.describe(user=request.user, identity=request.auth, session_id=session.id)
        return StreamingHttpResponse(
            doors.events(session_id=session.id, streams=streams, holder=holder),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
