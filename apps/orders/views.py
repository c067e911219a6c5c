"""What a trader asks for, over REST. Each method makes one service call and holds no rule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.pagination import decode_cursor, encode_cursor, newest_first, read_limit
from apps.common.problems import Malformed, Problem
from apps.common.views import ApiView
from apps.orders import selectors, serializers, services
from apps.simulator_sessions.selectors import get_session

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="Makes a repeat return the first result.",
)
REPLAYED = OpenApiParameter(
    services.REPLAYED_HEADER, OpenApiTypes.STR, location=OpenApiParameter.HEADER, response=[200]
)
OUTCOME_UNKNOWN = OpenApiResponse(
    OpenApiTypes.OBJECT, description="Sent, and no answer came: query by id or send the same again."
)
STATUS_WORDS = {"open": selectors.OPEN_STATUSES, "working": selectors.OPEN_STATUSES}


class OrdersView(ApiView):
    @property
    def rate_limit(self) -> str | None:
        """Placing is limited apart; reading and cancelling are never refused for how much was placed."""
        return "orders" if self.request.method == "POST" else None

    @extend_schema(
        request=serializers.OrderRequest,
        parameters=[REPLAYED],
        responses={
            201: serializers.Order,
            200: OpenApiResponse(serializers.Order, description="Placed before under this id with the same body."),
            504: OUTCOME_UNKNOWN,
        },
        tags=["orders"],
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Place an order. 201 means that it is committed; the venue's refusals are 422 with their code."""
        answer = services.submit_order(user=request.user, session_id=session_id, body=request.data, now=timezone.now())
        code = status.HTTP_200_OK if answer.replayed else status.HTTP_201_CREATED
        return Response(answer.order, status=code, headers=answer.headers)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "status", OpenApiTypes.STR, description="One or more statuses, separated by commas, or `open`."
            ),
            OpenApiParameter("symbol", OpenApiTypes.STR),
            OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=serializers.Orders,
        tags=["orders"],
    )
    def get(self, request: Request, session_id: UUID) -> Response:
        """The session's orders, newest first."""
        session = get_session(user=request.user, session_id=session_id)
        rows = selectors.list_orders(
            session_id=session.id,
            statuses=_statuses(request.query_params.get("status", "")),
            symbol=request.query_params.get("symbol"),
        )
        page = newest_first(rows, request, key=("first_event_seq",))
        return Response(page.body(selectors.order_dict))

    @extend_schema(
        parameters=[
            OpenApiParameter("symbol", OpenApiTypes.STR),
            OpenApiParameter("side", OpenApiTypes.STR, enum=serializers.SIDES),
            IDEMPOTENCY_KEY,
        ],
        responses={200: serializers.CancelResults, 504: OUTCOME_UNKNOWN},
        tags=["orders"],
    )
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Cancel all live orders, or those of a symbol, a side or both; an answer for each."""
        answer = services.cancel_orders(
            user=request.user,
            session_id=session_id,
            symbol=request.query_params.get("symbol"),
            side=request.query_params.get("side"),
            request_id=request.headers.get("Idempotency-Key"),
            now=timezone.now(),
        )
        return Response({"results": answer.results}, headers=answer.headers)


class OrderView(ApiView):
    @extend_schema(
        responses={
            200: serializers.Order,
            202: OpenApiResponse(serializers.Order, description="What became of it is not known yet."),
        },
        tags=["orders"],
    )
    def get(self, request: Request, session_id: UUID, client_order_id: str) -> Response:
        """An order by any id that it has borne."""
        answer = services.query_order(
            user=request.user, session_id=session_id, client_order_id=client_order_id, now=timezone.now()
        )
        return Response(answer.order, status=status.HTTP_202_ACCEPTED if answer.pending else status.HTTP_200_OK)

    @extend_schema(
        request=serializers.ReplaceRequest,
        parameters=[REPLAYED],
        responses={200: serializers.Order, 504: OUTCOME_UNKNOWN},
        tags=["orders"],
    )
    def patch(self, request: Request, session_id: UUID, client_order_id: str) -> Response:
        """Change a live order, named by its present id, and give it a new id."""
        answer = services.replace_order(
            user=request.user,
            session_id=session_id,
            client_order_id=client_order_id,
            body=request.data,
            now=timezone.now(),
        )
        return Response(answer.order, headers=answer.headers)

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], responses={200: serializers.Order, 504: OUTCOME_UNKNOWN}, tags=["orders"]
    )
    def delete(self, request: Request, session_id: UUID, client_order_id: str) -> Response:
        """Cancel an order by any id that it has borne; the order after its cancel."""
        answer = services.cancel_order(
            user=request.user,
            session_id=session_id,
            client_order_id=client_order_id,
            request_id=request.headers.get("Idempotency-Key"),
            now=timezone.now(),
        )
        return Response(answer.order, headers=answer.headers)


class OrderPreviewView(ApiView):
    @extend_schema(request=serializers.OrderRequest, responses={200: serializers.Preview}, tags=["orders"])
    def post(self, request: Request, session_id: UUID) -> Response:
        """What an order would cost and do, and every rule that it would break. Nothing is sent to the book."""
        return Response(
            services.preview_order(user=request.user, session_id=session_id, body=request.data, now=timezone.now())
        )


class _FlattenView(ApiView):
    rate_limit = "orders"
    reverse = False

    def _flatten(self, request: Request, session_id: UUID, symbol: str) -> Response:
        answer = services.flatten_position(
            user=request.user,
            session_id=session_id,
            symbol=symbol,
            body=request.data,
            request_id=request.headers.get("Idempotency-Key"),
            reverse=self.reverse,
            now=timezone.now(),
        )
        code = status.HTTP_200_OK if answer.replayed else status.HTTP_201_CREATED
        return Response(answer.order, status=code, headers=answer.headers)


_FLATTEN: dict[str, Any] = {
    "request": serializers.FlattenRequest,
    "parameters": [IDEMPOTENCY_KEY],
    "responses": {200: serializers.Order, 201: serializers.Order, 504: OUTCOME_UNKNOWN},
    "tags": ["orders"],
}


class FlattenView(_FlattenView):
    @extend_schema(**_FLATTEN)
    def post(self, request: Request, session_id: UUID, symbol: str) -> Response:
        """Cancel the symbol's live orders and trade the whole position away at market: one atomic command."""
        return self._flatten(request, session_id, symbol)


class ReverseView(_FlattenView):
    reverse = True

    @extend_schema(**_FLATTEN)
    def post(self, request: Request, session_id: UUID, symbol: str) -> Response:
        """Cancel the symbol's live orders and turn the position round at market: one atomic command."""
        return self._flatten(request, session_id, symbol)


class ExecutionsView(ApiView):
    @extend_schema(
        parameters=[
            OpenApiParameter("after_seq", OpenApiTypes.INT, description="Follow along: oldest first after this seq."),
            OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=serializers.Executions,
        tags=["orders"],
    )
    def get(self, request: Request, session_id: UUID) -> Response:
        """Execution reports: newest first, or with `after_seq` oldest first after that number."""
        session = get_session(user=request.user, session_id=session_id)
        after = request.query_params.get("after_seq", "")
        if not after:
            page = newest_first(selectors.list_executions(session_id=session.id), request, key=("seq",))
            return Response(page.body(selectors.execution_dict))
        if not _is_number(after):
            raise Malformed("after_seq must be a whole number.")
        cursor = request.query_params.get("cursor", "")
        reached = decode_cursor(cursor, parts=1)[0] if cursor else after
        if not _is_number(reached):
            raise Problem(code="INVALID_CURSOR")
        limit = read_limit(request)
        rows = selectors.executions_after(session_id=session.id, after_seq=int(reached), limit=limit + 1)
        following = encode_cursor(str(rows[limit - 1].seq)) if len(rows) > limit else None
        return Response({"results": [selectors.execution_dict(row) for row in rows[:limit]], "next": following})


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _statuses(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    if text in STATUS_WORDS:
        return STATUS_WORDS[text]
    names = tuple(name for name in text.upper().split(",") if name)
    unknown = [name for name in names if name not in serializers.STATUSES]
    if unknown:
        raise Malformed(f"{unknown[0][:40]} is not a status: use open, or {', '.join(serializers.STATUSES)}.")
    return names
