"""`manage.py serve_journal`: the journal as a process of its own."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.journal.serving import JournalServer


class Command(BaseCommand):
    help = "Serve the log of record to the simulators until told to stop (SIGTERM or Ctrl-C)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", default=settings.JOURNAL_TARGET, help="host:port or unix:path")
        parser.add_argument("--grace", type=float, default=5.0, help="seconds for calls under way at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            server = JournalServer(options["listen"]).start()
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Journal listening on {options['listen']}")
        stop.wait()
        server.stop(options["grace"])
        self.stdout.write("Journal stopped")
