"""How our views look in the OpenAPI document: unique operation names, and the problems that each may
answer with.
"""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema as Base
from rest_framework import serializers

from apps.common.permissions import Public

_WHEN = {
    "400": "The request could not be read.",
    "401": "Not logged in, or the login has expired or was ended.",
    "403": "The role or the API key's scope does not include this.",
    "404": "There is no such thing, or it is somebody else's.",
    "409": "The request clashes with the present state.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not JSON.",
    "422": "Readable, and wrong: errors names each field.",
    "429": "Too many requests; Retry-After tells how long to wait.",
    "503": "Something that is needed cannot be reached; Retry-After tells how long to wait.",
}


class ProblemErrorSerializer(serializers.Serializer):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457 problem details with our members."""

    type = serializers.CharField(help_text="The code in kebab-case.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable, SCREAMING_SNAKE.")
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]
    retryable = serializers.BooleanField()
    outcome = serializers.ChoiceField(choices=["none", "applied", "unknown"])
    request_id = serializers.CharField(required=False)


class AutoSchema(Base):
    def get_operation_id(self) -> str:
        """Method and path, which are unique together: ``get_sessions_session_id_orders``."""
        words = [part.strip("{}").replace("-", "_") for part in self.path.split("/") if part]
        words = [word for word in words if word not in ("api", "v1")]
        return "_".join([self.method.lower(), *words])

    def get_tags(self) -> list[str]:
        words = [part for part in self.path.split("/") if part and part not in ("api", "v1")]
        return [words[0] if words else "api"]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        answers = super()._get_response_bodies(direction)
        public = any(issubclass(item, Public) for item in getattr(self.view, "permission_classes", []))
        statuses = ["429", "503"]
        if not public:
            statuses += ["401", "403"]
        if "{" in self.path:
            statuses.append("404")
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses.append("409")
        statuses.append("400")
        if self.method in ("POST", "PUT", "PATCH"):
            statuses += ["413", "415", "422"]
        component = self.resolve_serializer(ProblemSerializer, direction)
        for status in sorted(statuses):
            answers.setdefault(
                status,
                {
                    "content": {"application/problem+json": {"schema": component.ref}},
                    "description": _WHEN[status],
                },
            )
        return answers
