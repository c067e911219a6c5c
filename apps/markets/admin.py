"""Scenarios in the admin: to look at. They are changed in the engine's files."""

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.markets.models import ScenarioRecord


@admin.register(ScenarioRecord)
class ScenarioRecordAdmin(ReadOnlyAdmin):
    list_display = ["slug", "title", "kind", "difficulty", "currency", "offered", "changed_at"]
    list_filter = ["kind", "difficulty", "offered"]
    search_fields = ["slug", "title", "summary"]
