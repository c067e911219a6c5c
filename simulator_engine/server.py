"""The gRPC door of one session. Checks who calls, hands over to the loop, and answers honestly; decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hmac
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from simulator_engine import telemetry, wire
from simulator_engine.config import SimulatorConfig
from simulator_engine.contract.v1 import simulator_pb2, simulator_pb2_grpc
from simulator_engine.runtime import views
from simulator_engine.runtime.channels import HANDLER_REFUSAL, SERVER_OPTIONS, server_credentials
from simulator_engine.runtime.clock import SessionClock
from simulator_engine.runtime.gate import GateClosed
from simulator_engine.runtime.journal_client import Fenced, JournalClient, JournalRefused, JournalUnavailable
from simulator_engine.runtime.loop import Draining, JournalAway, SessionLoop, Stale
from simulator_engine.runtime.restore import RestoreFailed, restore
from simulator_engine.runtime.spec import BadSpec, plan_session

BEAT_SECONDS = 1.0
JOURNAL_PATIENCE_SECONDS = 10.0
"""How long a run that begins waits for a journal that is away; within the time that a launch is given."""
EXIT_CODES = {"drained": 0, "stopped": 0, "failed": 1, "fenced": 3, "halted": 4}

Context = Any
"""A grpc.aio.ServicerContext; its stubs ask for the messages' types, which say nothing here."""

_SERVICE = simulator_pb2.DESCRIPTOR.services_by_name["SimulatorService"].full_name


class _TokenInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Lets in only calls that carry this run's token, session and epoch; health may be asked by anybody."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._token = f"Bearer {config.token}".encode()
        self._session = config.session_id
        self._epoch = str(config.epoch)

    async def intercept_service(self, continuation: Any, details: grpc.HandlerCallDetails) -> Any:
        if str(details.method).startswith("/grpc.health."):
            return await continuation(details)
        metadata = dict(details.invocation_metadata or ())
        if not hmac.compare_digest(str(metadata.get("authorization", "")).encode(), self._token):
            return _refusal(grpc.StatusCode.UNAUTHENTICATED, "the token is not this run's")
        if metadata.get("x-session-id") != self._session or metadata.get("x-epoch") != self._epoch:
            return _refusal(grpc.StatusCode.FAILED_PRECONDITION, "another session or epoch runs here")
        return await continuation(details)


def _refusal(code: grpc.StatusCode, detail: str) -> Any:
    async def refuse(_request: Any, context: Context) -> Any:
        await context.abort(code, detail)

    return grpc.unary_unary_rpc_method_handler(refuse)


async def _abort_untouched(context: Context, code: grpc.StatusCode, detail: str, why: str) -> None:
    """Refuse a call of which nothing was done, and say so in a way that the caller can rely on."""
    await context.abort(code, detail, trailing_metadata=((HANDLER_REFUSAL, why),))


class SimulatorServicer(simulator_pb2_grpc.SimulatorServiceServicer):
    """The service of API.md over one SessionLoop."""

    def __init__(self, loop: SessionLoop) -> None:
        self._loop = loop

    async def Execute(self, request: simulator_pb2.Command, context: Context) -> simulator_pb2.CommandReply:
        try:
            return await self._loop.execute(request)
        except wire.Malformed as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except Stale as error:
            await _abort_untouched(context, grpc.StatusCode.FAILED_PRECONDITION, str(error), "stale")
        except Draining as error:
            await _abort_untouched(context, grpc.StatusCode.UNAVAILABLE, str(error), "draining")
        except JournalAway as error:
            await _abort_untouched(context, grpc.StatusCode.UNAVAILABLE, str(error), "journal")
        except GateClosed:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the run ended while the commit was under way")
        raise AssertionError("abort returns never")

    async def Trade(
        self, request_iterator: AsyncIterator[simulator_pb2.Command], context: Context
    ) -> AsyncIterator[simulator_pb2.CommandReply]:
        replies: asyncio.Queue[simulator_pb2.CommandReply | None] = asyncio.Queue()
        running: set[asyncio.Task[None]] = set()

        async def one(command: simulator_pb2.Command) -> None:
            await replies.put(await self._answer(command))

        async def pull() -> None:
            async for command in request_iterator:
                task = asyncio.create_task(one(command))
                running.add(task)
                task.add_done_callback(running.discard)
            await asyncio.gather(*running)
            await replies.put(None)

        puller = asyncio.create_task(pull())
        try:
            while (reply := await replies.get()) is not None:
                yield reply
        finally:
            puller.cancel()

    async def _answer(self, command: simulator_pb2.Command) -> simulator_pb2.CommandReply:
        """A command of the long-lived stream: what would be a status elsewhere is a reply here."""
        reply = simulator_pb2.CommandReply(request_id=command.request_id, outcome=simulator_pb2.NOT_APPLIED)
        try:
            return await self._loop.execute(command)
        except wire.Malformed as error:
            reply.code, reply.text = "BAD_MESSAGE", str(error)
        except Stale as error:
            reply.code, reply.text = "STALE_ORDER", str(error)
        except Draining as error:
            reply.code, reply.text = "SESSION_RECOVERING", str(error)
        except JournalAway as error:
            reply.code, reply.text = "JOURNAL_UNAVAILABLE", str(error)
        except GateClosed:
            reply.outcome = simulator_pb2.OUTCOME_UNSPECIFIED
            reply.code, reply.text = "OUTCOME_UNKNOWN", "the run ended while the commit was under way"
        return reply

    async def Preview(self, request: simulator_pb2.Command, context: Context) -> simulator_pb2.PreviewReply:
        try:
            body = await self._loop.read(lambda state: views.preview_body(state, request))
        except wire.Malformed as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except GateClosed:
            await _abort_untouched(context, grpc.StatusCode.UNAVAILABLE, "the run is ending", "draining")
        return simulator_pb2.PreviewReply(body=body)

    async def GetState(self, request: simulator_pb2.StateRequest, context: Context) -> simulator_pb2.StateReply:
        try:
            body = await self._loop.read(lambda state: views.state_body(state, request))
        except views.BadView as error:
            return simulator_pb2.StateReply(code=error.code, text=str(error))
        except GateClosed:
            await _abort_untouched(context, grpc.StatusCode.UNAVAILABLE, "the run is ending", "draining")
        return simulator_pb2.StateReply(body=body)

    async def Subscribe(
        self, request_iterator: AsyncIterator[simulator_pb2.SubscribeRequest], context: Context
    ) -> AsyncIterator[simulator_pb2.FrameBatch]:
        feed = self._loop.feed
        reader = feed.subscribe()

        async def pull() -> None:
            async for request in request_iterator:
                feed.choose(reader, request.streams, request.snapshot, telemetry.wall_ms())

        puller = asyncio.create_task(pull())
        try:
            # The first beat at once: it says that the stream stands, and where the private numbers are.
            yield simulator_pb2.FrameBatch(epoch=feed.epoch, next_seq=feed.next_seq())
            while not self._loop.finished.done():
                frames = await reader.take(BEAT_SECONDS)
                if reader.overflowed:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the reader fell too far behind")
                yield simulator_pb2.FrameBatch(frames=frames, epoch=feed.epoch, next_seq=feed.next_seq())
        finally:
            puller.cancel()
            feed.unsubscribe(reader)

    async def SaveSnapshot(
        self, request: simulator_pb2.SnapshotRequest, context: Context
    ) -> simulator_pb2.SnapshotReply:
        try:
            header = await self._loop.save_snapshot(request.name)
        except (JournalUnavailable, GateClosed, Fenced) as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return simulator_pb2.SnapshotReply(
            command_seq=header.command_seq, sim_time_ns=header.sim_time_ns, state_hash=header.state_hash
        )

    async def Drain(self, request: simulator_pb2.DrainRequest, context: Context) -> simulator_pb2.DrainReply:
        try:
            header = await self._loop.drain(request.deadline_seconds or 2.0)
        except (JournalUnavailable, Fenced) as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return simulator_pb2.DrainReply(command_seq=header.command_seq, state_hash=header.state_hash)


def serve(config: SimulatorConfig) -> int:
    """Serve one session until it is drained, fenced, halted or told to end; returns the process's exit code.

    Installs handlers for SIGTERM and SIGINT, which drain within two seconds.
    """
    return asyncio.run(_serve(config))


async def _serve(config: SimulatorConfig) -> int:
    log = telemetry.logger(session_id=config.session_id, epoch=config.epoch)
    server = grpc.aio.server(interceptors=[_TokenInterceptor(config)], options=SERVER_OPTIONS)
    credentials = server_credentials(config.tls)
    port = (
        server.add_insecure_port(config.listen)
        if credentials is None
        else server.add_secure_port(config.listen, credentials)
    )
    journal = JournalClient(config)
    patient_until = time.monotonic() + JOURNAL_PATIENCE_SECONDS
    try:
        while True:
            try:
                lease = await journal.acquire(_endpoint(config, port))
                plan = plan_session(lease.spec)
                restored = await restore(
                    config=config,
                    plan=plan,
                    lease=lease,
                    journal=journal,
                    report=lambda step: log("restore", step=step),
                )
                break
            except JournalUnavailable as error:
                # A run that gave up at once would use up the session's few tries within a journal's restart.
                if time.monotonic() >= patient_until:
                    raise
                log("journal-away", detail=str(error))
                await asyncio.sleep(0.25)
    except Fenced as error:
        log("fenced", detail=str(error))
        return EXIT_CODES["fenced"]
    except (RestoreFailed, JournalRefused, BadSpec) as error:
        log("halted", detail=str(error))
        with contextlib.suppress(Fenced, JournalUnavailable, JournalRefused):
            await journal.release("HALTED", str(error))
        return EXIT_CODES["halted"]
    except JournalUnavailable as error:
        log("journal-unavailable", detail=str(error))
        return EXIT_CODES["failed"]

    state = restored.state
    clock = SessionClock(
        sim_time_ns=state.exchange.sim_time_ns,
        horizon_ns=lease.horizon_ns,
        speed=state.speed,
        paused=state.paused,
    )
    loop = SessionLoop(config=config, state=state, clock=clock, journal=journal, lease=lease)
    simulator_pb2_grpc.add_SimulatorServiceServicer_to_server(SimulatorServicer(loop), server)  # type: ignore[no-untyped-call]
    health = HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    await health.set(_SERVICE, health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection([_SERVICE, reflection.SERVICE_NAME, "grpc.health.v1.Health"], server)
    # What was built at the start stays: keep the collector from walking it again and again.
    gc.collect()
    gc.freeze()
    await server.start()
    loop.start(restored)
    log(
        "ready",
        replayed=restored.replayed_commands,
        snapshot_at=restored.from_snapshot_at,
        core=state.exchange.venue.core_name,
    )

    ending = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        ending.add_signal_handler(number, lambda: ending.create_task(_drain_quietly(loop)))
    reason, detail = await loop.finished
    log(reason, detail=detail)
    await health.set(_SERVICE, health_pb2.HealthCheckResponse.NOT_SERVING)
    # The drain's own reply is still on its way out when it finishes the loop.
    await server.stop(grace=0.2 if reason == "drained" else 0)
    await loop.stop()
    if reason == "halted":
        with contextlib.suppress(Fenced, JournalUnavailable, JournalRefused):
            await journal.release("HALTED", detail)
    await journal.close()
    return EXIT_CODES[reason]


async def _drain_quietly(loop: SessionLoop) -> None:
    with contextlib.suppress(JournalUnavailable, Fenced):
        await loop.drain(2.0)


def _endpoint(config: SimulatorConfig, port: int) -> str:
    """What the platform is told: the advertised endpoint, with the port that was really bound."""
    endpoint = config.advertise or config.listen
    return endpoint if endpoint.startswith("unix:") else f"{endpoint.rpartition(':')[0]}:{port}"
