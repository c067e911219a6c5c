"""Calls and messages of the journal service, as a simulator sends them: for every suite that knocks at its door."""

from __future__ import annotations

import hashlib

from apps.simulator_sessions import leases
from simulator_engine.contract.v1 import journal_pb2 as pb


def caller(session_id, epoch=1, token=None):
    token = token or leases.token_for(session_id=session_id, epoch=epoch)
    return (("authorization", f"Bearer {token}"), ("x-session-id", str(session_id)), ("x-epoch", str(epoch)))


def call(method, request, session_id, epoch=1, **more):
    return method(request, metadata=caller(session_id, epoch), timeout=10, **more)


def acquire(door, session_id, epoch=1, holder="one"):
    request = pb.AcquireRequest(
        session_id=str(session_id), epoch=epoch, holder=holder, endpoint="unix:/x", engine_version="1"
    )
    return call(door.Acquire, request, session_id, epoch)


def renew(door, session_id, epoch=1, holder="one", state="READY", horizon_ns=0, sim_time_ns=0):
    request = pb.RenewRequest(
        session_id=str(session_id),
        epoch=epoch,
        holder=holder,
        horizon_ns=horizon_ns,
        state=state,
        speed="1",
        sim_time_ns=sim_time_ns,
    )
    return call(door.Renew, request, session_id, epoch)


def append_request(session_id, *, epoch=1, first=1, count=1, first_event=1, events=1, ids="order"):
    return pb.AppendRequest(
        session_id=str(session_id),
        epoch=epoch,
        first_command_seq=first,
        first_event_seq=first_event,
        records=[
            pb.Record(
                command_seq=first + i,
                sim_time_ns=first + i,
                event_index=i,
                kind="submit",
                request_id=f"{ids}-{first + i}",
                body_hash=b"h" * 32,
                body=b"body",
            )
            for i in range(count)
        ],
        reports=[
            pb.Report(
                event_seq=first_event + i,
                stream="orders",
                stream_seq=first_event + i,
                type="order.accepted",
                caused_by=first if count else 0,
                sim_time_ns=1,
                wall_time_ms=2,
                body=b'{"a":1}',
                legs=[
                    pb.LedgerLeg(account="USER", asset="USD", amount="-1.50", is_cash=True),
                    pb.LedgerLeg(account="VENUE", asset="USD", amount="1.50", is_cash=True),
                ],
            )
            for i in range(events)
        ],
        horizon_ns=10,
        event_hash=b"e" * 16,
        event_count=first_event,
        sim_time_ns=5,
    )


def chunks(session_id, *, command_seq, data=b"state" * 1000, name="", epoch=1):
    header = pb.SnapshotHeader(
        session_id=str(session_id),
        epoch=epoch,
        command_seq=command_seq,
        engine_version="1",
        state_hash="h",
        sha256=hashlib.sha256(data).digest(),
        name=name,
        size=len(data),
    )
    half = len(data) // 2
    return [
        pb.SnapshotChunk(header=header),
        pb.SnapshotChunk(data=data[:half]),
        pb.SnapshotChunk(data=data[half:]),
    ]
