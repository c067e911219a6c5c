"""`manage.py create_demo_session`: the demo account's first exchange, asked for once. It starts with the server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.simulator_sessions.services import start_session

DEMO_KEY = "demo-session"


class Command(BaseCommand):
    help = "Ask for the demo account's session on the open market; does nothing when there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", default=settings.DEMO_EMAIL)

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()
        user = users.objects.filter(email=options["email"]).first()
        if user is None:
            raise CommandError(f"there is no account {options['email']}: run create_demo_account first")
        started = start_session(
            user=user,
            scenario="open-market",
            seed=7,
            name="Demo",
            idempotency_key=DEMO_KEY,
            now=timezone.now(),
            wait_seconds=0,
        )
        state = "is there already" if started.replayed else "will start with the server"
        self.stdout.write(f"Session {started.session.id} of {options['email']} {state}")
