"""The committed code of the .proto files is what they generate today."""

from pathlib import Path

from simulator_engine.contract.generate import generate

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("simulator_engine/contract/v1")


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    generate(tmp_path)
    made = {path.name: path.read_text() for path in (tmp_path / FOLDER).iterdir()}
    committed = {name: (ROOT / FOLDER / name).read_text() for name in made}
    assert made == committed
