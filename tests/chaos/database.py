"""Reads an installation's database from outside, as an auditor would: SQLite's file or PostgreSQL. Never
writes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg

from tests.support.live_server import LiveServer

Row = dict[str, Any]


class Database:
    """`rows` runs one statement with `?` placeholders and returns dictionaries."""

    def __init__(self, connection: Any, *, postgres: bool) -> None:
        self._connection = connection
        self._postgres = postgres

    def rows(self, statement: str, *parameters: Any) -> list[Row]:
        if self._postgres:
            statement = statement.replace("?", "%s")
        cursor = self._connection.cursor()
        cursor.execute(statement, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def key(self, session_id: str) -> str:
        """A session's id as this database keeps it."""
        return session_id if self._postgres else session_id.replace("-", "")


@contextlib.contextmanager
def open_database(server: LiveServer) -> Iterator[Database]:
    url = server.env.get("DATABASE_URL")
    if url:
        with psycopg.connect(url, options="-c default_transaction_read_only=on") as connection:
            yield Database(connection, postgres=True)
        return
    path = server.folder / "db.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as lite:
        yield Database(lite, postgres=False)
