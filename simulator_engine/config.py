"""What a simulator is told at its start. Secrets come in through a pipe, never through argv or the environment."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of the PEM files for mutual TLS: own certificate and key, and the authority that signs the peers'."""

    certificate: str
    key: str
    authority: str


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """One run of one session.

    `listen` and `journal_target` are gRPC targets: `unix:/path` or `host:port`. `advertise` is the endpoint that the
    platform is told; empty means `listen` itself (with the port that was bound).
    """

    session_id: str
    epoch: int
    token: str
    journal_target: str
    listen: str
    advertise: str = ""
    holder: str = ""
    tls: TlsFiles | None = None
    renew_interval_seconds: float = 0.5
    """How often the lease and the horizon move on. A wall second of horizon must outlast a slow commit."""
    horizon_seconds: float = 1.25
    """How far ahead of the clock, in wall seconds, frames may be released before the next renewal."""
    snapshot_interval_seconds: float = 30.0
    snapshot_every_commands: int = 10_000
    snapshot_every_events: int = 10_000
    """Bounds the replay after a crash: at 12–16 µs an event so many are made again in about 0.15 s."""
    journal_timeout_seconds: float = 2.0

    @property
    def holder_name(self) -> str:
        return self.holder or f"{os.uname().nodename}:{os.getpid()}"

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, data: bytes) -> SimulatorConfig:
        """Raises ValueError when a field is missing, unknown or of the wrong type."""
        try:
            fields = json.loads(data)
            tls = fields.pop("tls", None)
            return cls(**fields, tls=TlsFiles(**tls) if tls else None)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a simulator configuration: {error}") from error
