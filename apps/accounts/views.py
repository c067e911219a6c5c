"""REST for accounts. Views translate: one service call each, and the refresh cookie."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import api_keys, logins, selectors, services
from apps.accounts.authentication import TokenAuthentication
from apps.accounts.identity import AccessIdentity
from apps.accounts.logins import Pair
from apps.accounts.serializers import (
    ApiKeyCreatedSerializer,
    ApiKeyInputSerializer,
    ApiKeyListSerializer,
    ApiKeySerializer,
    DeviceListSerializer,
    LoginAnswerSerializer,
    LoginSerializer,
    NextStepSerializer,
    PasswordSerializer,
    ProfileSerializer,
    RefreshSerializer,
    SignUpSerializer,
    UserSerializer,
)
from apps.common.fields import rfc3339
from apps.common.origins import refuse_foreign
from apps.common.pagination import PAGE_PARAMETERS, newest_first
from apps.common.permissions import Public
from apps.common.problems import Problem, Unauthenticated
from apps.common.views import ApiView, PublicView

_NOTHING = OpenApiResponse(description="Done; no body.")


def _login_answer(pair: Pair, *, refresh_in: str) -> Response:
    body = {
        "access": pair.access.text,
        "access_expires_at": rfc3339(pair.access.expires_at),
        "user": UserSerializer(pair.user).data,
    }
    if refresh_in == "body":
        body["refresh"] = pair.refresh.text
        body["refresh_expires_at"] = rfc3339(pair.refresh.expires_at)
    answer = Response(body)
    if refresh_in == "cookie":
        answer.set_cookie(
            settings.REFRESH_COOKIE_NAME,
            pair.refresh.text,
            max_age=settings.REFRESH_TOKEN_SECONDS,
            path=settings.REFRESH_COOKIE_PATH,
            secure=settings.REFRESH_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
    return answer


def _forget_cookie(answer: Response) -> None:
    answer.delete_cookie(settings.REFRESH_COOKIE_NAME, path=settings.REFRESH_COOKIE_PATH, samesite="Strict")


def _refresh_token(view: ApiView, request: Request) -> tuple[str, str]:
    """The refresh token and where it came from. A cookie counts only from our own pages."""
    refresh = view.read(RefreshSerializer, request).get("refresh", "")
    if refresh:
        return refresh, "body"
    cookie = request.COOKIES.get(settings.REFRESH_COOKIE_NAME, "")
    if cookie:
        refuse_foreign(request._request)
    return cookie, "cookie"


class SignUpView(PublicView):
    """The answer is the same whether or not the address is known."""

    @extend_schema(request=SignUpSerializer, responses={201: NextStepSerializer})
    def post(self, request: Request) -> Response:
        step = services.sign_up(**self.read(SignUpSerializer, request), now=timezone.now())
        return Response({"next": step}, status=201)


class LoginView(PublicView):
    @extend_schema(request=LoginSerializer, responses={200: LoginAnswerSerializer})
    def post(self, request: Request) -> Response:
        body = self.read(LoginSerializer, request)
        if body["refresh_in"] == "cookie":
            refuse_foreign(request._request)
        pair = services.log_in(email=body["email"], password=body["password"], now=timezone.now())
        return _login_answer(pair, refresh_in=body["refresh_in"])


class RefreshView(PublicView):
    rate_limit = "refresh-address"

    @extend_schema(request=RefreshSerializer, responses={200: LoginAnswerSerializer})
    def post(self, request: Request) -> Response:
        refresh, refresh_in = _refresh_token(self, request)
        if not refresh:
            raise Unauthenticated()
        try:
            pair = logins.rotate(refresh=refresh, now=timezone.now())
        except Problem as problem:
            if problem.status == 401 and refresh_in == "cookie":
                answer = self.handle_exception(problem)
                _forget_cookie(answer)
                return answer
            raise
        return _login_answer(pair, refresh_in=refresh_in)


class _EndLoginView(ApiView):
    """Takes the refresh token or, when there is none, the access token."""

    permission_classes = [Public]
    authentication_classes = [TokenAuthentication]

    def identity(self, request: Request) -> AccessIdentity | None:
        return request.auth if isinstance(request.auth, AccessIdentity) else None

    def perform_authentication(self, request: Request) -> None:
        # An expired access token must not keep anybody from logging out.
        try:
            super().perform_authentication(request)
        except Problem:
            request._not_authenticated()  # type: ignore[attr-defined]


class LogoutView(_EndLoginView):
    @extend_schema(request=RefreshSerializer, responses={204: _NOTHING})
    def post(self, request: Request) -> Response:
        refresh, _ = _refresh_token(self, request)
        logins.log_out(refresh=refresh, identity=self.identity(request), now=timezone.now())
        answer = Response(status=204)
        _forget_cookie(answer)
        return answer


class LogoutAllView(_EndLoginView):
    @extend_schema(request=RefreshSerializer, responses={204: _NOTHING})
    def post(self, request: Request) -> Response:
        refresh, _ = _refresh_token(self, request)
        logins.log_out_everywhere(refresh=refresh, identity=self.identity(request), now=timezone.now())
        answer = Response(status=204)
        _forget_cookie(answer)
        return answer


class MeView(ApiView):
    write_scope = "admin"

    @extend_schema(responses={200: UserSerializer})
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(request.user).data)

    @extend_schema(request=ProfileSerializer, responses={200: UserSerializer})
    def patch(self, request: Request) -> Response:
        body = self.read(ProfileSerializer, request)
        user = services.change_profile(user=request.user, display_name=body["display_name"], now=timezone.now())
        return Response(UserSerializer(user).data)


class PasswordView(ApiView):
    """Ends every login, this one too, and answers with a new one."""

    write_scope = "admin"
    people_only = True

    @extend_schema(request=PasswordSerializer, responses={200: LoginAnswerSerializer})
    def post(self, request: Request) -> Response:
        body = self.read(PasswordSerializer, request)
        pair = services.change_password(
            user=request.user,
            current_password=body["current_password"],
            new_password=body["new_password"],
            now=timezone.now(),
        )
        return _login_answer(pair, refresh_in=body["refresh_in"])


class DevicesView(ApiView):
    @extend_schema(parameters=PAGE_PARAMETERS, responses={200: DeviceListSerializer})
    def get(self, request: Request) -> Response:
        current = getattr(request.auth, "sid", None)
        page = newest_first(selectors.open_devices(user=request.user, now=timezone.now()), request)
        return Response(
            page.body(
                lambda family: {
                    "id": family.pk,
                    "current": family.pk == current,
                    "user_agent": family.user_agent,
                    "address": family.last_address,
                    "created_at": rfc3339(family.created_at),
                    "last_used_at": rfc3339(family.last_used_at),
                }
            )
        )


class DeviceView(ApiView):
    write_scope = "admin"

    @extend_schema(responses={204: _NOTHING})
    def delete(self, request: Request, device_id: UUID) -> Response:
        services.sign_out_device(user=request.user, device_id=device_id, now=timezone.now())
        return Response(status=204)


class ApiKeysView(ApiView):
    write_scope = "admin"

    @extend_schema(parameters=PAGE_PARAMETERS, responses={200: ApiKeyListSerializer})
    def get(self, request: Request) -> Response:
        page = newest_first(selectors.api_keys(user=request.user), request)
        return Response(page.body(lambda key: ApiKeySerializer(key).data))

    @extend_schema(request=ApiKeyInputSerializer, responses={201: ApiKeyCreatedSerializer})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        body = self.read(ApiKeyInputSerializer, request, context={"now": now})
        key, text = api_keys.create(user=request.user, now=now, **body)
        answer: dict[str, Any] = {**ApiKeySerializer(key).data, "key": text}
        return Response(answer, status=201)


class ApiKeyView(ApiView):
    write_scope = "admin"

    @extend_schema(responses={204: _NOTHING})
    def delete(self, request: Request, key_id: UUID) -> Response:
        api_keys.revoke(user=request.user, key_id=key_id, now=timezone.now())
        return Response(status=204)
