"""Generates the Python code of the .proto files beside it: `python -m simulator_engine.contract.generate`.

The generated files are committed; a test generates them again and compares.
"""

from __future__ import annotations

import sys
from pathlib import Path


def generate(output: Path) -> None:
    """Write the generated modules for every .proto below `contract/v1` under `output`, a source root."""
    from grpc_tools import protoc

    root = Path(__file__).resolve().parents[2]
    protos = sorted(str(path.relative_to(root)) for path in (root / "simulator_engine/contract/v1").glob("*.proto"))
    code = protoc.main(
        ["protoc", f"-I{root}", f"--python_out={output}", f"--pyi_out={output}", f"--grpc_python_out={output}", *protos]
    )
    if code != 0:
        raise SystemExit(code)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
