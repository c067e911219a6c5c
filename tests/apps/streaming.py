"""A session's source of frames under a test's control: an event log, a live stream, and faults on request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import orjson

from apps.streams.frames import PRIVATE_STREAMS, Frame
from apps.streams.sources import Batch, Location, SourceLost

SIM_NS = 1_223_645_400_000_000_000


def frame(stream: str, seq: int, *, type: str = "", epoch: int = 1, data: Any = None, key: str = "") -> Frame:
    kind = type or {"orders": "order.accepted", "account": "account.updated"}.get(stream.partition(":")[0], "quote")
    return Frame(
        stream=stream,
        seq=seq,
        type=kind,
        sim_time_ns=SIM_NS + seq,
        wall_time_ms=1_700_000_000_000 + seq,
        epoch=epoch,
        data=orjson.dumps({"n": seq} if data is None else data),
        key=key,
    )


class ScriptedStream:
    """One epoch's live stream."""

    def __init__(self, source: ScriptedSource) -> None:
        self.source = source
        self.queue: asyncio.Queue[Batch | None] = asyncio.Queue()
        self.wanted: set[str] = set()

    async def update(self, streams: Iterable[str], *, snapshot: Iterable[str] = ()) -> None:
        self.wanted = set(streams)
        self.source.asked.append(set(snapshot))
        for name in snapshot:
            if name.startswith("book:"):
                seq = self.source.market.get(name, 0)
                body = {"symbol": name[5:], "seq": seq, "bids": [], "asks": [], "checksum": 0}
                self.put(frame(name, seq, type="book.snapshot", epoch=self.source.epoch, data=body, key=name))

    def put(self, *frames: Frame, next_seq: dict[str, int] | None = None) -> None:
        self.queue.put_nowait(Batch(frames, next_seq or {}))

    async def batches(self) -> AsyncIterator[Batch]:
        yield Batch((), {})
        while True:
            batch = await self.queue.get()
            if batch is None:
                raise SourceLost("killed")
            yield batch

    async def close(self) -> None:
        if self in self.source.streams:
            self.source.streams.remove(self)


class ScriptedSource:
    """See the module. `lost` names private frames that never arrive live, as a lossy link would lose them."""

    def __init__(self) -> None:
        self.epoch = 1
        self.ready = True
        self.halted = False
        self.status = "READY"
        self.log: dict[str, list[Frame]] = {name: [] for name in PRIVATE_STREAMS}
        self.market: dict[str, int] = {}
        self.streams: list[ScriptedStream] = []
        self.asked: list[set[str]] = []
        self.lost: set[int] = set()
        self.replays = 0
        self.opened = 0

    # --- what a bridge asks ---

    async def locate(self) -> Location:
        return Location(self.epoch, self.status, "unix:/run/sim" if self.ready else "", halted=self.halted)

    def open(self, location: Location) -> ScriptedStream:
        self.opened += 1
        stream = ScriptedStream(self)
        self.streams.append(stream)
        return stream

    async def replay(self, stream: str, after_seq: int, limit: int) -> list[Frame]:
        self.replays += 1
        await asyncio.sleep(0)
        return [kept for kept in self.log[stream] if kept.seq > after_seq][:limit]

    async def next_seqs(self) -> dict[str, int]:
        await asyncio.sleep(0)
        return {name: len(kept) + 1 for name, kept in self.log.items()}

    async def snapshot(self, stream: str) -> Any:
        return {"orders": []}

    # --- what a test does ---

    def commit(self, stream: str = "orders", count: int = 1, **more: Any) -> None:
        """Facts become durable and are then sent live, unless the link loses them."""
        for _ in range(count):
            fact = frame(stream, len(self.log[stream]) + 1, epoch=self.epoch, **more)
            self.log[stream].append(fact)
            if fact.seq not in self.lost:
                for live in self.streams:
                    live.put(fact)

    def tick(self, name: str, **more: Any) -> None:
        """A market frame."""
        seq = self.market.get(name, 0) + 1
        self.market[name] = seq
        for live in self.streams:
            if name in live.wanted:
                live.put(frame(name, seq, epoch=self.epoch, **more))

    def beat(self) -> None:
        for live in self.streams:
            live.put(next_seq={name: len(kept) + 1 for name, kept in self.log.items()})

    def kill(self, *, status: str = "RESTORING") -> None:
        """The run dies without a word."""
        self.ready = False
        self.status = status
        for live in list(self.streams):
            live.queue.put_nowait(None)

    def restart(self) -> None:
        self.epoch += 1
        self.ready = True
        self.status = "READY"
