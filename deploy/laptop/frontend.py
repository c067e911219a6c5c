"""Runs the browser part's own tools with whichever Node.js this machine has: `frontend.py
test|lint|types|build|e2e`.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from setup import FRONTEND, SetupError, build_frontend, install_frontend_packages, npm_command

SCRIPTS = {
    "test": "test",
    "lint": "lint",
    "types": "types",
    "e2e": "e2e",
    "budget": "budget",
    "api": "api:gen",
}


def npm_run(script: str, *arguments: str, env: dict[str, str] | None = None) -> int:
    """Runs one script of frontend/package.json, its output going to ours. Returns its exit code."""
    install_frontend_packages()
    npm, environment = npm_command()
    extra = ["--", *arguments] if arguments else []
    return subprocess.run(
        [*npm, "run", script, *extra],
        cwd=FRONTEND,
        env={**environment, **(env or {})},
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def main() -> int:
    what, *arguments = sys.argv[1:] or ["help"]
    try:
        if what == "build":
            build_frontend()
            return 0
        if what not in SCRIPTS:
            print(f"usage: frontend.py {'|'.join(['build', *SCRIPTS])} [arguments]", file=sys.stderr)
            return 2
        return npm_run(SCRIPTS[what], *arguments, env=dict(os.environ))
    except SetupError as error:
        print(f"[frontend] Stopped: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
