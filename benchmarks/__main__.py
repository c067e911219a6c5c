"""`make bench`: starts the product in both columns, measures it, prints a table and keeps the figures as JSON."""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile

from benchmarks import floors
from benchmarks.product import Bench
from benchmarks.report import Figure, keep, print_table
from tests.support.live_server import LaptopServer, ProductionServer
from tests.support.postgres import PostgresUnavailableError, running_postgres
from tests.support.redis_server import RedisUnavailableError, running_redis

PARTS = ("orders", "click", "starts", "resources")


def measure(bench: Bench, insert_floor_ms: float, parts: tuple[str, ...]) -> list[Figure]:
    request_floor_ms = floors.trivial_request_ms(bench.rest_url, bench.headers)
    figures = [
        Figure(bench.database, "trivial request, p50", request_floor_ms, "ms"),
        Figure(bench.database, "fenced insert alone, p50", insert_floor_ms, "ms"),
    ]
    if "starts" in parts:
        figures += bench.starts()
    if "orders" in parts:
        figures += bench.orders(request_floor_ms, insert_floor_ms)
    if "click" in parts:
        figures += bench.click_to_fill()
    if "resources" in parts:
        figures += bench.resources()
    return figures


def laptop(parts: tuple[str, ...]) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="ts-") as folder:
        path = pathlib.Path(folder)
        with LaptopServer(path) as server:
            return measure(Bench(server), floors.fenced_insert_sqlite_ms(path), parts)


def production(parts: tuple[str, ...]) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="ts-") as folder,
        running_postgres() as postgres,
        running_redis() as redis,
    ):
        database = postgres.create_database("bench")
        floor = floors.fenced_insert_postgres_ms(database)
        postgres.drop_database(database)
        database = postgres.create_database("bench")
        try:
            with ProductionServer(pathlib.Path(folder), database_url=database, redis_url=redis.url) as server:
                return measure(Bench(server), floor, parts)
        finally:
            postgres.drop_database(database)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--column", choices=("laptop", "production", "both"), default="both")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part (may be repeated)")
    arguments = parser.parse_args()
    parts = tuple(arguments.only or PARTS)
    figures: list[Figure] = []
    if arguments.column in {"laptop", "both"}:
        figures += laptop(parts)
    if arguments.column in {"production", "both"}:
        try:
            figures += production(parts)
        except (PostgresUnavailableError, RedisUnavailableError) as error:
            print(f"production's column is not measured: {error}", file=sys.stderr)
    print_table(figures)
    print(f"\nkept in {keep('product', figures)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
