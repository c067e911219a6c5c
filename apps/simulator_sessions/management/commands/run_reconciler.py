"""`manage.py run_reconciler`: the reconciler as a process of its own, where there is no Celery."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from apps.simulator_sessions.reconciler import Reconciler


class Command(BaseCommand):
    help = "Move sessions to what is wanted of them until told to stop (SIGTERM or Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        reconciler = Reconciler().start()
        self.stdout.write("Reconciler running")
        stop.wait()
        reconciler.stop()
        self.stdout.write("Reconciler stopped; simulators go on for a moment")
