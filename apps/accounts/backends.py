"""The admin's login: by normalised e-mail address, counted like any login and taking the same time for
all.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.emails import normalise
from apps.accounts.models import User
from apps.audit import services as audit
from apps.common import context, rate_limits
from apps.common.problems import Problem


class EmailBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        email, address = normalise(username or kwargs.get("email") or ""), context.current().address
        try:
            rate_limits.check("login-address", address, fail_closed=True)
            rate_limits.check("login-pair", email, address, fail_closed=True)
        except Problem as problem:
            raise PermissionDenied(problem.detail) from None
        user = super().authenticate(request, username=email, password=password)
        found = user if isinstance(user, User) else None
        with transaction.atomic():
            audit.record(
                action="admin.login_opened" if found else "admin.login_refused",
                object_type="user",
                object_id=found.pk if found else "",
                actor_id=found.pk if found else None,
                now=timezone.now(),
            )
        return found
