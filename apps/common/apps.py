"""Registers the checks that refuse a wrong set-up and the first readiness probes."""

from django.apps import AppConfig
from django.conf import settings


class CommonConfig(AppConfig):
    name = "apps.common"
    label = "common"

    def ready(self) -> None:
        from apps.common import checks, health

        checks.register()
        health.register("database", health.check_database)
        health.register("broker", health.check_broker)
        health.register("channel_layer", health.check_channel_layer)
        health.register("journal", health.check_journal)
        if settings.PRODUCTION:
            checks.refuse_unsafe_production()
