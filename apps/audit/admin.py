"""The audit in the admin: searchable, never editable."""

from django.contrib import admin

from apps.audit.models import AuditEntry
from apps.common.admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["number", "at", "action", "actor_kind", "actor_id", "object_type", "object_id", "address"]
    list_filter = ["action", "actor_kind", "object_type"]
    search_fields = ["=object_id", "=actor_id", "=request_id", "=sid", "action"]
    date_hierarchy = "at"
