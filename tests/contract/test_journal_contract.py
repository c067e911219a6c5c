"""One contract for every journal service: the platform's, and the one in memory that stands in for it in tests."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from apps.journal.serving import JournalServer
from apps.simulator_sessions import leases
from simulator_engine.contract.v1 import journal_pb2 as pb
from simulator_engine.contract.v1 import journal_pb2_grpc as pb_grpc
from tests.apps.journal.batches import session_with_lease
from tests.support.journal_messages import acquire, append_request, call, chunks, renew
from tests.support.memory_journal import MemoryJournal, start_journal

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Service:
    """A running service with one session at epoch 1, and how its epoch is raised."""

    door: Any
    session_id: uuid.UUID
    raise_epoch: Callable[[], object]


@pytest.fixture(params=["platform", "memory"])
def service(request, settings, tmp_path, django_user_model) -> Iterator[Service]:
    target = f"unix:{tmp_path}/j.sock"
    channel = grpc.insecure_channel(target, options=[("grpc.default_authority", "localhost")])
    door = pb_grpc.JournalServiceStub(channel)
    if request.param == "platform":
        settings.JOURNAL_RECEIVERS = []
        session_id = session_with_lease(django_user_model, epoch=1)
        server = JournalServer(target).start()
        yield Service(door, session_id, lambda: leases.raise_epoch(session_id=session_id, from_epoch=1))
        channel.close()
        server.stop(0)
        return
    journal = MemoryJournal(spec=pb.SessionSpec(scenario="open-market", seed=1))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="memory-journal")
    thread.start()
    running = asyncio.run_coroutine_threadsafe(start_journal(journal, target), loop).result(10)
    yield Service(door, uuid.uuid4(), lambda: setattr(journal, "epoch", 2))
    channel.close()
    asyncio.run_coroutine_threadsafe(running.stop(0), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def refused_with(action: Callable[[], object]) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as failure:
        action()
    code = failure.value.code()  # type: ignore[attr-defined]
    assert isinstance(code, grpc.StatusCode)
    return code


def test_an_epoch_has_one_holder(service: Service) -> None:
    first = acquire(service.door, service.session_id)
    assert (first.spec.scenario, first.last_command_seq, first.last_event_seq) == ("open-market", 0, 0)
    acquire(service.door, service.session_id)
    code = refused_with(lambda: acquire(service.door, service.session_id, holder="two"))
    assert code is grpc.StatusCode.FAILED_PRECONDITION


def test_the_horizon_only_rises(service: Service) -> None:
    acquire(service.door, service.session_id)
    assert renew(service.door, service.session_id, horizon_ns=100).horizon_ns == 100
    assert renew(service.door, service.session_id, horizon_ns=50).horizon_ns == 100


def test_a_batch_has_one_place_and_its_repeat_changes_nothing(service: Service) -> None:
    acquire(service.door, service.session_id)
    batch = append_request(service.session_id, count=2, events=3)
    assert not call(service.door.Append, batch, service.session_id).repeated_batch
    again = call(service.door.Append, batch, service.session_id)
    assert (again.repeated_batch, again.last_command_seq, again.last_event_seq) == (True, 2, 3)
    reports_alone = append_request(service.session_id, first=3, count=0, first_event=4)
    assert call(service.door.Append, reports_alone, service.session_id).last_event_seq == 4
    for first, first_event in ((5, 5), (3, 4), (1, 1), (3, 9)):
        other = append_request(service.session_id, first=first, first_event=first_event, ids="other")
        assert call(service.door.Append, other, service.session_id).fenced, (first, first_event)
    tail = list(
        call(service.door.LoadTail, pb.LoadTailRequest(session_id=str(service.session_id), epoch=1), service.session_id)
    )
    assert [(len(item.records), len(item.reports)) for item in tail] == [(2, 3), (0, 1)]
    assert list(tail[0].reports) == list(batch.reports)


def test_a_request_id_is_stored_once(service: Service) -> None:
    acquire(service.door, service.session_id)
    call(service.door.Append, append_request(service.session_id), service.session_id)
    again = append_request(service.session_id, first=2, first_event=2)
    again.records[0].request_id = "order-1"
    reply = call(service.door.Append, again, service.session_id)
    assert (reply.duplicate_request_id, reply.last_command_seq, reply.last_event_seq) == ("order-1", 1, 1)


def test_a_raised_epoch_shuts_the_old_one_out(service: Service) -> None:
    acquire(service.door, service.session_id)
    service.raise_epoch()
    assert call(service.door.Append, append_request(service.session_id), service.session_id).fenced
    tail = pb.LoadTailRequest(session_id=str(service.session_id), epoch=1)
    for action in (
        lambda: renew(service.door, service.session_id),
        lambda: acquire(service.door, service.session_id),
        lambda: list(call(service.door.LoadTail, tail, service.session_id)),
    ):
        assert refused_with(action) is grpc.StatusCode.FAILED_PRECONDITION


def test_a_snapshot_is_kept_only_below_what_is_durable(service: Service) -> None:
    acquire(service.door, service.session_id)
    call(service.door.Append, append_request(service.session_id, count=5), service.session_id)
    assert call(service.door.PutSnapshot, iter(chunks(service.session_id, command_seq=4)), service.session_id).stored
    assert call(service.door.PutSnapshot, iter(chunks(service.session_id, command_seq=6)), service.session_id).fenced
    wanted = pb.GetSnapshotRequest(session_id=str(service.session_id), epoch=1, engine_version="1")
    parts = list(call(service.door.GetSnapshot, wanted, service.session_id))
    assert parts[0].header.command_seq == 4
    assert b"".join(part.data for part in parts[1:]) == b"state" * 1000
