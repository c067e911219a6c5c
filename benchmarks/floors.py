"""What the machine gives at best: a trivial request, and the journal's fenced insert alone with nothing around it."""

from __future__ import annotations

import pathlib
import sqlite3
import statistics
import time

import psycopg

from benchmarks.quick_http import QuickClient

ROUNDS = 300
BODY = b'{"order_id":"0","status":"NEW"}' * 12  # about as long as a report


def trivial_request_ms(url: str, headers: dict[str, str]) -> float:
    """Median milliseconds of GET /healthz over a kept connection: transport and framework, no work."""
    client = QuickClient(url, headers=headers)
    seconds = [client.call("GET", "/healthz")[2] for _ in range(ROUNDS)]
    client.close()
    return statistics.median(seconds[20:]) * 1000


def fenced_insert_sqlite_ms(folder: pathlib.Path) -> float:
    connection = sqlite3.connect(folder / "floor.sqlite3", isolation_level=None, timeout=20)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE lease (id INTEGER PRIMARY KEY, epoch INTEGER, last INTEGER)")
    connection.execute("CREATE TABLE journal (id INTEGER, seq INTEGER, body BLOB, PRIMARY KEY (id, seq))")
    connection.execute("INSERT INTO lease VALUES (1, 1, 0)")
    seconds = []
    for number in range(1, ROUNDS + 1):
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE lease SET last = ? WHERE id = 1 AND epoch = 1 AND last = ?", (number, number - 1))
        connection.execute("INSERT INTO journal VALUES (1, ?, ?)", (number, BODY))
        connection.execute("COMMIT")
        seconds.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(seconds) * 1000


def fenced_insert_postgres_ms(url: str) -> float:
    seconds = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("CREATE TABLE floor_lease (id int PRIMARY KEY, epoch bigint, last bigint)")
        connection.execute("CREATE TABLE floor_journal (id int, seq bigint, body bytea, PRIMARY KEY (id, seq))")
        connection.execute("INSERT INTO floor_lease VALUES (1, 1, 0)")
        for number in range(1, ROUNDS + 1):
            started = time.perf_counter()
            with connection.transaction():
                connection.execute(
                    "UPDATE floor_lease SET last = %s WHERE id = 1 AND epoch = 1 AND last = %s", (number, number - 1)
                )
                connection.execute("INSERT INTO floor_journal VALUES (1, %s, %s)", (number, BODY))
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000
