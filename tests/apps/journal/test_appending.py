"""The fence, the chain and the projection of one append, against the real tables."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.journal import appending, selectors, snapshots, verifying
from apps.journal.models import EventLogEntry, JournalRecord, Snapshot
from apps.simulator_sessions import leases
from apps.simulator_sessions.models import SessionLease
from tests.apps.journal.batches import batch, record, report, session_with_lease

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_projection(settings):
    settings.JOURNAL_RECEIVERS = []


@pytest.fixture
def session_id(django_user_model) -> uuid.UUID:
    return session_with_lease(django_user_model, epoch=1)


def append(item):
    return appending.append(item, now=timezone.now())


def test_batches_follow_one_another_and_the_chain_holds(session_id):
    for number in range(1, 4):
        result = append(batch(session_id, commands=(number, 1), events=(2 * number - 1, 2)))
        assert result == appending.Appended(number, 2 * number)
    lease = SessionLease.objects.get(session_id=session_id)
    assert (lease.last_command_seq, lease.last_event_seq) == (3, 6)
    assert verifying.verify_session(session_id) == []


def test_a_batch_may_hold_reports_and_no_command(session_id):
    assert append(batch(session_id, commands=(1, 0), events=(1, 2))) == appending.Appended(0, 2)
    assert append(batch(session_id, commands=(1, 1), events=(3, 0))) == appending.Appended(1, 2)
    assert [
        len(item.records) for item in selectors.tail(session_id=session_id, after_command_seq=0, after_event_seq=0)
    ] == [0, 1]
    assert verifying.verify_session(session_id) == []


def test_the_identical_batch_again_is_its_result_and_changes_nothing(session_id):
    item = batch(session_id, commands=(1, 2), events=(1, 3))
    append(item)
    again = append(item)
    assert again == appending.Appended(2, 3, repeated=True)
    assert JournalRecord.objects.count() == 2
    assert EventLogEntry.objects.count() == 3


def test_the_same_position_with_other_content_is_fenced(session_id):
    append(batch(session_id, commands=(1, 1), events=(1, 1)))
    other = batch(session_id, commands=(1, 1), events=(1, 1), body=b'{"another":1}')
    assert append(other) == appending.Fenced()


def test_an_older_epoch_cannot_append_and_its_stored_batch_is_still_answered(session_id):
    stored = batch(session_id, commands=(1, 1), events=(1, 1))
    append(stored)
    assert leases.raise_epoch(session_id=session_id, from_epoch=1)
    assert append(batch(session_id, commands=(2, 1), events=(2, 1))) == appending.Fenced()
    assert append(stored) == appending.Appended(1, 1, repeated=True)
    assert append(batch(session_id, epoch=2, commands=(2, 1), events=(2, 1))) == appending.Appended(2, 2)
    assert verifying.verify_session(session_id) == []


@pytest.mark.parametrize("commands", [(3, 1), (1, 1)])
def test_a_wrong_first_seq_is_fenced(session_id, commands):
    append(batch(session_id, commands=(1, 1), events=(1, 1)))
    assert append(batch(session_id, commands=commands, events=(2, 1))) == appending.Fenced()
    assert JournalRecord.objects.count() == 1


def test_a_gap_inside_a_batch_is_malformed_and_writes_nothing(session_id):
    whole = batch(session_id, commands=(1, 2), events=(1, 1))
    with pytest.raises(appending.MalformedBatch):
        append(replace(whole, records=[whole.records[0], replace(whole.records[1], command_seq=5)]))
    with pytest.raises(appending.MalformedBatch):
        append(replace(whole, records=[], reports=[]))
    assert SessionLease.objects.get(session_id=session_id).last_command_seq == 0


def test_a_request_id_used_before_is_refused_whole(session_id):
    append(batch(session_id, commands=(1, 1), events=(1, 1)))
    item = batch(session_id, commands=(2, 2), events=(2, 1))
    clash = replace(item, records=[item.records[0], replace(item.records[1], request_id="order-1")])
    assert append(clash) == appending.DuplicateRequest("order-1", 1)
    assert JournalRecord.objects.count() == 1
    assert SessionLease.objects.get(session_id=session_id).last_command_seq == 1


def test_the_database_itself_holds_one_record_per_request(session_id):
    append(batch(session_id, commands=(1, 1), events=(1, 1)))
    row = JournalRecord.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        JournalRecord.objects.create(
            **{
                field.attname: getattr(row, field.attname)
                for field in JournalRecord._meta.concrete_fields
                if field.attname not in ("id", "command_seq")
            },
            command_seq=2,
        )


def test_a_receiver_that_fails_undoes_the_whole_append(session_id, settings):
    settings.JOURNAL_RECEIVERS = ["tests.apps.journal.batches.failing_receiver"]
    with pytest.raises(appending.Unstorable, match="receiver"):
        append(batch(session_id, commands=(1, 1), events=(1, 1)))
    assert JournalRecord.objects.count() == 0
    assert SessionLease.objects.get(session_id=session_id).last_command_seq == 0


def test_reports_are_read_back_byte_for_byte_by_stream(session_id):
    append(batch(session_id, commands=(1, 1), events=(1, 4)))
    rows = selectors.reports_after(session_id=session_id, stream="orders", after_seq=1, limit=2)
    assert [row.stream_seq for row in rows] == [2, 3]
    assert rows[0].body == report(2, caused_by=1).body
    assert rows[0].legs == report(2, caused_by=1).legs
    found = selectors.command_by_request_id(session_id=session_id, request_id="order-1")
    assert found is not None
    assert found.command_seq == 1
    assert len(found.reports) == 4
    assert selectors.command_by_request_id(session_id=session_id, request_id="order-2") is None


def test_the_tail_from_inside_a_batch_begins_with_its_rest(session_id):
    append(batch(session_id, commands=(1, 1), events=(1, 3)))
    append(batch(session_id, commands=(2, 1), events=(4, 1)))
    tail = list(selectors.tail(session_id=session_id, after_command_seq=1, after_event_seq=2))
    assert [[row.event_seq for row in item.reports] for item in tail] == [[3], [4]]


def test_a_missing_row_is_corruption(session_id):
    append(batch(session_id, commands=(1, 2), events=(1, 2)))
    JournalRecord.objects.filter(command_seq=2).delete()
    with pytest.raises(appending.Corrupt):
        list(selectors.tail(session_id=session_id, after_command_seq=0, after_event_seq=0))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: JournalRecord.objects.filter(command_seq=2).update(body=b"x"),
        lambda: JournalRecord.objects.filter(command_seq=2).update(epoch=9),
        lambda: EventLogEntry.objects.filter(event_seq=2).update(body=b'{"forged":1}'),
        lambda: EventLogEntry.objects.filter(event_seq=2).delete(),
        lambda: SessionLease.objects.update(last_command_seq=9),
    ],
)
def test_the_verifier_finds_what_was_changed(session_id, spoil):
    append(batch(session_id, commands=(1, 2), events=(1, 2)))
    append(batch(session_id, commands=(3, 1), events=(3, 1)))
    assert verifying.verify_session(session_id) == []
    spoil()
    assert verifying.verify_session(session_id) != []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: JournalRecord.objects.filter(command_seq=2).update(body_hash=b"x" * 32),
        lambda: JournalRecord.objects.filter(command_seq=2).update(hash=b"x" * 32),
        lambda: EventLogEntry.objects.filter(event_seq=2).update(wall_time_ms=1),
        lambda: EventLogEntry.objects.filter(event_seq=2).update(legs=b""),
        lambda: EventLogEntry.objects.filter(event_seq=2).update(body=b"no json"),
    ],
)
def test_a_restore_is_never_given_what_was_changed(session_id, spoil):
    append(batch(session_id, commands=(1, 2), events=(1, 2)))
    assert len(list(selectors.tail(session_id=session_id, after_command_seq=0, after_event_seq=0))) == 1
    spoil()
    with pytest.raises(appending.Corrupt):
        list(selectors.tail(session_id=session_id, after_command_seq=0, after_event_seq=0))


def snapshot(session_id, command_seq, *, epoch=1, name="", data=None):
    data = data or f"state {command_seq}".encode()
    return snapshots.NewSnapshot(
        session_id=session_id,
        epoch=epoch,
        command_seq=command_seq,
        event_seq=0,
        sim_time_ns=command_seq,
        engine_version="1",
        state_hash="h",
        sha256=hashlib.sha256(data).digest(),
        name=name,
        data=data,
    )


def test_snapshots_are_fenced_bounded_by_the_durable_seq_and_pruned(session_id):
    append(batch(session_id, commands=(1, 9), events=(1, 0)))
    now = timezone.now()
    assert not snapshots.put_snapshot(snapshot(session_id, 10), now=now)
    assert not snapshots.put_snapshot(snapshot(session_id, 5, epoch=2), now=now)
    assert snapshots.put_snapshot(snapshot(session_id, 1, name="before lunch"), now=now)
    for command_seq in range(2, 8):
        assert snapshots.put_snapshot(snapshot(session_id, command_seq), now=now)
    kept = Snapshot.objects.order_by("command_seq").values_list("command_seq", flat=True)
    assert list(kept) == [1, 5, 6, 7]


def test_a_torn_snapshot_is_passed_over_for_the_one_before(session_id):
    append(batch(session_id, commands=(1, 9), events=(1, 0)))
    for command_seq in (3, 5):
        snapshots.put_snapshot(snapshot(session_id, command_seq), now=timezone.now())
    Snapshot.objects.filter(command_seq=5).update(data=b"state")
    newest = selectors.newest_snapshot(session_id=session_id)
    assert newest is not None
    assert newest.command_seq == 3
    with pytest.raises(snapshots.TornSnapshot):
        snapshots.put_snapshot(replace(snapshot(session_id, 6), data=b"half"), now=timezone.now())


def test_records_keep_their_fields(session_id):
    append(batch(session_id, commands=(1, 1), events=(1, 1)))
    stored = next(selectors.tail(session_id=session_id, after_command_seq=0, after_event_seq=0))
    assert stored.records == (record(1),)
