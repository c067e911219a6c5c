"""``manage.py sync_scenarios``: what every migration does already, to be asked for by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.markets import services


class Command(BaseCommand):
    help = "Brings the scenarios in the admin up to the engine's catalogue."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = services.sync_scenarios()
        self.stdout.write(f"{changed} scenario(s) changed.")
