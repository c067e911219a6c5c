"""Compares every session's ledger with its positions and account, to the last minor unit."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.portfolio.services import verify_ledger
from apps.simulator_sessions.models import SimulatorSession


class Command(BaseCommand):
    help = "Compare the ledger with positions and accounts; exits with 1 when anything differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("session", nargs="*", help="Session ids; all of them when none is given.")
        parser.add_argument("--engine", action="store_true", help="Ask the running simulators too.")

    def handle(self, *args: Any, **options: Any) -> None:
        sessions = SimulatorSession.objects.order_by("created_at")
        if options["session"]:
            sessions = sessions.filter(pk__in=options["session"])
        checked = wrong = 0
        for session in sessions.iterator():
            checked += 1
            for fault in verify_ledger(session_id=session.pk, ask_engine=options["engine"], session=session):
                wrong += 1
                self.stderr.write(f"{session.pk}: {fault}")
        if wrong:
            raise CommandError(f"{wrong} disagreements in {checked} sessions")
        self.stdout.write(f"{checked} sessions: the ledger agrees to the last unit")
