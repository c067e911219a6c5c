"""The journal service through its own door: gRPC, a real server, the real tables, on SQLite or DATABASE_URL."""

from __future__ import annotations

import uuid

import grpc
import pytest
from django.db import connection

from apps.journal.serving import JournalServer
from apps.simulator_sessions import leases
from apps.simulator_sessions.models import SessionLease
from simulator_engine.contract.v1 import journal_pb2 as pb
from simulator_engine.contract.v1 import journal_pb2_grpc as pb_grpc
from tests.apps.journal.batches import session_with_lease
from tests.support.journal_messages import acquire, append_request, call, caller, chunks, renew

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def door(settings, tmp_path):
    settings.JOURNAL_RECEIVERS = []
    target = f"unix:{tmp_path}/j.sock"
    server = JournalServer(target).start()
    channel = grpc.insecure_channel(target, options=[("grpc.default_authority", "localhost")])
    yield pb_grpc.JournalServiceStub(channel)
    channel.close()
    server.stop(0)


@pytest.fixture
def session_id(django_user_model) -> uuid.UUID:
    return session_with_lease(django_user_model, epoch=1)


def code_of(failure) -> grpc.StatusCode:
    return failure.value.code()


def test_a_caller_without_this_sessions_token_is_turned_away(door, session_id):
    other = session_with_lease_of_another()
    request = append_request(session_id)
    for metadata in (
        (),
        caller(session_id, token="0" * 64),
        caller(session_id, token=leases.token_for(session_id=session_id, epoch=2)),
        caller(session_id, token=leases.token_for(session_id=other, epoch=1)),
    ):
        with pytest.raises(grpc.RpcError) as failure:
            door.Append(request, metadata=metadata, timeout=10)
        assert code_of(failure) is grpc.StatusCode.UNAUTHENTICATED
    with pytest.raises(grpc.RpcError) as failure:
        door.Append(append_request(other), metadata=caller(session_id), timeout=10)
    assert code_of(failure) is grpc.StatusCode.PERMISSION_DENIED


def session_with_lease_of_another() -> uuid.UUID:
    return uuid.uuid4()


def test_acquire_binds_one_holder_and_tells_what_the_session_is_made_of(door, session_id):
    reply = acquire(door, session_id)
    assert (reply.spec.scenario, reply.spec.seed, reply.last_command_seq) == ("open-market", 1, 0)
    assert reply.lease_ttl_seconds == 6
    assert acquire(door, session_id).last_command_seq == 0  # the same holder again
    with pytest.raises(grpc.RpcError) as failure:
        acquire(door, session_id, holder="two")
    assert code_of(failure) is grpc.StatusCode.FAILED_PRECONDITION


def test_the_horizon_only_rises_and_the_lease_lives_on_the_databases_clock(door, session_id):
    acquire(door, session_id)
    assert renew(door, session_id, horizon_ns=100).horizon_ns == 100
    assert renew(door, session_id, horizon_ns=50).horizon_ns == 100
    lease = SessionLease.objects.get(session_id=session_id)
    assert lease.state == "READY"
    assert 5.9 < (lease.expires_at - lease.renewed_at).total_seconds() <= 6.1


def test_the_time_that_is_shown_never_runs_back(door, session_id):
    """An append was formed before a renewal that overtook it, or a renewal before an append."""
    acquire(door, session_id)
    renew(door, session_id, sim_time_ns=900)
    call(door.Append, append_request(session_id), session_id)  # it stands at 5
    assert SessionLease.objects.get(session_id=session_id).sim_time_ns == 900
    renew(door, session_id, sim_time_ns=800)
    assert SessionLease.objects.get(session_id=session_id).sim_time_ns == 900


def test_a_raised_epoch_fences_every_call_of_the_old_one(door, session_id):
    acquire(door, session_id)
    assert leases.raise_epoch(session_id=session_id, from_epoch=1)
    assert call(door.Append, append_request(session_id), session_id).fenced
    for attempt in (
        lambda: renew(door, session_id),
        lambda: acquire(door, session_id),
        lambda: list(call(door.LoadTail, pb.LoadTailRequest(session_id=str(session_id), epoch=1), session_id)),
        lambda: list(call(door.GetSnapshot, pb.GetSnapshotRequest(session_id=str(session_id), epoch=1), session_id)),
        lambda: call(
            door.Release,
            pb.ReleaseRequest(session_id=str(session_id), epoch=1, holder="one", state="DRAINED"),
            session_id,
        ),
    ):
        with pytest.raises(grpc.RpcError) as failure:
            attempt()
        assert code_of(failure) is grpc.StatusCode.FAILED_PRECONDITION
    assert acquire(door, session_id, epoch=2, holder="two").last_command_seq == 0


def test_an_append_is_durable_repeatable_and_read_back_as_it_was(door, session_id):
    acquire(door, session_id)
    first = append_request(session_id, count=2, events=3)
    reply = call(door.Append, first, session_id)
    assert (reply.last_command_seq, reply.last_event_seq, reply.repeated_batch) == (2, 3, False)
    assert call(door.Append, first, session_id).repeated_batch
    assert (
        call(door.Append, append_request(session_id, first=3, count=0, first_event=4), session_id).last_event_seq == 4
    )
    assert call(door.Append, append_request(session_id, first=5, first_event=5), session_id).fenced

    tail = list(call(door.LoadTail, pb.LoadTailRequest(session_id=str(session_id), epoch=1), session_id))
    assert [len(item.records) for item in tail] == [2, 0]
    assert list(tail[0].records) == list(first.records)
    assert list(tail[0].reports) == list(first.reports)
    assert (tail[0].event_hash, tail[0].event_count, tail[0].sim_time_ns) == (b"e" * 16, 1, 5)


def test_a_request_id_used_before_is_a_definite_refusal(door, session_id):
    acquire(door, session_id)
    call(door.Append, append_request(session_id), session_id)
    again = append_request(session_id, first=2, first_event=2)
    again.records[0].request_id = "order-1"
    reply = call(door.Append, again, session_id)
    assert (reply.duplicate_request_id, reply.last_command_seq) == ("order-1", 1)


def test_a_malformed_batch_is_named_as_such(door, session_id):
    acquire(door, session_id)
    for spoil in (
        lambda request: request.ClearField("records") or request.ClearField("reports"),
        lambda request: setattr(request.records[0], "command_seq", 9),
        lambda request: setattr(request.reports[0], "body", b"no json"),
    ):
        request = append_request(session_id)
        spoil(request)
        with pytest.raises(grpc.RpcError) as failure:
            call(door.Append, request, session_id)
        assert code_of(failure) is grpc.StatusCode.INVALID_ARGUMENT


def test_snapshots_come_back_whole_and_a_torn_one_is_passed_over(door, session_id):
    acquire(door, session_id)
    call(door.Append, append_request(session_id, count=5), session_id)
    for command_seq in (2, 4):
        reply = call(door.PutSnapshot, iter(chunks(session_id, command_seq=command_seq)), session_id)
        assert reply.stored
    refused = call(door.PutSnapshot, iter(chunks(session_id, command_seq=6)), session_id)
    assert refused.fenced
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_snapshot SET data = %s WHERE command_seq = 4", [b"torn"])
    request = pb.GetSnapshotRequest(session_id=str(session_id), epoch=1, engine_version="1")
    parts = list(call(door.GetSnapshot, request, session_id))
    assert parts[0].header.command_seq == 2
    assert b"".join(part.data for part in parts[1:]) == b"state" * 1000
    request.before_command_seq = 2
    assert list(call(door.GetSnapshot, request, session_id)) == []


def test_a_damaged_journal_is_data_loss_not_an_answer(door, session_id):
    acquire(door, session_id)
    call(door.Append, append_request(session_id, count=2), session_id)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_journalrecord WHERE command_seq = 2")
    with pytest.raises(grpc.RpcError) as failure:
        list(call(door.LoadTail, pb.LoadTailRequest(session_id=str(session_id), epoch=1), session_id))
    assert code_of(failure) is grpc.StatusCode.DATA_LOSS


def test_a_drained_session_rests_where_its_last_snapshot_was_taken(door, session_id):
    acquire(door, session_id)
    call(door.Append, append_request(session_id, count=5), session_id)
    renew(door, session_id, horizon_ns=80_000)
    for sim_time_ns in (40, 60):
        put = list(chunks(session_id, command_seq=5))
        put[0].header.event_seq, put[0].header.sim_time_ns = SessionLease.objects.get().last_event_seq, sim_time_ns
        assert call(door.PutSnapshot, iter(put), session_id).stored
    request = pb.ReleaseRequest(session_id=str(session_id), epoch=1, holder="one", state="DRAINED")
    call(door.Release, request, session_id)
    lease = SessionLease.objects.get(session_id=session_id)
    assert (lease.horizon_ns, lease.sim_time_ns) == (60, 60)


@pytest.mark.parametrize("state", ["DRAINED", "HALTED"])
def test_a_release_without_that_snapshot_leaves_the_horizon(door, session_id, state):
    acquire(door, session_id)
    call(door.Append, append_request(session_id, count=5), session_id)
    assert call(door.PutSnapshot, iter(chunks(session_id, command_seq=2)), session_id).stored
    renew(door, session_id, horizon_ns=80_000)
    call(
        door.Release,
        pb.ReleaseRequest(session_id=str(session_id), epoch=1, holder="one", state=state),
        session_id,
    )
    assert SessionLease.objects.get(session_id=session_id).horizon_ns == 80_000


def test_a_released_lease_is_not_taken_up_again_at_its_epoch(door, session_id):
    acquire(door, session_id)
    request = pb.ReleaseRequest(session_id=str(session_id), epoch=1, holder="one", state="DRAINED")
    call(door.Release, request, session_id)
    assert SessionLease.objects.get(session_id=session_id).state == "DRAINED"
    with pytest.raises(grpc.RpcError) as failure:
        acquire(door, session_id)
    assert code_of(failure) is grpc.StatusCode.FAILED_PRECONDITION


def test_a_batch_that_no_receiver_can_project_is_refused_for_good_and_undone(door, session_id, settings):
    acquire(door, session_id)
    settings.JOURNAL_RECEIVERS = ["tests.apps.journal.batches.failing_receiver"]
    with pytest.raises(grpc.RpcError) as failure:
        call(door.Append, append_request(session_id), session_id)
    assert code_of(failure) is grpc.StatusCode.INVALID_ARGUMENT
    assert SessionLease.objects.get(session_id=session_id).last_command_seq == 0


def test_the_database_away_is_unavailable_and_the_next_call_works(door, session_id, monkeypatch):
    acquire(door, session_id)
    from django.db import OperationalError

    from apps.journal import appending

    def away(batch, *, now):
        raise OperationalError("the database is gone")

    with monkeypatch.context() as patch:
        patch.setattr(appending, "append", away)
        with pytest.raises(grpc.RpcError) as failure:
            call(door.Append, append_request(session_id), session_id)
        assert code_of(failure) is grpc.StatusCode.UNAVAILABLE
    assert call(door.Append, append_request(session_id), session_id).last_command_seq == 1
