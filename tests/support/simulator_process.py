"""A simulator as a real process, with a journal in memory behind it: what the runtime's own tests drive."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio
import orjson

from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2, simulator_pb2_grpc
from simulator_engine.runtime.channels import call_metadata, channel_options
from tests.support.memory_journal import MemoryJournal, start_journal

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 20.0


@dataclass
class SimulatorRun:
    """One process of one session at one epoch."""

    process: asyncio.subprocess.Process
    stub: simulator_pb2_grpc.SimulatorServiceStub
    channel: grpc.aio.Channel
    metadata: tuple[tuple[str, str], ...]

    async def execute(self, request_id: str, timeout: float = 5.0, **body: object) -> simulator_pb2.CommandReply:
        command = simulator_pb2.Command(request_id=request_id, **body)  # type: ignore[arg-type]
        return await self.stub.Execute(command, metadata=self.metadata, timeout=timeout)

    async def clock(self, request_id: str, action: str, speed: str = "") -> simulator_pb2.CommandReply:
        return await self.execute(request_id, clock=simulator_pb2.ControlClock(action=action, speed=speed))

    async def state(self, kind: str, **fields: object) -> dict[str, object]:
        request = simulator_pb2.StateRequest(kind=kind, **fields)  # type: ignore[arg-type]
        reply = await self.stub.GetState(request, metadata=self.metadata, timeout=5.0)
        assert not reply.code, reply.text
        body: dict[str, object] = orjson.loads(reply.body)
        return body

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()
        await self.channel.close(None)

    async def exit_code(self, timeout: float = 10.0) -> int:
        return await asyncio.wait_for(self.process.wait(), timeout)


@dataclass
class SimulatorSession:
    """A session whose journal lives in this process; start as many runs of it as a test wants."""

    journal: MemoryJournal
    folder: Path
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    runs: list[SimulatorRun] = field(default_factory=list)

    async def start(self, epoch: int, *, wait: bool = True, **config: object) -> SimulatorRun:
        listen = f"unix:{self.folder}/s{epoch}.sock"
        settings = SimulatorConfig(
            session_id=self.session_id,
            epoch=epoch,
            token="token-of-this-run",
            journal_target=f"unix:{self.folder}/journal.sock",
            listen=listen,
            **config,  # type: ignore[arg-type]
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulator_engine", "serve", stdin=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert process.stdin is not None
        process.stdin.write(settings.to_json())
        process.stdin.close()
        channel = grpc.aio.insecure_channel(listen, options=channel_options(listen))
        stub = simulator_pb2_grpc.SimulatorServiceStub(channel)
        metadata = call_metadata(token=settings.token, session_id=self.session_id, epoch=epoch)
        run = SimulatorRun(process, stub, channel, metadata)
        self.runs.append(run)
        if wait:
            await asyncio.wait_for(channel.channel_ready(), READY_SECONDS)
        return run


@asynccontextmanager
async def a_session(**spec: object) -> AsyncIterator[SimulatorSession]:
    """A new session of the open market with its journal; every process is ended at the close."""
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        fields = {"scenario": "open-market", "seed": 7, "speed": "1", "engine_version": "1", **spec}
        journal = MemoryJournal(spec=journal_pb2.SessionSpec(**fields))  # type: ignore[arg-type]
        server = await start_journal(journal, f"unix:{folder}/journal.sock")
        session = SimulatorSession(journal, Path(folder))
        try:
            yield session
        finally:
            for run in session.runs:
                if run.process.returncode is None:
                    await run.kill()
                else:
                    await run.channel.close(None)
            await server.stop(0)
