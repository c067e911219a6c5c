"""The admin's login: by normalised e-mail address, taking the same time whether or not it is known."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from apps.accounts.emails import normalise
from apps.accounts.models import User


class EmailBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        found = super().authenticate(
            request, username=normalise(username or kwargs.get("email") or ""), password=password
        )
        return found if isinstance(found, User) else None
