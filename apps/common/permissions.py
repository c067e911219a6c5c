"""Default deny, in one place. A view that nobody opened is closed; an object that is not yours does not
exist.
"""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.common.problems import NotFound, Problem, Unauthenticated


class DefaultDeny(BasePermission):
    """A known, active caller; the API key's scope; the role; and the owner of the object.

    The view may say: ``read_scope`` (default "read"), ``write_scope`` (default "trade"), ``allowed_roles``
    (None means
    every role; "support" may only read), ``people_only`` (no API keys), ``owner_field`` (default "user_id").
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if user is None or not user.is_authenticated or not user.is_active:
            raise Unauthenticated()
        safe = request.method in SAFE_METHODS
        scope = getattr(view, "read_scope", "read") if safe else getattr(view, "write_scope", "trade")
        scopes = getattr(request.auth, "scopes", None)
        if scopes is not None and scope not in scopes:
            raise Problem(f"The scope {scope!r} is needed.", code="SCOPE_MISSING")
        if scopes is not None and getattr(view, "people_only", False):
            raise Problem("This takes a person's login, not an API key.", code="SCOPE_MISSING")
        roles = getattr(view, "allowed_roles", None)
        role = getattr(user, "role", "")
        if roles is not None and role not in roles:
            raise Problem(code="ROLE_FORBIDDEN")
        if role == "support" and not safe and scope == "trade":
            raise Problem("Support may look and not touch.", code="ROLE_FORBIDDEN")
        return True

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        owner = getattr(obj, getattr(view, "owner_field", "user_id"), None)
        if owner is None or owner != request.user.pk:
            raise NotFound()
        return True


class Public(BasePermission):
    """Open to everybody: it must be written on the view, so that it can be found."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return True

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return False
