"""Transactions that need not wait for the disk: for rows that only matter while the machine lives. Never for facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def outliving_processes() -> Iterator[None]:
    """One transaction that survives the death of every process, though not the loss of the machine's power.

    It is as atomic and as ordered as any other; only its commit does not wait for the disk, and the next full commit
    takes it along. Inside an outer transaction it is that one's part, with that one's durability.
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = NORMAL")
        try:
            with transaction.atomic():
                yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous = FULL")
    else:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL synchronous_commit TO OFF")
            yield
