"""How the platform speaks to a simulator: one synchronous client for requests, one asyncio stream for frames.

Says exactly how a call ended: a reply, a definite refusal, or unknown. Never retries by itself.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable

import grpc
import grpc.aio

from simulator_engine.config import TlsFiles
from simulator_engine.contract.v1 import simulator_pb2, simulator_pb2_grpc
from simulator_engine.runtime.channels import (
    HANDLER_REFUSAL,
    call_metadata,
    channel_credentials,
    channel_options,
)


class CallFailed(Exception):
    """A call that brought no reply. `code` is the gRPC status; `sent` says whether the simulator may have acted."""

    def __init__(self, code: grpc.StatusCode, detail: str, *, sent: bool) -> None:
        super().__init__(f"{code.name}: {detail}")
        self.code = code
        self.detail = detail
        self.sent = sent


_REFUSED_BY_HANDLER = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""Statuses that our own handler gives before it stamps anything: certain proof that nothing was done."""


def _failed(error: grpc.RpcError) -> CallFailed:
    code = error.code() or grpc.StatusCode.UNKNOWN
    trailing = {str(entry[0]) for entry in error.trailing_metadata() or ()}  # type: ignore[index]
    refused = code in _REFUSED_BY_HANDLER or HANDLER_REFUSAL in trailing
    return CallFailed(code, error.details() or "", sent=not refused)


class SimulatorClient:
    """Requests to one run of one session. Thread-safe; make it after a fork, close it when the run is over."""

    def __init__(self, *, target: str, token: str, session_id: str, epoch: int, tls: TlsFiles | None = None) -> None:
        self.target = target
        self.epoch = epoch
        credentials = channel_credentials(tls)
        options = channel_options(target)
        self._channel = (
            grpc.insecure_channel(target, options=options)
            if credentials is None
            else grpc.secure_channel(target, credentials, options=options)
        )
        self._stub = simulator_pb2_grpc.SimulatorServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._metadata = call_metadata(token=token, session_id=session_id, epoch=epoch)
        self._broken = threading.Event()

    @property
    def broken(self) -> bool:
        """Whether a call has already failed as unreachable: a fresh client is wanted."""
        return self._broken.is_set()

    def execute(self, command: simulator_pb2.Command, *, timeout_seconds: float) -> simulator_pb2.CommandReply:
        """Do a command; the reply comes after its commit. Raises CallFailed."""
        return self._call(self._stub.Execute, command, timeout_seconds)  # type: ignore[no-any-return]

    def preview(self, command: simulator_pb2.Command, *, timeout_seconds: float) -> bytes:
        """What a submit would cost, as JSON. Raises CallFailed."""
        return bytes(self._call(self._stub.Preview, command, timeout_seconds).body)

    def get_state(self, request: simulator_pb2.StateRequest, *, timeout_seconds: float) -> simulator_pb2.StateReply:
        """A read in the public API's shape. Raises CallFailed."""
        return self._call(self._stub.GetState, request, timeout_seconds)  # type: ignore[no-any-return]

    def read_state(
        self,
        kind: str,
        *,
        symbol: str = "",
        depth: int = 0,
        interval_seconds: int = 0,
        from_ns: int = 0,
        to_ns: int = 0,
        limit: int = 0,
        timeout_seconds: float,
    ) -> simulator_pb2.StateReply:
        """As `get_state`, for callers that know no generated messages."""
        request = simulator_pb2.StateRequest(
            kind=kind,
            symbol=symbol,
            depth=depth,
            interval_seconds=interval_seconds,
            from_ns=from_ns,
            to_ns=to_ns,
            limit=limit,
        )
        return self.get_state(request, timeout_seconds=timeout_seconds)

    def save_snapshot(self, name: str, *, timeout_seconds: float) -> simulator_pb2.SnapshotReply:
        """Keep the present state under a name. Raises CallFailed."""
        request = simulator_pb2.SnapshotRequest(name=name)
        return self._call(self._stub.SaveSnapshot, request, timeout_seconds)  # type: ignore[no-any-return]

    def drain(self, *, deadline_seconds: float) -> simulator_pb2.DrainReply:
        """Finish what is under way, snapshot, give the lease back and end. Raises CallFailed."""
        request = simulator_pb2.DrainRequest(deadline_seconds=deadline_seconds)
        return self._call(self._stub.Drain, request, deadline_seconds + 1.0)  # type: ignore[no-any-return]

    def close(self) -> None:
        self._channel.close()

    def _call(self, method, request, timeout_seconds: float):  # type: ignore[no-untyped-def]
        try:
            return method(request, timeout=timeout_seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            failed = _failed(error)
            if failed.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                self._broken.set()
            raise failed from error


class SimulatorStream:
    """Frames of one session, for as many streams as are wanted. Make, use and close it in one event loop.

    `async for batch in stream.batches()` ends with CallFailed when the simulator goes away; a batch without frames
    is the heartbeat of each second. Call `update` at any time to change what is wanted.
    """

    def __init__(self, *, target: str, token: str, session_id: str, epoch: int, tls: TlsFiles | None = None) -> None:
        credentials = channel_credentials(tls)
        options = channel_options(target)
        self._channel = (
            grpc.aio.insecure_channel(target, options=options)
            if credentials is None
            else grpc.aio.secure_channel(target, credentials, options=options)
        )
        stub = simulator_pb2_grpc.SimulatorServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._call = stub.Subscribe(metadata=call_metadata(token=token, session_id=session_id, epoch=epoch))
        self._streams: set[str] = set()
        self._writing = asyncio.Lock()

    async def update(self, streams: Iterable[str], *, snapshot: Iterable[str] = ()) -> None:
        """Want exactly these streams from now on; those in `snapshot` begin again with their snapshot.

        Raises CallFailed when the simulator is gone.
        """
        request = simulator_pb2.SubscribeRequest(streams=sorted(streams), snapshot=sorted(snapshot))
        async with self._writing:
            try:
                await self._call.write(request)
            except (grpc.RpcError, asyncio.InvalidStateError) as error:
                raise _stream_failed(error) from error

    async def batches(self, *, silence_seconds: float = 3.0) -> AsyncIterator[simulator_pb2.FrameBatch]:
        """Batches as they come. Raises CallFailed when the stream breaks or is silent for so long (three beats)."""
        while True:
            try:
                batch = await asyncio.wait_for(self._call.read(), silence_seconds)
            except grpc.RpcError as error:
                raise _stream_failed(error) from error
            except TimeoutError as error:
                raise CallFailed(grpc.StatusCode.DEADLINE_EXCEEDED, "three heartbeats missed", sent=True) from error
            if batch is grpc.aio.EOF:  # type: ignore[attr-defined]
                raise CallFailed(grpc.StatusCode.UNAVAILABLE, "the simulator ended the stream", sent=True)
            yield batch

    async def close(self) -> None:
        self._call.cancel()
        await self._channel.close(None)


def _stream_failed(error: BaseException) -> CallFailed:
    if isinstance(error, grpc.RpcError):
        return CallFailed(error.code() or grpc.StatusCode.UNKNOWN, str(error.details() or ""), sent=True)
    return CallFailed(grpc.StatusCode.UNAVAILABLE, "the stream is closed", sent=True)


# --- making commands: callers outside the engine never touch the generated messages ------------------------------


def submit_command(
    *,
    client_order_id: str,
    symbol: str,
    side: str,
    order_type: str,
    time_in_force: str,
    quantity: str,
    price: str | None = None,
    stop_price: str | None = None,
    display_quantity: str | None = None,
    min_quantity: str | None = None,
    post_only: bool = False,
    reduce_only: bool = False,
    sent_at_ms: int = 0,
    good_for_ms: int = 0,
    body_hash: bytes = b"",
) -> simulator_pb2.Command:
    """A new order; numbers are the trader's decimal texts."""
    return simulator_pb2.Command(
        request_id=client_order_id,
        body_hash=body_hash,
        sent_at_ms=sent_at_ms,
        good_for_ms=good_for_ms,
        submit=simulator_pb2.SubmitOrder(
            symbol=symbol,
            side=side,
            type=order_type,
            time_in_force=time_in_force,
            quantity=quantity,
            price=price,
            stop_price=stop_price,
            display_quantity=display_quantity,
            min_quantity=min_quantity,
            post_only=post_only,
            reduce_only=reduce_only,
        ),
    )


def cancel_command(*, request_id: str, client_order_id: str, body_hash: bytes = b"") -> simulator_pb2.Command:
    return simulator_pb2.Command(
        request_id=request_id,
        body_hash=body_hash,
        cancel=simulator_pb2.CancelOrder(client_order_id=client_order_id),
    )


def replace_command(
    *,
    client_order_id: str,
    original_client_order_id: str,
    quantity: str | None = None,
    price: str | None = None,
    stop_price: str | None = None,
    body_hash: bytes = b"",
) -> simulator_pb2.Command:
    """New terms under a new id; None keeps the present term."""
    return simulator_pb2.Command(
        request_id=client_order_id,
        body_hash=body_hash,
        replace=simulator_pb2.ReplaceOrder(
            original_client_order_id=original_client_order_id,
            quantity=quantity,
            price=price,
            stop_price=stop_price,
        ),
    )


def mass_cancel_command(
    *, request_id: str, symbol: str | None = None, side: str | None = None, body_hash: bytes = b""
) -> simulator_pb2.Command:
    return simulator_pb2.Command(
        request_id=request_id,
        body_hash=body_hash,
        mass_cancel=simulator_pb2.MassCancel(symbol=symbol, side=side),
    )


def flatten_command(
    *, client_order_id: str, symbol: str, reverse: bool = False, body_hash: bytes = b""
) -> simulator_pb2.Command:
    return simulator_pb2.Command(
        request_id=client_order_id,
        body_hash=body_hash,
        flatten=simulator_pb2.FlattenPosition(symbol=symbol, reverse=reverse),
    )


def clock_command(*, request_id: str, action: str, speed: str = "", body_hash: bytes = b"") -> simulator_pb2.Command:
    """`action` is pause, resume, step or speed."""
    return simulator_pb2.Command(
        request_id=request_id,
        body_hash=body_hash,
        clock=simulator_pb2.ControlClock(action=action, speed=speed),
    )


def outcome_name(reply: simulator_pb2.CommandReply) -> str:
    """APPLIED, REFUSED, REPLAYED, DUPLICATE, IN_PROGRESS or NOT_APPLIED."""
    return simulator_pb2.Outcome.Name(reply.outcome)
