"""REST for scenarios: open to every caller, logged in or not, because the lobby shows them before anything else."""

import re

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.problems import Malformed
from apps.common.views import PublicView
from apps.markets import catalogue
from apps.markets.serializers import PlayableDayListSerializer, ScenarioDetailSerializer, ScenarioListSerializer

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class ScenariosView(PublicView):
    @extend_schema(responses={200: ScenarioListSerializer})
    def get(self, request: Request) -> Response:
        return Response({"results": catalogue.cards(), "next": None})


class ScenarioView(PublicView):
    @extend_schema(
        parameters=[OpenApiParameter("date", str, description="A day of its days; left out: the default one.")],
        responses={200: ScenarioDetailSerializer},
    )
    def get(self, request: Request, slug: str) -> Response:
        date = request.query_params.get("date") or None
        if date is not None and not _DATE.fullmatch(date):
            raise Malformed("date is written YYYY-MM-DD.")
        return Response(catalogue.detail(slug, date))


class ScenarioDaysView(PublicView):
    """All days at once, oldest first: a calendar needs every one of them."""

    @extend_schema(responses={200: PlayableDayListSerializer})
    def get(self, request: Request, slug: str) -> Response:
        return Response({"results": catalogue.days(slug), "next": None})
