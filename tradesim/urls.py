"""All routes. Each app lists its own under /api/v1; what is nobody's goes to the terminal's page."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.common import health, pages

# Each of these lists its own routes; the other apps have none.
API_APPS = ["accounts", "markets", "profiles", "simulator_sessions", "orders", "portfolio", "streams"]
api_v1 = [path("", include(f"apps.{name}.urls")) for name in API_APPS]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include(api_v1)),
    # Unknown names below these stay errors; every other address is a page of the terminal.
    re_path(r"^(?:api|static|admin|ws)(?:/.*)?$", pages.nothing_here),
    re_path(r"^.*$", pages.terminal, name="terminal"),
]

handler400 = "apps.common.pages.bad_request"
handler403 = "apps.common.pages.forbidden"
handler404 = "apps.common.pages.not_found"
handler500 = "apps.common.pages.server_error"
