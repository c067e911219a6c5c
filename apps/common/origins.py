"""Requests that a browser sends along with a cookie must come from our own pages. Programs send no Origin."""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings
from django.http import HttpRequest

from apps.common.problems import Problem


def refuse_foreign(request: HttpRequest) -> None:
    """Raises 403 ORIGIN_FORBIDDEN when the browser says that another site's page sent this."""
    if request.headers.get("Sec-Fetch-Site", "") == "cross-site":
        raise Problem(code="ORIGIN_FORBIDDEN")
    origin = request.headers.get("Origin", "")
    if not origin:
        return
    parts = urlsplit(origin)
    if parts.netloc and parts.netloc == request.get_host():
        return
    if origin in getattr(settings, "CSRF_TRUSTED_ORIGINS", []):
        return
    raise Problem(code="ORIGIN_FORBIDDEN")


class KnownOrigins(OriginValidator):
    """Lets sockets through from the pages of the given origins, and from programs, which name none.

    A browser always names the page's origin, so a foreign page cannot pass for a program.
    """

    def valid_origin(self, parsed_origin: Any) -> bool:
        return parsed_origin is None or bool(self.validate_origin(parsed_origin))
