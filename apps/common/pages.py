"""The terminal's page for every address that is nobody else's, and the error pages. No script is ever
inlined.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt

from apps.common import context, problems

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,
initial-scale=1">
<title>{title}</title>
<style>body{{font:16px/1.5
system-ui,sans-serif;background:#0e1116;color:#e6e9ef;max-width:40rem;margin:15vh auto;padding:0 1rem}}
code{{background:#1b2028;padding:.1em .4em;border-radius:4px}}a{{color:#7ab7ff}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


def _html(title: str, text: str, *, status: int) -> HttpResponse:
    return HttpResponse(_PAGE.format(title=escape(title), text=text), status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api") or "json" in request.headers.get("Accept", "")


@csrf_exempt
def terminal(request: HttpRequest) -> HttpResponse:
    """The built terminal; it reads its own route from the address. 503 with the remedy while it is not
    built.
    """
    if request.method not in ("GET", "HEAD"):
        return problems.response(problems.Problem(code="METHOD_NOT_ALLOWED", headers={"Allow": "GET, HEAD"}))
    try:
        page = settings.TERMINAL_PAGE.read_bytes()
    except OSError:
        return _html(
            "The terminal is not built yet",
            "Run <code>make setup</code> in the project's folder, then reload this page. "
            'The API is up: see <a href="/api/docs">its documentation</a>.',
            status=503,
        )
    return HttpResponse(page, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})


@csrf_exempt
def nothing_here(request: HttpRequest, **_: Any) -> HttpResponse:
    return problems.response(problems.NotFound())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    problem = (problems.from_exception(exception) if exception else None) or problems.Malformed()
    if _wants_json(request):
        return problems.response(problem)
    return _html("That request could not be read", "", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _wants_json(request):
        return problems.response(problems.Forbidden())
    return _html("You may not do that", "", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _wants_json(request):
        return problems.response(problems.NotFound())
    return _html("There is no such page", '<a href="/">Back to the start</a>', status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    if _wants_json(request):
        return problems.response(problems.Problem(code="INTERNAL_ERROR", outcome="unknown"))
    reference = escape(context.current().request_id)
    return _html("Something went wrong on our side", f"Please mention <code>{reference}</code>.", status=500)
