"""Insert rows, or bring those that exist forward, in one statement: what a projection needs and the ORM
lacks.

It never moves a row backwards: a row whose `newer` column is not greater than the stored one changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from django.db import connections, models, router

M = TypeVar("M", bound=models.Model)


def upsert_newer(
    model: type[M], rows: Sequence[M], *, key: Sequence[str], newer: str, keep: Collection[str] = ()
) -> None:
    """Insert `rows`; where `key` exists already, overwrite it if the row's `newer` is greater.

    `key` are the field names of a unique constraint, no two rows may share one; `keep` are the fields that
    stay as
    first written. Works alike on SQLite and PostgreSQL.
    """
    if not rows:
        return
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields = [
        field
        for field in model._meta.concrete_fields
        if not (isinstance(field, models.AutoField) and field.primary_key)
    ]
    column = {field.name: quote(str(field.column)) for field in fields}
    table = quote(model._meta.db_table)
    changed = [field.name for field in fields if field.name not in key and field.name not in keep]
    assignments = ", ".join(f"{column[name]} = excluded.{column[name]}" for name in changed)
    head = f"INSERT INTO {table} ({', '.join(column[field.name] for field in fields)}) VALUES "  # noqa: S608
    tail = (
        f" ON CONFLICT ({', '.join(column[name] for name in key)}) DO UPDATE SET {assignments}"
        f" WHERE {table}.{column[newer]} < excluded.{column[newer]}"
    )
    one = f"({', '.join(['%s'] * len(fields))})"
    limit = connection.features.max_query_params
    size = len(rows) if limit is None else max(1, limit // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            chunk = rows[start : start + size]
            values = [
                field.get_db_prep_save(getattr(row, field.attname), connection) for row in chunk for field in fields
            ]
            cursor.execute(head + ", ".join([one] * len(chunk)) + tail, values)
