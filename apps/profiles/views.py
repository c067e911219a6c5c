"""REST for profiles. The ETag is the version; a write with If-Match is refused when somebody else wrote first."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.fields import rfc3339
from apps.common.pagination import PAGE_PARAMETERS, newest_first
from apps.common.problems import Malformed
from apps.common.views import ApiView
from apps.profiles import selectors, services
from apps.profiles.models import Layout, PortfolioConfiguration, Preferences
from apps.profiles.serializers import (
    LayoutInputSerializer,
    LayoutListSerializer,
    LayoutSerializer,
    PortfolioConfigurationInputSerializer,
    PortfolioConfigurationListSerializer,
    PortfolioConfigurationSerializer,
)

_NOTHING = OpenApiResponse(description="Done; no body.")
_IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description='The ETag that the change is based on, such as "3".'
)


def _based_on(request: Request) -> int | None:
    """The version in If-Match, or None when the header is absent or ``*``. Raises 400 for anything else."""
    header = request.headers.get("If-Match", "").strip()
    if header in ("", "*"):
        return None
    text = header.removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Malformed("If-Match takes the ETag of an earlier answer.")
    return int(text)


def _answer(body: Any, *, version: int, status: int = 200) -> Response:
    return Response(body, status=status, headers={"ETag": f'"{version}"'})


def _layout(row: Layout) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "layout": row.layout,
        "version": row.version,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def _configuration(row: PortfolioConfiguration) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        **row.as_account(),
        "version": row.version,
        "created_at": rfc3339(row.created_at),
        "updated_at": rfc3339(row.updated_at),
    }


def _preferences(row: Preferences) -> Response:
    return _answer(row.body, version=row.version)


class PreferencesView(ApiView):
    """Any JSON object of up to 64 KiB: clients keep the keys that they do not know."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        return _preferences(selectors.get_preferences(user=request.user))

    @extend_schema(parameters=[_IF_MATCH], request=OpenApiTypes.OBJECT, responses={200: OpenApiTypes.OBJECT})
    def put(self, request: Request) -> Response:
        if not isinstance(request.data, dict):
            raise Malformed("The body must be a JSON object.")
        return _preferences(
            services.save_preferences(
                user=request.user, body=request.data, based_on=_based_on(request), now=timezone.now()
            )
        )


class LayoutsView(ApiView):
    @extend_schema(parameters=PAGE_PARAMETERS, responses={200: LayoutListSerializer})
    def get(self, request: Request) -> Response:
        return Response(newest_first(selectors.layouts(user=request.user), request).body(_layout))

    @extend_schema(request=LayoutInputSerializer, responses={201: LayoutSerializer})
    def post(self, request: Request) -> Response:
        body = self.read(LayoutInputSerializer, request)
        row = services.create_layout(user=request.user, now=timezone.now(), **body)
        return _answer(_layout(row), version=row.version, status=201)


class LayoutView(ApiView):
    @extend_schema(responses={200: LayoutSerializer})
    def get(self, request: Request, layout_id: UUID) -> Response:
        row = selectors.get_layout(user=request.user, layout_id=layout_id)
        return _answer(_layout(row), version=row.version)

    @extend_schema(parameters=[_IF_MATCH], request=LayoutInputSerializer, responses={200: LayoutSerializer})
    def put(self, request: Request, layout_id: UUID) -> Response:
        body = self.read(LayoutInputSerializer, request)
        row = services.change_layout(
            user=request.user, layout_id=layout_id, based_on=_based_on(request), now=timezone.now(), **body
        )
        return _answer(_layout(row), version=row.version)

    @extend_schema(responses={204: _NOTHING})
    def delete(self, request: Request, layout_id: UUID) -> Response:
        services.delete_layout(user=request.user, layout_id=layout_id)
        return Response(status=204)


class PortfolioConfigurationsView(ApiView):
    @extend_schema(parameters=PAGE_PARAMETERS, responses={200: PortfolioConfigurationListSerializer})
    def get(self, request: Request) -> Response:
        rows = selectors.portfolio_configurations(user=request.user)
        return Response(newest_first(rows, request).body(_configuration))

    @extend_schema(request=PortfolioConfigurationInputSerializer, responses={201: PortfolioConfigurationSerializer})
    def post(self, request: Request) -> Response:
        values = self.read(PortfolioConfigurationInputSerializer, request)
        row = services.create_portfolio_configuration(user=request.user, values=values, now=timezone.now())
        return _answer(_configuration(row), version=row.version, status=201)


class PortfolioConfigurationView(ApiView):
    @extend_schema(responses={200: PortfolioConfigurationSerializer})
    def get(self, request: Request, configuration_id: UUID) -> Response:
        row = selectors.get_portfolio_configuration(user=request.user, configuration_id=configuration_id)
        return _answer(_configuration(row), version=row.version)

    @extend_schema(
        parameters=[_IF_MATCH],
        request=PortfolioConfigurationInputSerializer,
        responses={200: PortfolioConfigurationSerializer},
    )
    def put(self, request: Request, configuration_id: UUID) -> Response:
        values = self.read(PortfolioConfigurationInputSerializer, request)
        row = services.change_portfolio_configuration(
            user=request.user,
            configuration_id=configuration_id,
            values=values,
            based_on=_based_on(request),
            now=timezone.now(),
        )
        return _answer(_configuration(row), version=row.version)

    @extend_schema(responses={204: _NOTHING})
    def delete(self, request: Request, configuration_id: UUID) -> Response:
        services.delete_portfolio_configuration(
            user=request.user, configuration_id=configuration_id, now=timezone.now()
        )
        return Response(status=204)
