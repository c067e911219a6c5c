"""Tables whose rows are never changed: triggers that make the database itself refuse UPDATE, DELETE and
TRUNCATE.

Only a test's flush may lift them, through :func:`lifted`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, migrations
from django.db.backends.base.base import BaseDatabaseWrapper

_SUFFIX = "append_only"


def install_statements(table: str, vendor: str) -> list[str]:
    """The SQL that protects ``table`` on ``vendor`` ("sqlite" or "postgresql")."""
    message = f"{table} is append-only"
    if vendor == "sqlite":
        return [
            f"""CREATE TRIGGER IF NOT EXISTS "{table}_no_{verb.lower()}_{_SUFFIX}" BEFORE {verb} ON "{table}"
            BEGIN SELECT RAISE(ABORT, '{message}'); END"""
            for verb in ("UPDATE", "DELETE")
        ]
    if vendor == "postgresql":
        return [
            """CREATE OR REPLACE FUNCTION refuse_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
            END $$""",
            f'DROP TRIGGER IF EXISTS "{table}_rows_{_SUFFIX}" ON "{table}"',
            f'CREATE TRIGGER "{table}_rows_{_SUFFIX}" BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION refuse_append_only()",
            f'DROP TRIGGER IF EXISTS "{table}_truncate_{_SUFFIX}" ON "{table}"',
            f'CREATE TRIGGER "{table}_truncate_{_SUFFIX}" BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_append_only()",
        ]
    raise NotImplementedError(f"no append-only triggers for {vendor}")


def remove_statements(table: str, vendor: str) -> list[str]:
    """The SQL that takes the protection away again."""
    if vendor == "sqlite":
        return [f'DROP TRIGGER IF EXISTS "{table}_no_{verb}_{_SUFFIX}"' for verb in ("update", "delete")]
    return [f'DROP TRIGGER IF EXISTS "{table}_{kind}_{_SUFFIX}" ON "{table}"' for kind in ("rows", "truncate")]


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def protect(table: str) -> migrations.RunPython:
    """A migration operation that makes ``table`` append-only."""

    def forwards(_apps: Any, editor: Any) -> None:
        _run(editor.connection, install_statements(table, editor.connection.vendor))

    def backwards(_apps: Any, editor: Any) -> None:
        _run(editor.connection, remove_statements(table, editor.connection.vendor))

    return migrations.RunPython(forwards, backwards)


def protected_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables that carry these triggers now, by the database's own catalogue."""
    if connection.vendor == "sqlite":
        query = "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s"
    else:
        query = (
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND t.tgname LIKE %s"
        )
    with connection.cursor() as cursor:
        cursor.execute(query, [f"%{_SUFFIX}"])
        return sorted(str(row[0]) for row in cursor.fetchall())


@contextmanager
def lifted(alias: str = "default") -> Iterator[list[str]]:
    """Without the protection inside the block: for the flush between tests and for tests that tamper."""
    connection = connections[alias]
    tables = protected_tables(connection)
    for table in tables:
        _run(connection, remove_statements(table, connection.vendor))
    try:
        yield tables
    finally:
        for table in tables:
            _run(connection, install_statements(table, connection.vendor))
