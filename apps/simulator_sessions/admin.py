"""Sessions in the admin: facts and status, never editable."""

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.simulator_sessions.models import SessionLease, SimulatorRun, SimulatorSession


@admin.register(SimulatorSession)
class SimulatorSessionAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "scenario", "status", "target", "failures", "ready_in_ms", "created_at", "cause"]
    list_filter = ["status", "target", "scenario"]
    search_fields = ["=id", "name", "user__email"]
    list_select_related = ["user"]


@admin.register(SimulatorRun)
class SimulatorRunAdmin(ReadOnlyAdmin):
    list_display = ["session", "epoch", "status", "created_at", "ready_at", "ended_at", "cause"]
    list_filter = ["status"]
    search_fields = ["=session__id"]
    list_select_related = ["session"]


@admin.register(SessionLease)
class SessionLeaseAdmin(ReadOnlyAdmin):
    list_display = ["session", "epoch", "state", "holder", "last_command_seq", "last_event_seq", "renewed_at"]
    list_filter = ["state"]
    search_fields = ["=session__id"]
    list_select_related = ["session"]
