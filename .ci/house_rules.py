"""The house rules that a machine can check: how modules open, how long they are, what they are called.

Prints one line for each breach and exits with 1 when there is any.
"""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
# A module past this length must be split; DESIGN's 400 is a reason to think.
LONGEST_MODULE = 600
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "signals", "misc"}
SLEEPY_TEST = re.compile(r"^\s*(time|asyncio)?\.?sleep\((?!0\))", re.MULTILINE)
# A registry is reached through its client's own configuration; an address in a file breaks mirrors
# and offline use.
REGISTRIES = (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("deb", "debian", "org"))
REGISTRY_HOSTS = re.compile("|".join(re.escape(".".join(parts)) for parts in REGISTRIES), re.IGNORECASE)
TEXT_SUFFIXES = {
    ".py", ".toml", ".txt", ".in", ".yaml", ".yml", ".json", ".md", ".cfg", ".ini", ".sh", ".ts", ".tsx",
}  # fmt: skip
GENERATED = ("simulator_engine/contract/v1/", "frontend/src/generated/", "frontend/package-lock.json")


def tracked() -> list[pathlib.Path]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.splitlines() if (ROOT / name).is_file()]


def check_python(path: pathlib.Path, name: str) -> list[str]:
    text = path.read_text()
    if not text.strip():
        return []
    breaches = []
    lines = text.count("\n")
    if lines > LONGEST_MODULE:
        breaches.append(f"{name}: {lines} lines; split it (at most {LONGEST_MODULE})")
    if "/migrations/" not in name and ast.get_docstring(ast.parse(text)) is None:
        breaches.append(f"{name}: says not what it is for (a docstring of one to four lines)")
    if any(part.removesuffix(".py") in FORBIDDEN_NAMES for part in pathlib.PurePath(name).parts):
        breaches.append(f"{name}: name it for what it does")
    # Doubles may be slow on purpose, and the load of tests/chaos has a pace; tests themselves never sleep to wait.
    if name.startswith("tests/") and path.name.startswith("test_") and SLEEPY_TEST.search(text):
        breaches.append(f"{name}: sleeps to wait; use tests.support.waiting.eventually or an injected clock")
    return breaches


def check(path: pathlib.Path) -> list[str]:
    name = str(path.relative_to(ROOT))
    if name.startswith(GENERATED):
        return []
    breaches = []
    if path.suffix == ".py":
        breaches += check_python(path, name)
    if name != ".ci/house_rules.py" and (path.suffix in TEXT_SUFFIXES or path.name in {"Dockerfile", ".npmrc"}):
        found = REGISTRY_HOSTS.search(path.read_text(errors="replace"))
        if found:
            breaches.append(f"{name}: names a package registry ({found.group()})")
    return breaches


def main() -> int:
    breaches = [breach for path in tracked() for breach in check(path)]
    print("\n".join(breaches) if breaches else "house rules: kept")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
