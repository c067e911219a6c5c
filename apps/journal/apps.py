"""Django's entry for the log of record."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "apps.journal"
    label = "journal"
    verbose_name = "journal"
    default_auto_field = "django.db.models.BigAutoField"
