"""The WebSocket door: one tab's conversation, from hello to close. It moves bytes; every rule is elsewhere.

A socket that must tell why is accepted, sent an error frame, and closed with its 44xx code.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import weakref
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from apps.accounts.models import User
from apps.simulator_sessions.models import SimulatorSession
from apps.streams import commands, drain, frames, messages, notices, tickets
from apps.streams.hub import Bridge, hub
from apps.streams.quality import Link, LinkQuality
from apps.streams.reader import Reader
from apps.streams.threads import in_command_thread, in_thread

log = logging.getLogger("tradesim.streams")

SUBPROTOCOL: Final = "tradesim.v1"
HELLO_SECONDS: Final = 5.0
HEARTBEAT_SECONDS: Final = 1.0
MARKET_SECONDS: Final = 0.05
"""Market frames are conflated to one burst each 50 ms: one message, for a client that asked for it in its hello."""
BAD_MESSAGES: Final = 3
COMMANDS_AT_ONCE: Final = 16
"""Commands of one socket under way at a time; one more is refused, so that a loop of a client stays its own problem."""
RATE_REFUSALS: Final = 20
"""A client that goes on after so many refusals in one connection is not listening: 4429."""
FAREWELL_SECONDS: Final = 1.0
REJOIN_BEATS: Final = 30
"""A channel layer that came back empty has forgotten its groups: join again every 30 s."""

BAD, UNAUTHENTICATED, FOREIGN, NO_HELLO = 4400, 4401, 4404, 4408
TOO_SLOW, TOO_MANY, FAULT, RESTART = 4428, 4429, 4500, 1012

_open: weakref.WeakSet[StreamConsumer] = weakref.WeakSet()


class StreamConsumer(AsyncWebsocketConsumer):
    """See the module."""

    async def connect(self) -> None:
        offered = self.scope.get("subprotocols", [])
        self.session_id: UUID = self.scope["url_route"]["kwargs"]["session_id"]
        self.holder: tickets.Pass | None = None
        self.user: Any = None
        self.bridge: Bridge | None = None
        self.reader = Reader(self._wake)
        self.quality = LinkQuality(now=time.monotonic())
        self.closing = False
        self.coalesce = False
        self.bad_messages = 0
        self.rate_refusals = 0
        self.working: set[asyncio.Task[None]] = set()
        self.latest: dict[str, asyncio.Task[None]] = {}
        self.marks: dict[int, int] = {}
        self.outgoing = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        drain.install()
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
        _open.add(self)
        self.hello_deadline = asyncio.get_running_loop().call_later(
            HELLO_SECONDS, lambda: self._spawn(self._end(NO_HELLO, "HELLO_TIMEOUT", "no hello within 5 s"))
        )

    async def disconnect(self, code: int) -> None:
        self.closing = True
        _open.discard(self)
        self.hello_deadline.cancel()
        for task in [*self.tasks, *self.working]:
            if task is not asyncio.current_task():
                task.cancel()
        if self.bridge is not None:
            self.bridge.detach(self.reader)
            with contextlib.suppress(Exception):
                await notices.leave(self.channel_layer, self.session_id, self.channel_name)
        raise StopConsumer

    # --- what the client says ----------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.closing:
            return
        try:
            message = messages.read(text_data)
            if self.holder is None:
                if not isinstance(message, messages.Hello):
                    raise messages.BadMessage("the first message is hello")
                await self._hello(message)
            else:
                await self._heard(message)
        except messages.BadMessage as error:
            await self._bad(str(error))
        except Exception:
            log.exception("a socket stumbled")
            await self._end(FAULT, "INTERNAL_ERROR", "something went wrong on our side")

    async def _bad(self, why: str) -> None:
        self.bad_messages += 1
        if self.bad_messages >= BAD_MESSAGES:
            await self._end(BAD, "BAD_MESSAGE", why)
        else:
            await self.send(text_data=_text(frames.error("BAD_MESSAGE", why, now=_now())))

    async def _hello(self, message: messages.Hello) -> None:
        holder = await in_thread(tickets.redeem, ticket=message.ticket)
        if holder is None:
            await self._end(UNAUTHENTICATED, "NOT_AUTHENTICATED", "the ticket is unknown, used or expired")
            return
        if holder.session_id != self.session_id or not await in_thread(self._load_user, holder):
            await self._end(FOREIGN, "NOT_FOUND", "there is no such session")
            return
        if self.closing:
            return
        self.holder = holder
        self.coalesce = message.coalesce
        self.hello_deadline.cancel()
        self.bridge = hub().bridge(self.session_id)
        self.bridge.attach(self.reader)
        await self._join_notices()
        self.tasks = [self._spawn(self._pump()), self._spawn(self._beat())]
        await self.bridge.subscribe(self.reader, message.streams)

    def _load_user(self, holder: tickets.Pass) -> bool:
        self.user = User.objects.filter(pk=holder.user_id, is_active=True).first()
        return SimulatorSession.objects.filter(pk=holder.session_id, user_id=holder.user_id).exists()

    async def _heard(self, message: messages.Message) -> None:
        assert self.bridge is not None
        if isinstance(message, messages.Pong):
            if message.t is not None and self.quality.pong(message.t, now=time.monotonic()):
                self.reader.outbox.acknowledge_until(self.marks.get(message.t, 0))
        elif isinstance(message, messages.Ack):
            for stream, seq in message.numbers.items():
                self.reader.outbox.acknowledge(stream, seq)
        elif isinstance(message, messages.OrderCommand):
            self._command(message)
        elif isinstance(message, messages.Subscribe):
            if len(self.reader.streams | message.streams.keys()) > messages.MAX_STREAMS:
                raise messages.BadMessage(f"a socket reads at most {messages.MAX_STREAMS} streams")
            await self.bridge.subscribe(self.reader, message.streams)
        elif isinstance(message, messages.Unsubscribe):
            await self.bridge.unsubscribe(self.reader, message.streams)
        else:
            raise messages.BadMessage("hello was said already")

    def _command(self, command: messages.OrderCommand) -> None:
        if len(self.working) >= COMMANDS_AT_ONCE:
            self.reader.say(
                frames.error("RATE", f"at most {COMMANDS_AT_ONCE} commands at once", now=_now(), id=command.id)
            )
            self._count_rate_refusal()
            return
        # Commands about one order are done as they were said: a cancel sent after its order finds it.
        ids = command.order_ids
        earlier = {self.latest[name] for name in ids if name in self.latest}
        task = self._spawn(self._execute(command, earlier))
        self.working.add(task)
        self.latest.update(dict.fromkeys(ids, task))
        task.add_done_callback(lambda done: self._worked(done, ids))

    def _worked(self, task: asyncio.Task[None], ids: tuple[str, ...]) -> None:
        self.working.discard(task)
        for name in ids:
            if self.latest.get(name) is task:
                del self.latest[name]

    async def _execute(self, command: messages.OrderCommand, earlier: set[asyncio.Task[None]]) -> None:
        assert self.holder is not None
        if earlier:
            await asyncio.wait(earlier)
        answer = await in_command_thread(
            commands.execute,
            user=self.user,
            session_id=self.session_id,
            command=command,
            may_trade=self.holder.may_trade,
            link_is_stale=self.quality.state(now=time.monotonic()) is Link.STALE,
            now=_now(),
        )
        self.reader.say(answer)
        if b'"code":"RATE_LIMITED"' in answer:
            self._count_rate_refusal()

    def _count_rate_refusal(self) -> None:
        self.rate_refusals += 1
        if self.rate_refusals == RATE_REFUSALS:
            self._spawn(self._end(TOO_MANY, "RATE", "too many commands"))

    # --- what the client hears ---------------------------------------------------------------------------------

    def _wake(self) -> None:
        self.outgoing.set()

    async def _pump(self) -> None:
        """Send what waits: private frames at once, market frames together, at most one message each 50 ms."""
        outbox = self.reader.outbox
        market_due = 0.0
        while not self.closing:
            if outbox.overflowed:
                await self._too_slow()
                return
            if self.reader.halted:
                await self._end(FAULT, "SESSION_HALTED", "the exchange is halted: its records do not agree")
                return
            wait: float | None = None
            if not outbox.has_private and outbox.has_market:
                wait = max(0.0, market_due - time.monotonic())
            if not outbox.has_private and wait != 0.0:
                self.outgoing.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.outgoing.wait(), wait)
                if not outbox.has_private and not (outbox.has_market and time.monotonic() >= market_due):
                    continue
            started = time.monotonic()
            self.quality.queue(started)
            for message in outbox.take_private():
                await self.send(text_data=_text(message))
            if outbox.has_market and time.monotonic() >= market_due:
                market_due = time.monotonic() + MARKET_SECONDS
                burst = outbox.take_market()
                for message in [frames.array(burst)] if self.coalesce else burst:
                    await self.send(text_data=_text(message))
            self.quality.queue(None)

    async def _beat(self) -> None:
        """Each second: the numbers, the link, and whether the login still stands."""
        assert self.bridge is not None
        assert self.holder is not None
        beat = 0
        while not self.closing:
            now = time.monotonic()
            t = int(now * 1000)
            rtt = self.quality.rtt_seconds(now=now)
            self.marks[t] = self.reader.outbox.mark()
            for old in [mark for mark in self.marks if mark < t - 60_000]:
                del self.marks[old]
            self.quality.ping(t, now=now)
            self.reader.say(
                frames.heartbeat(
                    now=_now(),
                    t=t,
                    epoch=self.bridge.location.epoch,
                    next_seq=self.bridge.heartbeat_numbers(self.reader),
                    rtt_ms=None if rtt is None else round(rtt * 1000, 1),
                    link=self.quality.state(now=now).word,
                )
            )
            await asyncio.sleep(HEARTBEAT_SECONDS)
            beat += 1
            if beat % REJOIN_BEATS == 0:
                await self._join_notices()
            if self.reader.outbox.overflowed:
                await self._too_slow()  # the pump itself may be stuck in a send that the reader never takes
                return
            if not await self._still_stands():
                await self._end(UNAUTHENTICATED, "SESSION_REVOKED", "this login has been ended")
                return

    async def _still_stands(self) -> bool:
        assert self.holder is not None
        try:
            return await in_thread(tickets.still_stands, holder=self.holder, now=_now())
        except Exception:
            # The database is away: nobody's login ends by that; the next beat asks again.
            log.warning("could not ask whether a login stands", exc_info=True)
            return True

    async def _join_notices(self) -> None:
        try:
            await notices.join(self.channel_layer, self.session_id, self.channel_name)
        except Exception:
            log.warning("could not join the notices; the truth is polled each second", exc_info=True)

    async def session_notice(self, event: dict[str, Any]) -> None:
        """The channel layer says that the session has changed; the bridge looks for itself."""
        hub().poke(self.session_id)

    # --- ending ------------------------------------------------------------------------------------------------

    async def _too_slow(self) -> None:
        last = dict(self.reader.outbox.last_acknowledged)
        await self._end(TOO_SLOW, "SLOW_READER", "too much is unacknowledged", last_seq=last)

    async def shut_down(self) -> None:
        """This process is about to stop: say so and close, so that the browser goes elsewhere at once."""
        if not self.closing:
            self.closing = True
            # Daphne's protocol refuses to send 1012: there the notice is all, and the connection ends with the server.
            with contextlib.suppress(Exception):
                await self.send(text_data=_text(frames.server_shutdown(now=_now())))
                await self.close(RESTART)

    async def _end(self, code: int, reason: str, detail: str, **more: Any) -> None:
        if self.closing:
            return
        self.closing = True
        self._wake()
        # Neither may wait for a reader that reads nothing.
        with contextlib.suppress(Exception):
            error = frames.error(reason, detail, now=_now(), **more)
            await asyncio.wait_for(self.send(text_data=_text(error)), FAREWELL_SECONDS)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self.close(code, reason=reason.lower()), FAREWELL_SECONDS)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        task.add_done_callback(_log_failure)
        return task


async def shut_down_all() -> None:
    """Say goodbye on every open socket of this process."""
    await asyncio.gather(*(consumer.shut_down() for consumer in list(_open)), return_exceptions=True)


drain.on_drain(shut_down_all)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a socket's task failed", exc_info=task.exception())


def _text(data: bytes) -> str:
    return data.decode()


def _now() -> datetime:
    return datetime.now(UTC)
