"""Runs the browser journeys (frontend/e2e) in a real Chromium against the real server, started afresh for
them.

Without Chromium: fails when CI=true, says so and succeeds elsewhere. Extra arguments go to Playwright.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from setup import SetupError, build_frontend

from frontend import npm_run
from tests.support.live_server import LaptopServer


def main() -> int:
    browser = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))),
        None,
    )
    if browser is None:
        print("[browser] no Chromium on this machine (apt-get install chromium)", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    try:
        build_frontend()
    except SetupError as error:
        print(f"[browser] Stopped: {error}", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory(prefix="ts-") as folder,
        LaptopServer(pathlib.Path(folder)) as server,
    ):
        return npm_run(
            "e2e",
            *sys.argv[1:],
            env={
                "BASE_URL": server.url,
                "E2E_BASE_URL": server.url,
                "CHROMIUM_PATH": browser,
                "SERVER_PID": str(server.pid),
                "TRADESIM_VAR": str(server.folder),
            },
        )


if __name__ == "__main__":
    sys.exit(main())
