"""One bridge a session and process, counted over its tabs: frames from one gRPC stream to every reader's outbox.

Numbers are the truth: whatever the live stream lacks is read from the event log. It never waits for a reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

from apps.streams import frames
from apps.streams.frames import PRIVATE_STREAMS, Frame, is_private
from apps.streams.outbox import Outbox
from apps.streams.sources import ENDED, FrameStream, Location, SessionSource, Source, SourceLost

log = logging.getLogger("tradesim.streams")

TRUTH_SECONDS = 1.0
"""How often the database is asked who serves the session and how far its numbers have got, whatever notices say."""

RETRY_SECONDS = 0.1
"""Between a stream's end and the next look: a dead run is still listed for a moment."""

REPLAY_LIMIT = 900
"""Further behind than this a reader gets a snapshot: a replay must fit the outbox with room for what goes on."""

REPLAY_PAGE = 300
LINGER_SECONDS = 10.0
"""How long a bridge outlives its last reader: a reload of the page finds it warm."""


class Reader:
    """One tab on a bridge: its streams, how far each private one has been put, and its outbox."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.outbox = Outbox()
        self.streams: set[str] = set()
        self.next_seq: dict[str, int] = {}
        self.halted = False
        self._awaiting_book: set[str] = set()
        self._wake = wake

    def put(self, frame: Frame, *, poss_dup: bool = False) -> None:
        """Accept a frame if it is wanted and due; a private one exactly once and in order."""
        if frame.stream not in self.streams:
            return
        if is_private(frame.stream):
            due = self.next_seq.get(frame.stream)
            if due is None or frame.seq != due:
                return
            self.next_seq[frame.stream] = due + 1
        elif frame.stream in self._awaiting_book:
            if frame.type != "book.snapshot":
                return
            self._awaiting_book.discard(frame.stream)
        self.outbox.put(frame, poss_dup=poss_dup)
        self._wake()

    def say(self, message: bytes) -> None:
        self.outbox.put_control(message)
        self._wake()

    def halt(self) -> None:
        """The session's records are damaged: nothing more can be told, and the reader must be closed."""
        self.halted = True
        self._wake()

    def want(self, streams: Iterable[str]) -> None:
        self.streams.update(streams)
        self.await_books(streams)

    def leave(self, streams: Iterable[str]) -> None:
        for stream in streams:
            self.streams.discard(stream)
            self.next_seq.pop(stream, None)
            self._awaiting_book.discard(stream)
            self.outbox.forget(stream)

    def await_books(self, streams: Iterable[str]) -> None:
        """Pass no delta of these books before their next snapshot."""
        self._awaiting_book.update(stream for stream in streams if stream.startswith("book:"))


class Bridge:
    """See the module. Runs as long as somebody reads, over any number of epochs."""

    def __init__(self, source: Source, *, on_idle: Callable[[], None], truth_seconds: float = TRUTH_SECONDS) -> None:
        self._source = source
        self._on_idle = on_idle
        self._truth_seconds = truth_seconds
        self._readers: set[Reader] = set()
        self._stream: FrameStream | None = None
        self._poked = asyncio.Event()
        self._idle_handle: asyncio.TimerHandle | None = None
        self._numbered = asyncio.Event()
        self._paused: dict[str, object] | None = None
        self.location = Location(0, "")
        self.next_seq: dict[str, int] = {}
        self.market_seq: dict[str, int] = {}
        self._task = asyncio.ensure_future(self._run())

    # --- readers -----------------------------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        return self._stream is not None

    def attach(self, reader: Reader) -> None:
        if self._idle_handle is not None:
            self._idle_handle.cancel()
            self._idle_handle = None
        self._readers.add(reader)

    def detach(self, reader: Reader) -> None:
        self._readers.discard(reader)
        if not self._readers and self._idle_handle is None:
            self._idle_handle = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._on_idle)

    async def subscribe(self, reader: Reader, resume: dict[str, int | None]) -> None:
        """Add streams to a reader; the number is the last one that it has of a private stream, None for none.

        Private streams are replayed from the event log and go on live without a gap; market streams begin with
        their snapshot.
        """
        await self._numbered.wait()
        private = {name: seq for name, seq in resume.items() if is_private(name)}
        market = [name for name in resume if name not in private]
        if "session" in private and self._paused is not None:
            reader.say(self._notice("session.paused", self._paused))
        for name, last_seq in private.items():
            await self._catch_up(reader, name, last_seq)
        reader.want(market)
        if market:
            await self._want(snapshot=market)

    async def unsubscribe(self, reader: Reader, streams: Iterable[str]) -> None:
        reader.leave(streams)
        await self._want()

    def heartbeat_numbers(self, reader: Reader) -> dict[str, int]:
        """The next number of each of a reader's streams."""
        numbers = {name: self.next_seq[name] for name in reader.streams if name in self.next_seq}
        numbers |= {name: self.market_seq[name] + 1 for name in reader.streams if name in self.market_seq}
        return numbers

    def poke(self) -> None:
        """Somebody says that the session has changed: look now."""
        self._poked.set()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _catch_up(self, reader: Reader, name: str, last_seq: int | None) -> None:
        numbers = await self._source.next_seqs()
        reached = numbers.get(name, 1) - 1
        now = datetime.now(UTC)
        if last_seq is None or reached - last_seq > REPLAY_LIMIT or last_seq > reached:
            data = await self._source.snapshot(name)
            reader.say(frames.snapshot(stream=name, seq=reached, epoch=self.location.epoch, data=data, now=now))
            last_seq = reached
        reader.streams.add(name)
        reader.next_seq[name] = last_seq + 1
        while True:
            # From the moment that the reader wants the stream, live frames that are due reach it by themselves.
            page = await self._source.replay(name, reader.next_seq[name] - 1, REPLAY_PAGE)
            for frame in page:
                reader.put(frame, poss_dup=True)
            if len(page) < REPLAY_PAGE and reader.next_seq[name] >= self.next_seq.get(name, 1):
                return

    # --- the stream --------------------------------------------------------------------------------------------

    def _wanted(self) -> set[str]:
        wanted = set(PRIVATE_STREAMS)
        for reader in self._readers:
            wanted |= reader.streams
        return wanted

    async def _want(self, *, snapshot: Iterable[str] = ()) -> None:
        stream = self._stream
        if stream is None:
            return  # the next subscription asks for all of it
        with contextlib.suppress(SourceLost):
            await stream.update(self._wanted(), snapshot=snapshot)

    async def _run(self) -> None:
        await self._learn_numbers()
        self._numbered.set()
        while True:
            self.location = location = await self._locate()
            if location.ready:
                try:
                    await self._serve(location)
                except Exception:
                    log.exception("the bridge of a session stumbled")
                self._pause({"paused": True, "reason": "The exchange is being restored."})
                await self._wait(RETRY_SECONDS)
                continue
            if location.halted:
                for reader in self._readers:
                    reader.halt()
            ended = location.status in ENDED
            self._pause(
                {"paused": True, "status": location.status}, type="session.stopped" if ended else "session.paused"
            )
            await self._wait(self._truth_seconds)
            await self._fill_from_log()

    def _pause(self, data: dict[str, object], *, type: str = "session.paused") -> None:
        """Say once that nothing comes for now."""
        before, self._paused = self._paused, data
        if before is None or (type == "session.stopped" and before.get("status") != data.get("status")):
            self._tell(type, data)

    def _resume(self, location: Location) -> None:
        """The stream gives frames (again)."""
        if self._paused is not None:
            self._paused = None
            self._tell("session.resumed", {"epoch": location.epoch, "next_seq": dict(self.next_seq)})

    async def _locate(self) -> Location:
        try:
            return await self._source.locate()
        except Exception:
            log.warning("could not ask who serves the session", exc_info=True)
            return self.location if not self.location.ready else Location(self.location.epoch, self.location.status)

    async def _serve(self, location: Location) -> None:
        """Pass frames on until this run is gone or replaced."""
        stream = self._source.open(location)
        tasks: list[asyncio.Future[None]] = []
        try:
            for reader in self._readers:
                reader.await_books(reader.streams)
            await stream.update(self._wanted(), snapshot=self._wanted() - set(PRIVATE_STREAMS))
            self._stream = stream
            tasks = [
                asyncio.ensure_future(self._read(stream, location)),
                asyncio.ensure_future(self._watch(location)),
            ]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except SourceLost as error:
            log.info("the stream of a session ended: %s", error)
        finally:
            self._stream = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await stream.close()

    async def _read(self, stream: FrameStream, location: Location) -> None:
        async for batch in stream.batches():
            self._resume(location)
            for frame in batch.frames:
                if is_private(frame.stream):
                    await self._pass_private(frame)
                else:
                    self.market_seq[frame.stream] = frame.seq
                    for reader in self._readers:
                        reader.put(frame)
            for name, due in batch.next_seq.items():
                if is_private(name) and due > self.next_seq.get(name, 1):
                    await self._fill(name)

    async def _pass_private(self, frame: Frame) -> None:
        due = self.next_seq.get(frame.stream, 1)
        if frame.seq > due:
            await self._fill(frame.stream)
            due = self.next_seq.get(frame.stream, 1)
        if frame.seq == due:
            self._put_private(frame)

    def _put_private(self, frame: Frame) -> None:
        self.next_seq[frame.stream] = frame.seq + 1
        for reader in self._readers:
            reader.put(frame)

    async def _fill(self, name: str) -> None:
        """Bring a private stream up to what the event log holds."""
        while True:
            page = await self._source.replay(name, self.next_seq.get(name, 1) - 1, REPLAY_PAGE)
            for frame in page:
                if frame.seq == self.next_seq.get(name, 1):
                    self._put_private(frame)
            if len(page) < REPLAY_PAGE:
                return

    async def _fill_from_log(self) -> None:
        """While no run streams: facts committed by the last one must still arrive."""
        try:
            for name, due in (await self._source.next_seqs()).items():
                if due > self.next_seq.get(name, 1):
                    await self._fill(name)
        except Exception:
            log.warning("could not read the event log", exc_info=True)

    async def _watch(self, location: Location) -> None:
        """Ends when another run serves the session: the truth each second, or at once when poked."""
        while True:
            await self._wait(self._truth_seconds)
            now = await self._locate()
            if now.epoch != location.epoch or (now.status and not now.ready and now.status != "READY"):
                return
            await self._fill_from_log()

    async def _wait(self, seconds: float) -> None:
        """So long, or until poked."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._poked.wait(), seconds)
        self._poked.clear()

    async def _learn_numbers(self) -> None:
        """Where the private streams stand before the first live frame; readers attached earlier lose nothing."""
        if self.next_seq:
            await self._fill_from_log()
            return
        while True:
            try:
                self.next_seq = dict(await self._source.next_seqs())
            except Exception:
                log.warning("could not read where the streams stand", exc_info=True)
                await asyncio.sleep(self._truth_seconds)
                continue
            return

    def _tell(self, type: str, data: dict[str, object]) -> None:
        message = self._notice(type, data)
        for reader in self._readers:
            if "session" in reader.streams:
                reader.say(message)

    def _notice(self, type: str, data: dict[str, object]) -> bytes:
        return frames.notice(type, epoch=self.location.epoch, data=data, now=datetime.now(UTC))


class Hub:
    """The bridges of one event loop."""

    def __init__(self, make_source: Callable[[UUID], Source] = SessionSource) -> None:
        self._make_source = make_source
        self._bridges: dict[UUID, Bridge] = {}
        self._closing: set[asyncio.Future[None]] = set()

    def bridge(self, session_id: UUID) -> Bridge:
        """The session's bridge, started if need be. Attach a reader at once, or it goes again."""
        bridge = self._bridges.get(session_id)
        if bridge is None:
            bridge = Bridge(self._make_source(session_id), on_idle=lambda: self._retire(session_id))
            self._bridges[session_id] = bridge
        return bridge

    def poke(self, session_id: UUID) -> None:
        """Make the session's bridge look at the truth now, if there is one."""
        bridge = self._bridges.get(session_id)
        if bridge is not None:
            bridge.poke()

    def _retire(self, session_id: UUID) -> None:
        bridge = self._bridges.pop(session_id, None)
        if bridge is not None:
            closing = asyncio.ensure_future(bridge.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        for session_id in list(self._bridges):
            await self._bridges.pop(session_id).close()


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def poke_all(session_id: UUID) -> None:
    """As Hub.poke, for every event loop of this process and from any thread."""
    for loop, found in list(_hubs.items()):
        if not loop.is_closed():
            loop.call_soon_threadsafe(found.poke, session_id)


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
    return found
