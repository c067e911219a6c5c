"""The whole product as real processes, for every test of this folder."""

from tests.support.fixtures import (  # noqa: F401
    live_server,
    nobody,
    postgres_server,
    redis_server,
    stranger,
    trader,
)
