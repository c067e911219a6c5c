"""Requests that a browser sends along with a cookie must come from our own pages. Programs send no Origin."""

from urllib.parse import urlsplit

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
