"""What every suite shares. Append-only tables are unlocked for the flush after a transactional test, and
only then.
"""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _flush_copes_with_append_only_tables() -> Iterator[None]:
    """Django empties the tables after a transactional test; the triggers would refuse it."""
    from django.test import TransactionTestCase

    from apps.common.append_only import lifted

    original = TransactionTestCase._fixture_teardown

    def teardown(self: TransactionTestCase) -> None:
        with lifted():
            original(self)

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]
