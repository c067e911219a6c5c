"""What a trader owns, over REST."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.pagination import newest_first
from apps.common.views import ApiView
from apps.portfolio import selectors, serializers, services
from apps.simulator_sessions.selectors import get_session


class PositionsView(ApiView):
    @extend_schema(responses=serializers.Positions, tags=["portfolio"])
    def get(self, request: Request, session_id: UUID) -> Response:
        """Every position of the session, marked at the middle of the market; flat ones keep their realized P&L."""
        rows = services.positions(user=request.user, session_id=session_id)
        return Response({"results": rows, "next": None})


class AccountView(ApiView):
    @extend_schema(responses=serializers.Account, tags=["portfolio"])
    def get(self, request: Request, session_id: UUID) -> Response:
        """The account: cash, what is reserved by open orders, buying power, equity and P&L."""
        return Response(services.account(user=request.user, session_id=session_id))


class LedgerView(ApiView):
    @extend_schema(
        parameters=[
            OpenApiParameter("asset", OpenApiTypes.STR),
            OpenApiParameter("account", OpenApiTypes.STR, enum=["USER", "VENUE", "FEES"]),
            OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=serializers.Ledger,
        tags=["portfolio"],
    )
    def get(self, request: Request, session_id: UUID) -> Response:
        """The double-entry ledger, newest first. The legs of one event sum to zero for each asset."""
        session = get_session(user=request.user, session_id=session_id)
        query = request.query_params
        rows = selectors.ledger(session_id=session.id, asset=query.get("asset"), account=query.get("account"))
        page = newest_first(rows, request, key=("event_seq", "leg"))
        return Response(page.body(selectors.ledger_dict))
