"""Profiles in the admin, to look at: they are the user's own to change."""

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.profiles.models import Layout, PortfolioConfiguration, Preferences


@admin.register(Preferences)
class PreferencesAdmin(ReadOnlyAdmin):
    list_display = ["user", "version", "updated_at"]
    search_fields = ["user__email"]
    list_select_related = ["user"]


@admin.register(Layout)
class LayoutAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "version", "updated_at"]
    search_fields = ["name", "user__email"]
    list_select_related = ["user"]


@admin.register(PortfolioConfiguration)
class PortfolioConfigurationAdmin(ReadOnlyAdmin):
    list_display = ["name", "user", "currency", "starting_cash", "updated_at"]
    search_fields = ["name", "user__email"]
    list_select_related = ["user"]
