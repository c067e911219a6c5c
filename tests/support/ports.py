"""Finds TCP ports for servers started by tests. Never hands out one that the kernel may give to an
outgoing call.
"""

from __future__ import annotations

import random
import socket

# Linux takes the ports of outgoing connections from 32768–60999; a server bound there loses races
# with clients.
FIRST_PORT = 15_000
LAST_PORT = 32_000


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listened a moment ago. Raises RuntimeError when none is found."""
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.randint(FIRST_PORT, LAST_PORT)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port between {FIRST_PORT} and {LAST_PORT}")
