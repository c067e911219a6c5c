"""What a zygote's child runs in these tests instead of an engine: it says what it was told, and waits."""

from __future__ import annotations

import os
import signal
import sys
import time

from simulator_engine.config import SimulatorConfig


def wait(config: SimulatorConfig) -> int:
    """Writes its token's length beside its socket, then waits for SIGTERM."""
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    path = config.listen.removeprefix("unix:")
    with open(f"{path}.told", "w", encoding="ascii") as file:
        file.write(f"{len(config.token)} {os.getpid()}")
    while not ended:
        time.sleep(0.01)
    return 0


def crash(config: SimulatorConfig) -> int:
    sys.stderr.write("crashing as asked\n")
    raise RuntimeError("crash")


def ignore_the_end(config: SimulatorConfig) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(0.1)
