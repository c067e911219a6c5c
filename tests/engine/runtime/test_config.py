"""A simulator's configuration survives the pipe, and nonsense is refused."""

import pytest

from simulator_engine.config import SimulatorConfig, TlsFiles


def test_the_configuration_comes_out_as_it_went_in() -> None:
    config = SimulatorConfig(
        session_id="5f0c6d6e-0000-4000-8000-000000000001",
        epoch=3,
        token="secret",
        journal_target="unix:/run/journal.sock",
        listen="127.0.0.1:0",
        tls=TlsFiles("a.pem", "a.key", "ca.pem"),
    )
    assert SimulatorConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"session_id": "x", "surprise": 1}'])
def test_a_configuration_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        SimulatorConfig.from_json(data)
