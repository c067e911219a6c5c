"""A commit that does not wait for the disk is still a commit, and the next one waits again."""

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.common.durability import outliving_processes


def disk_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous" if connection.vendor == "sqlite" else "SHOW synchronous_commit")
        value = cursor.fetchone()[0]
    return value in (2, "on")


@pytest.mark.django_db(transaction=True)
def test_only_the_one_commit_is_spared_the_disk() -> None:
    # A test server may run with the disk switched off altogether; then there is nothing to give back.
    before = disk_waits()
    with outliving_processes():
        User.objects.create_user(email="light@example.com", password="correct horse battery")
    assert disk_waits() is before
    assert User.objects.filter(email="light@example.com").exists()


@pytest.mark.django_db(transaction=True)
def test_a_failure_inside_leaves_nothing_and_gives_the_disk_back() -> None:
    before = disk_waits()

    def fail_halfway() -> None:
        with outliving_processes():
            User.objects.create_user(email="gone@example.com", password="correct horse battery")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert disk_waits() is before
    assert not User.objects.filter(email="gone@example.com").exists()
