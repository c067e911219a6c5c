"""The markets app. After each migration the admin's rows are brought up to the engine's catalogue."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _sync(*, using: str, **_: Any) -> None:
    from django.db import connections

    from apps.markets import services
    from apps.markets.models import ScenarioRecord

    if ScenarioRecord._meta.db_table in connections[using].introspection.table_names():
        services.sync_scenarios(using=using)


class MarketsConfig(AppConfig):
    name = "apps.markets"
    label = "markets"

    def ready(self) -> None:
        post_migrate.connect(_sync, sender=self, dispatch_uid="markets.sync_scenarios")
