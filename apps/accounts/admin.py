"""Accounts in the admin. Logins and keys are facts; of a user, name and standing change, through the
services.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import ApiKey, RefreshFamily, User
from apps.common.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    list_display = ["email", "display_name", "role", "is_active", "last_login", "created_at"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "display_name", "=id"]
    fields = [
        "id",
        "email",
        "display_name",
        "role",
        "is_active",
        "email_verified_at",
        "password_changed_at",
        "last_login",
        "created_at",
    ]
    readonly_fields = ["id", "email", "email_verified_at", "password_changed_at", "last_login", "created_at"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people sign up themselves

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what a user did refers to them; disable instead

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        now = timezone.now()
        services.change_profile(user=obj, display_name=obj.display_name, now=now, actor=request.user)
        services.set_standing(user=obj, role=obj.role, is_active=obj.is_active, actor=request.user, now=now)


@admin.register(RefreshFamily)
class RefreshFamilyAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "created_at", "last_used_at", "last_address", "ended_at", "end_reason"]
    list_filter = ["end_reason"]
    search_fields = ["=id", "user__email"]
    list_select_related = ["user"]
    exclude = ["current_digest", "previous_digest"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "prefix", "user", "scopes", "expires_at", "last_used_at", "revoked_at"]
    search_fields = ["=prefix", "name", "user__email"]
    list_select_related = ["user"]
    exclude = ["digest"]
