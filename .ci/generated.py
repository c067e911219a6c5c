"""Generated files are committed; this makes them again and compares: `generated.py contract|schema
[--write]`.

contract: the gRPC code from simulator_engine/contract/v1/*.proto. schema: docs/reference/openapi.yaml from
the code, and the browser part's types from that.
"""

from __future__ import annotations

import argparse
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROTOS = "simulator_engine/contract/v1"
OPENAPI = ROOT / "docs" / "reference" / "openapi.yaml"
TYPES = ROOT / "frontend" / "src" / "generated" / "api.d.ts"


def run(*command: str | os.PathLike[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")


def make_contract(target: pathlib.Path) -> list[pathlib.Path]:
    """Generates into `target` and returns the files' paths relative to the repository."""
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / PROTOS).glob("*.proto"))
    outputs = (f"--python_out={target}", f"--pyi_out={target}", f"--grpc_python_out={target}")
    run(sys.executable, "-m", "grpc_tools.protoc", "-I.", *outputs, *protos)
    return sorted(path.relative_to(target) for path in (target / PROTOS).glob("*.py*"))


def make_schema(target: pathlib.Path) -> list[pathlib.Path]:
    openapi = target / OPENAPI.relative_to(ROOT)
    openapi.parent.mkdir(parents=True)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tradesim.settings.dev",
        "TRADESIM_VAR": str(target / "var"),
    }
    spectacular = ("manage.py", "spectacular", "--validate", "--fail-on-warn")
    run(sys.executable, *spectacular, "--file", openapi, env=environment)
    types = target / TYPES.relative_to(ROOT)
    types.parent.mkdir(parents=True)
    sys.path.insert(0, str(ROOT / "deploy" / "laptop"))
    from setup import FRONTEND, install_frontend_packages, npm_command

    install_frontend_packages()
    npm, node_environment = npm_command()
    generator = ("--prefix", FRONTEND, "exec", "--", "openapi-typescript")
    run(*npm, *generator, openapi, "-o", types, env=node_environment)
    return [OPENAPI.relative_to(ROOT), TYPES.relative_to(ROOT)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("contract", "schema"))
    parser.add_argument("--write", action="store_true", help="replace what is committed")
    arguments = parser.parse_args()
    stale = 0
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder)
        make = {"contract": make_contract, "schema": make_schema}[arguments.what]
        for relative in make(target):
            new = (target / relative).read_text()
            committed = ROOT / relative
            old = committed.read_text() if committed.exists() else ""
            if new == old:
                continue
            if arguments.write:
                committed.parent.mkdir(parents=True, exist_ok=True)
                committed.write_text(new)
                print(f"wrote {relative}")
                continue
            stale += 1
            names = ("committed", "generated")
            difference = difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="")
            print(f"{relative} is not what the code says; run: make {arguments.what}")
            print("\n".join(list(difference)[:60]))
    if not stale and not arguments.write:
        print(f"generated files ({arguments.what}): as committed")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
