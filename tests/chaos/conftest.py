"""The whole product as real processes, for every test of this folder."""

from tests.support.fixtures import (  # noqa: F401
    nobody,
    postgres_server,
    product,
    redis_server,
    stranger,
    trader,
)
