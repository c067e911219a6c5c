"""`manage.py runserver`: the laptop's one process: web, streams, journal, reconciler and the watch over simulators.

Journal and reconciler start in the serving child only. An autoreload leaves simulators running; the end ends them too.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any

from daphne.management.commands.runserver import Command as DaphneCommand
from django.conf import settings
from django.core.management.base import CommandError
from django.utils import autoreload

log = logging.getLogger("tradesim.runserver")


class Backstage:
    """Everything beside the web server that the one process does. Started once, stopped once."""

    def __init__(self) -> None:
        from apps.journal.serving import JournalServer
        from apps.simulator_sessions.reconciler import Reconciler

        self._journal = JournalServer(settings.JOURNAL_TARGET)
        self._reconciler = Reconciler()
        self._lock = threading.Lock()
        self._running = False

    def start(self) -> None:
        """Raises OSError when another server of this installation is running."""
        self._journal.start()
        self._reconciler.start()
        self._running = True

    def stop(self, *, end_simulators: bool) -> None:
        """Simulators end before the journal does, so that they can save and give their leases back."""
        from apps.simulator_sessions.gateway import close_channels
        from apps.simulator_sessions.launchers.base import get_launcher

        with self._lock:
            if not self._running:
                return
            self._running = False
        self._reconciler.stop()
        if end_simulators:
            get_launcher().shut_down()
        close_channels()
        self._journal.stop()


class Command(DaphneCommand):
    help = "Serve the whole product from this process: a laptop's column of the house."

    _backstage: Backstage | None = None
    _reloading = False

    def run(self, **options: Any) -> None:
        serving = not options["use_reloader"] or os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) == "true"
        if not serving:
            super().run(**options)
            return
        if options["use_reloader"]:
            autoreload.file_changed.connect(self._note_reload)
        else:
            signal.signal(signal.SIGTERM, _interrupt)  # before the server has installed its own
        try:
            super().run(**options)
        finally:
            if self._backstage is not None:
                self._backstage.stop(end_simulators=not self._reloading)

    def inner_run(self, *args: Any, **options: Any) -> None:
        try:
            backstage = Backstage()
            backstage.start()
        except OSError as error:
            raise CommandError(str(error)) from error
        self._backstage = backstage
        super().inner_run(*args, **options)

    def _note_reload(self, **_: Any) -> None:
        self._reloading = True


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
