"""`manage.py verify_journal`: the chain, the numbers and the epochs of every session, or of those named."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.journal.verifying import verify_session
from apps.simulator_sessions.models import SimulatorSession


class Command(BaseCommand):
    help = "Check the journal of every session, or of those named; exits with an error when one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", nargs="*", type=uuid.UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        ids = options["session"] or list(SimulatorSession.objects.values_list("id", flat=True))
        broken = 0
        for session_id in ids:
            faults = verify_session(session_id)
            broken += bool(faults)
            for fault in faults:
                self.stdout.write(f"{session_id}: {fault}")
        if broken:
            raise CommandError(f"{broken} of {len(ids)} journals do not hold")
        self.stdout.write(f"{len(ids)} journals hold")
