"""The log of record in the admin: looked at, never touched."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.common.admin import ReadOnlyAdmin
from apps.journal.models import EventLogEntry, JournalBatch, JournalRecord, Snapshot


@admin.register(JournalRecord)
class JournalRecordAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "command_seq", "epoch", "kind", "request_id", "at"]
    list_filter = ["kind"]
    search_fields = ["=session__id", "=request_id"]
    ordering = ["-id"]


@admin.register(JournalBatch)
class JournalBatchAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "epoch", "last_command_seq", "last_event_seq", "event_count", "at"]
    search_fields = ["=session__id"]
    ordering = ["-id"]


@admin.register(EventLogEntry)
class EventLogEntryAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "event_seq", "stream", "stream_seq", "type", "caused_by", "epoch", "text"]
    list_filter = ["stream", "type"]
    search_fields = ["=session__id"]
    ordering = ["-id"]

    @admin.display(description="body")
    def text(self, entry: EventLogEntry) -> str:
        return bytes(entry.body).decode(errors="replace")[:200]


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ["session_id", "command_seq", "epoch", "engine_version", "size", "name", "at"]
    search_fields = ["=session__id", "name"]
    ordering = ["-id"]
    exclude = ["data"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("data")
