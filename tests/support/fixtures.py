"""Pytest fixtures over the real servers and the whole product. Imported by the conftest of the suites that
need them.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Iterator

import pytest

from tests.support.api_client import ApiClient
from tests.support.live_server import LaptopServer, LiveServer, ProductionServer
from tests.support.postgres import PostgresServer, PostgresUnavailableError, running_postgres
from tests.support.redis_server import RedisServer, RedisUnavailableError, running_redis
from tests.support.requirement import missing

COLUMNS = ("laptop", pytest.param("production", marks=pytest.mark.postgres))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL for the whole run."""
    try:
        with running_postgres() as server:
            yield server
    except PostgresUnavailableError as error:
        missing("PostgreSQL", str(error))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis for the whole run."""
    try:
        with running_redis() as server:
            yield server
    except RedisUnavailableError as error:
        missing("Redis", str(error))


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The connection string of an empty database of this test's own."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="module", params=COLUMNS)
def product(request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    """The whole product as real processes, once per module and column.

    Tests make users and sessions of their own.
    """
    # A short path: Unix sockets allow about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="ts-", ignore_cleanup_errors=True) as folder:
        if request.param == "laptop":
            with LaptopServer(pathlib.Path(folder)) as server:
                yield server
            return
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        redis: RedisServer = request.getfixturevalue("redis_server")
        database = postgres.create_database()
        try:
            with ProductionServer(pathlib.Path(folder), database_url=database, redis_url=redis.url) as production:
                yield production
        finally:
            postgres.drop_database(database)


@pytest.fixture
def trader(product: LiveServer) -> Iterator[ApiClient]:
    """A new user, signed in."""
    with ApiClient(product.url) as client:
        yield client.sign_up()


@pytest.fixture
def stranger(product: LiveServer) -> Iterator[ApiClient]:
    """Another new user, signed in."""
    with ApiClient(product.url) as client:
        yield client.sign_up()


@pytest.fixture
def nobody(product: LiveServer) -> Iterator[ApiClient]:
    """Somebody who is not signed in."""
    with ApiClient(product.url) as client:
        yield client
