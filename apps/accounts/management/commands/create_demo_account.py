"""``manage.py create_demo_account``: the account that a laptop prints at its start. Refused in production."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts import services


class Command(BaseCommand):
    help = "Makes sure that the demo account exists, and prints how to log in with it."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or not settings.DEMO_PASSWORD:
            raise CommandError("There is no demo account here.")
        services.ensure_demo_account(email=settings.DEMO_EMAIL, password=settings.DEMO_PASSWORD, now=timezone.now())
        self.stdout.write(f"Demo account: {settings.DEMO_EMAIL}  password: {settings.DEMO_PASSWORD}")
