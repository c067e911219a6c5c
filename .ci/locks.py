"""Compiles requirements/*.in into hashed lock files, or says whether the committed ones are what they
would give.

Every lock is bound by the test lock, so that one version of a package is used everywhere.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "requirements"
# The test lock first: the others are compiled within its versions.
NAMES = ("test", "laptop", "engine", "base", "dev", "prod", "node")


def compile_all(folder: pathlib.Path, *, upgrade: bool) -> None:
    for name in NAMES:
        bounds = [] if name == "test" else ["-c", "requirements/test.txt"]
        done = subprocess.run(
            [
                sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11",
                "--generate-hashes", "--no-emit-index-url", "--no-config", "--quiet",
                "--custom-compile-command", "make lock",
                *(["--upgrade"] if upgrade else []), *bounds,
                f"requirements/{name}.in", "-o", f"requirements/{name}.txt",
            ],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"requirements/{name}.in can't be locked:\n{done.stderr}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the committed locks")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    arguments = parser.parse_args()
    if arguments.write:
        compile_all(ROOT, upgrade=arguments.upgrade)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "requirements"
        shutil.copytree(FOLDER, copy)
        compile_all(pathlib.Path(folder), upgrade=False)
        stale = [name for name in NAMES if (copy / f"{name}.txt").read_text() != (FOLDER / f"{name}.txt").read_text()]
    for name in stale:
        print(f"requirements/{name}.txt is not what {name}.in gives; run: make lock")
    if not stale:
        print("requirements: locks are as their .in files say")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
