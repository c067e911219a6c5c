"""Inserting many rows of one table with one statement, without building model objects: for the append's hot path.

Values are given as the database takes them; `database_uuid` and `database_time` say how for this one.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

MOST_PARAMETERS = 30_000  # SQLite takes 32 766 in a statement, PostgreSQL 65 535


@lru_cache(maxsize=32)
def _head(model: type[models.Model], fields: tuple[str, ...], vendor: str) -> tuple[str, str]:
    quote = connection.ops.quote_name
    by_name = {field.name: field.column for field in model._meta.concrete_fields}
    columns = ", ".join(quote(str(by_name[name])) for name in fields)
    values = "(" + ", ".join(["%s"] * len(fields)) + ")"
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ", values  # noqa: S608 - our own names


def insert_rows(model: type[models.Model], fields: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert all rows. Raises what the database raises; nothing when there are no rows."""
    head, values = _head(model, fields, connection.vendor)
    step = MOST_PARAMETERS // len(fields)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            parameters = [value for row in part for value in row]
            cursor.execute(head + ", ".join([values] * len(part)), parameters)


def database_uuid(value: uuid.UUID) -> Any:
    return value if connection.features.has_native_uuid_field else value.hex


def database_time(value: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
