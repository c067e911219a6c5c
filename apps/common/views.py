"""The base of every REST view: default deny, problems for errors. A view makes one service call and holds
no rule.
"""

from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.common.permissions import DefaultDeny, Public
from apps.common.problems import Malformed

S = TypeVar("S", bound=BaseSerializer)


class ApiView(APIView):
    permission_classes = [DefaultDeny]
    read_scope = "read"
    write_scope = "trade"
    allowed_roles: tuple[str, ...] | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        request._request.caller_id = getattr(request.user, "pk", None)  # type: ignore[attr-defined]

    def read(self, serializer: type[S], request: Request, **more: Any) -> dict[str, Any]:
        """The validated body. Raises 400 for what cannot be read and 422 for what is wrong."""
        if not isinstance(request.data, dict):
            raise Malformed("The body must be a JSON object.")
        bound = serializer(data=request.data, **more)
        bound.is_valid(raise_exception=True)
        return dict(bound.validated_data)


class PublicView(ApiView):
    """Open without a login. Credentials are not even looked at."""

    permission_classes = [Public]
    authentication_classes: list[Any] = []
