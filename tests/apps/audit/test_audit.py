"""The audit: one row for each change, a chain that shows tampering, and a database that refuses to change it."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from apps.audit import selectors, services
from apps.audit.models import AuditEntry
from apps.common import context
from apps.common.append_only import lifted


def _record(action="thing.changed", **more):
    return services.record(action=action, object_type="thing", object_id=1, now=timezone.now(), **more)


def test_an_entry_holds_who_what_where_and_the_values(db):
    actor = uuid.uuid4()
    token = context.enter(context.CallContext(request_id="r" * 16, address="203.0.113.9", user_agent="curl", sid="s"))
    try:
        _record(actor_id=actor, before={"b": 1, "a": "é"}, after={"when": timezone.now()})
        _record()
    finally:
        context.leave(token)
    _record()
    third, second, first = AuditEntry.objects.all()
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert (first.actor_kind, first.actor_id) == ("user", actor)
    assert (second.actor_kind, third.actor_kind) == ("anonymous", "system")
    assert (first.address, first.user_agent, first.sid, first.request_id) == ("203.0.113.9", "curl", "s", "r" * 16)
    assert first.before == '{"a":"é","b":1}'
    assert [entry.prev_hash for entry in (first, second, third)] == ["0" * 64, first.hash, second.hash]
    assert list(selectors.entries_about(object_type="thing", object_id=1)) == [third, second, first]


def test_an_entry_leaves_with_the_transaction_that_failed(transactional_db):
    _record()
    with transaction.atomic():
        _record()
        transaction.set_rollback(True)
    _record()
    assert list(AuditEntry.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert not selectors.verify_chain().fault


def test_writers_at_once_make_one_chain(transactional_db):
    def write(_):
        try:
            for _ in range(5):
                with transaction.atomic():
                    _record()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    verdict = selectors.verify_chain()
    assert (verdict.entries, verdict.fault) == (30, "")


@pytest.mark.parametrize("change", ["update", "delete", "save"])
def test_the_database_refuses_to_change_a_row(db, change):
    entry = _record()
    tamper = {
        "update": lambda: AuditEntry.objects.filter(pk=entry.pk).update(action="nothing.happened"),
        "delete": lambda: AuditEntry.objects.all().delete(),
        "save": entry.save,
    }[change]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper()
    assert AuditEntry.objects.get().action == "thing.changed"


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_truncate_is_refused_too(transactional_db):
    _record()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditentry")


def test_the_protection_is_back_after_it_was_lifted(transactional_db):
    _record()
    with lifted() as tables:
        assert "audit_auditentry" in tables
        AuditEntry.objects.update(action="x")
    with pytest.raises(DatabaseError):
        AuditEntry.objects.update(action="y")


_COLUMNS = [
    ("action", "thing.changes"),
    ("before", '{"amount":"1"}'),
    ("after", "nul"),
    ("actor_id", uuid.UUID(int=5)),
    ("address", "203.0.113.8"),
    ("at", timezone.now()),
    ("hash", "f" * 64),
    ("prev_hash", "e" * 64),
]


@pytest.mark.parametrize(("column", "value"), _COLUMNS)
def test_a_changed_value_is_found(transactional_db, column, value):
    for _ in range(3):
        _record(before={"amount": "0"})
    with lifted():
        AuditEntry.objects.filter(number=2).update(**{column: value})
    verdict = selectors.verify_chain()
    assert verdict.fault
    assert verdict.number == 2
    with pytest.raises(CommandError, match="Entry 2"):
        call_command("verify_audit")


def test_a_missing_entry_is_found(transactional_db):
    for _ in range(3):
        _record()
    with lifted():
        AuditEntry.objects.filter(number=2).delete()
    assert selectors.verify_chain().fault == "entry 2 is missing"


def test_a_cut_off_tail_is_found_by_a_head_noted_earlier(transactional_db):
    for _ in range(3):
        _record()
    out = StringIO()
    call_command("verify_audit", stdout=out)
    head = out.getvalue().split()[-1]
    assert head == AuditEntry.objects.get(number=3).hash
    with lifted():
        AuditEntry.objects.filter(number=3).delete()
    assert not selectors.verify_chain().fault
    assert "cut off" in selectors.verify_chain(expected_head=head).fault


def test_the_admin_shows_and_changes_nothing(client, make_user):
    client.force_login(make_user(role="admin"))
    entry = _record()
    assert client.get("/admin/audit/auditentry/").status_code == 200
    page = f"/admin/audit/auditentry/{entry.pk}/change/"
    assert client.get(page).status_code == 200
    assert client.post(page, {"action": "x"}).status_code == 403
    assert client.get("/admin/audit/auditentry/add/").status_code == 403
    assert client.post(f"/admin/audit/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
