"""`manage.py session_processes ID`: the processes of this machine that serve a session, oldest epoch first."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.simulator_sessions.launchers.base import get_launcher


class Command(BaseCommand):
    help = "Print the process ids of the simulators that serve a session on this machine, one a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", type=uuid.UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        processes = getattr(get_launcher(), "processes", None)
        if processes is None:
            raise CommandError("this launcher keeps no processes on this machine")
        found = []
        for name, pid in processes().items():
            session, _, epoch = name.partition(":")
            if session == str(options["session"]):
                found.append((int(epoch), pid))
        for _, pid in sorted(found):
            self.stdout.write(str(pid))
