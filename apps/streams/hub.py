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
from apps.streams.reader import Reader
from apps.streams.sources import ENDED, FrameStream, Location, SessionSource, Source, SourceLost

log = logging.getLogger("tradesim.streams")

TRUTH_SECONDS = 1.0
"""How often the database is asked who serves the session and how far its numbers have got, whatever notices say."""

RETRY_SECONDS = 0.1
"""Between a stream's end and the next look: a dead run is still listed for a moment."""

REPLAY_LIMIT = 900
"""Further behind than this a reader gets a snapshot: a replay must fit the outbox with room for what goes on."""

REPLAY_PAGE = 300
ENVELOPE_BYTES = 256
"""About what a frame is longer than its body."""

LINGER_SECONDS = 10.0
"""How long a bridge outlives its last reader: a reload of the page finds it warm."""


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
        for name, last_seq in private.items():
            await self._catch_up(reader, name, last_seq)
        # Only now: a reader of the stream hears by itself of every change after this.
        if "session" in private and self._paused is not None:
            reader.say(self._notice("session.paused", self._paused))
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
        if last_seq is None or reached - last_seq > REPLAY_LIMIT or last_seq > reached:
            await self._show(reader, name)
        else:
            reader.next_seq[name] = last_seq + 1
            reader.streams.add(name)
        while True:
            # From the moment that the reader wants the stream, live frames that are due reach it by themselves.
            page = await self._source.replay(name, reader.next_seq[name] - 1, REPLAY_PAGE)
            missing = [frame for frame in page if frame.seq >= reader.next_seq[name]]
            size = sum(len(frame.data) + ENVELOPE_BYTES for frame in missing)
            if missing and not reader.outbox.has_room_for(len(missing), size) and not reader.outbox.overflowed:
                # More than may be on its way at once (other streams are replayed beside it): it would never arrive.
                await self._show(reader, name)
                continue
            for frame in missing:
                reader.put(frame, poss_dup=True)
            if len(page) < REPLAY_PAGE and reader.next_seq[name] >= self.next_seq.get(name, 1):
                return

    async def _show(self, reader: Reader, name: str) -> None:
        """Begin a private stream anew for this reader: with its snapshot, from whose number it goes on."""
        reader.streams.discard(name)
        reached = (await self._source.next_seqs()).get(name, 1) - 1
        data = await self._source.snapshot(name)
        shown = frames.snapshot(stream=name, seq=reached, epoch=self.location.epoch, data=data, now=datetime.now(UTC))
        reader.say(shown, stands=(name, reached))
        reader.next_seq[name] = reached + 1
        reader.streams.add(name)

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
            asked = self._wanted()
            await stream.update(asked, snapshot=asked - set(PRIVATE_STREAMS))
            self._stream = stream
            if late := self._wanted() - asked:  # subscribed to while the run was being joined
                await stream.update(self._wanted(), snapshot=late - set(PRIVATE_STREAMS))
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
