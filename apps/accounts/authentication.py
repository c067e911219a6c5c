"""Who is calling: by access token or by API key. It only reads headers; the judgement is the services'."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts import api_keys, services
from apps.accounts.identity import AccessIdentity, ApiKeyIdentity
from apps.accounts.models import User
from apps.common import context
from apps.common.problems import Unauthenticated


def _credentials(request: Request, word: str) -> str | None:
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if scheme.lower() != word:
        return None
    value = value.strip()
    if not value or " " in value or not value.isascii():
        raise Unauthenticated(code="TOKEN_INVALID")
    return value


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>``."""

    def authenticate(self, request: Request) -> tuple[User, AccessIdentity] | None:
        token = _credentials(request, "bearer")
        if token is None:
            return None
        identity = services.authenticate_access_token(token, timezone.now())
        context.note_sid(str(identity.sid))
        return identity.user, identity

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Api-Key <key>``."""

    def authenticate(self, request: Request) -> tuple[User, ApiKeyIdentity] | None:
        text = _credentials(request, "api-key")
        if text is None:
            return None
        identity = api_keys.authenticate(text=text, now=timezone.now())
        return identity.user, identity

    def authenticate_header(self, request: Request) -> str:
        return "Api-Key"


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.authentication.TokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Api-Key <key>`",
        }
