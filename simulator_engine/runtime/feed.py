"""Numbered frames for whoever subscribes: private facts once they are durable, market data conflated to a beat.

The feed never waits for a reader: one that falls too far behind loses its subscription, not the market's time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from simulator_engine import wire
from simulator_engine.contract.v1 import journal_pb2, simulator_pb2
from simulator_engine.runtime import views
from simulator_engine.runtime.gate import OutputGate
from simulator_engine.runtime.state import SessionState

BOOK_LEVELS = 50
"""Levels a side that a book stream shows: beyond them nobody reads, and the diff stays cheap."""

MAX_WAITING_FRAMES = 20_000
"""A reader this far behind is gone or stuck; it may come back and resume by its sequence numbers."""

EPOCH_STRIDE = 1_000_000_000
"""Market numbers start at epoch × this: they only rise across restarts, and stay exact in a JavaScript number."""

PRIVATE_STREAMS = ("orders", "account", "session")


class Subscriber:
    """One reader's queue of frames; filled by the feed, emptied by the RPC that serves the reader."""

    def __init__(self) -> None:
        self.streams: frozenset[str] = frozenset()
        self.overflowed = False
        self._frames: deque[simulator_pb2.Frame] = deque()
        self._arrived = asyncio.Event()

    def put(self, frames: Iterable[simulator_pb2.Frame]) -> None:
        self._frames.extend(frames)
        if len(self._frames) > MAX_WAITING_FRAMES:
            self.overflowed = True
            self._frames.clear()
        self._arrived.set()

    async def take(self, timeout_seconds: float) -> list[simulator_pb2.Frame]:
        """Everything that waits, or nothing after so long."""
        if not self._frames:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), timeout_seconds)
            except TimeoutError:
                return []
        frames = list(self._frames)
        self._frames.clear()
        self._arrived.clear()
        return frames


@dataclass(slots=True)
class _Published:
    """What the readers of one symbol's book hold."""

    levels: dict[tuple[str, str], tuple[str, int]]
    seq: int
    level_changes: int


@dataclass(slots=True)
class _Marks:
    """How far each market stream has been published."""

    book: dict[str, _Published] = field(default_factory=dict)
    trades: dict[str, int] = field(default_factory=dict)
    candles: dict[str, bytes] = field(default_factory=dict)
    quotes: dict[str, bytes] = field(default_factory=dict)
    queue: bytes = b""
    seq: dict[str, int] = field(default_factory=dict)


class Feed:
    """All frames of one session at one epoch."""

    def __init__(self, *, state: SessionState, gate: OutputGate, epoch: int) -> None:
        self._state = state
        self._gate = gate
        self.epoch = epoch
        self._subscribers: set[Subscriber] = set()
        self._marks = _Marks()
        self._next_seq = self._private_next()

    # --- subscriptions -----------------------------------------------------------------------------------------

    @property
    def watched(self) -> bool:
        """Whether anybody reads market data: an unwatched session may think in longer strides."""
        return any(stream not in PRIVATE_STREAMS for reader in self._subscribers for stream in reader.streams)

    def subscribe(self) -> Subscriber:
        reader = Subscriber()
        self._subscribers.add(reader)
        return reader

    def unsubscribe(self, reader: Subscriber) -> None:
        self._subscribers.discard(reader)

    def choose(self, reader: Subscriber, streams: Iterable[str], again: Iterable[str], wall_time_ms: int) -> list[str]:
        """Set the reader's streams; new ones (and those in `again`) start from their snapshot.

        Returns the names that no stream has.
        """
        wanted = frozenset(name for name in streams if views.stream_exists(self._state.exchange, name))
        fresh = (wanted - reader.streams) | (wanted & frozenset(again))
        # Bring what the streams' readers share up to now for the others, then show it whole to this one.
        changes = [frame for name in sorted(fresh) for frame in self._changes(name, wall_time_ms)]
        if changes:
            self._gate.release(lambda: self._send(changes))
        frames = [frame for name in sorted(fresh) for frame in self._snapshot(name, wall_time_ms)]
        reader.streams = wanted
        if frames:
            self._gate.release(lambda: reader.put(frames))
        return sorted(set(streams) - wanted)

    def next_seq(self) -> dict[str, int]:
        """The number that the next durable frame of each private stream will bear."""
        return dict(self._next_seq)

    # --- private facts -----------------------------------------------------------------------------------------

    def publish_reports(self, reports: Iterable[journal_pb2.Report]) -> None:
        """Durable reports, in order: called by the journal's commit and never before it."""
        frames = []
        for report in reports:
            self._next_seq[report.stream] = report.stream_seq + 1
            frames.append(
                simulator_pb2.Frame(
                    stream=report.stream,
                    seq=report.stream_seq,
                    type=report.type,
                    sim_time_ns=report.sim_time_ns,
                    wall_time_ms=report.wall_time_ms,
                    data=report.body,
                )
            )
        self._send(frames)

    def _private_next(self) -> dict[str, int]:
        return {stream: self._state.stream_seq[stream] + 1 for stream in PRIVATE_STREAMS}

    # --- market data -------------------------------------------------------------------------------------------

    def publish_market(self, wall_time_ms: int) -> None:
        """Everything that changed since the last beat, for the streams that somebody reads."""
        names = {name for reader in self._subscribers for name in reader.streams if name not in PRIVATE_STREAMS}
        frames = [frame for name in sorted(names) for frame in self._changes(name, wall_time_ms)]
        if frames:
            self._gate.release(lambda: self._send(frames))

    def _send(self, frames: list[simulator_pb2.Frame]) -> None:
        for reader in self._subscribers:
            wanted = [frame for frame in frames if frame.stream in reader.streams]
            if wanted:
                reader.put(wanted)

    def _frame(self, stream: str, kind: str, wall_time_ms: int, data: bytes, key: str) -> simulator_pb2.Frame:
        seq = self._marks.seq.get(stream, self.epoch * EPOCH_STRIDE) + 1
        self._marks.seq[stream] = seq
        return simulator_pb2.Frame(
            stream=stream,
            seq=seq,
            type=kind,
            sim_time_ns=self._state.exchange.sim_time_ns,
            wall_time_ms=wall_time_ms,
            data=data,
            conflation_key=key,
        )

    def _snapshot(self, name: str, wall_time_ms: int) -> list[simulator_pb2.Frame]:
        """What a new reader of a stream starts from; nothing for private streams, which are resumed by number."""
        family, _, rest = name.partition(":")
        exchange = self._state.exchange
        marks = self._marks
        if family == "book":
            return [self._book_snapshot(name, rest, wall_time_ms)]
        if family == "quotes":
            frames = []
            for symbol in exchange.venue.instruments:
                body = views.quote_body(exchange, symbol)
                marks.quotes[symbol] = body
                frames.append(self._frame(name, "quote", wall_time_ms, body, f"quotes:{symbol}"))
            return frames
        if family == "trades":
            trades = exchange.trades(rest, 100)
            body = views.trades_body(exchange, rest, trades)
            return [self._frame(name, "trade", wall_time_ms, body, "")]
        if family == "candles":
            symbol, _, interval = rest.partition(":")
            candle = views.last_candle_body(exchange, symbol, views.interval_seconds(interval))
            return [] if candle is None else [self._frame(name, "candle", wall_time_ms, candle, name)]
        if family == "queue":
            return [self._frame(name, "queue.updated", wall_time_ms, views.queue_body(exchange), name)]
        return []

    def _changes(self, name: str, wall_time_ms: int) -> list[simulator_pb2.Frame]:
        family, _, rest = name.partition(":")
        exchange, marks = self._state.exchange, self._marks
        if family == "book":
            return self._book_delta(name, rest, wall_time_ms)
        if family == "quotes":
            frames = []
            for symbol in exchange.venue.instruments:
                body = views.quote_body(exchange, symbol)
                if marks.quotes.get(symbol) != body:
                    marks.quotes[symbol] = body
                    frames.append(self._frame(name, "quote", wall_time_ms, body, f"quotes:{symbol}"))
            return frames
        if family == "trades":
            return self._new_trades(name, rest, wall_time_ms)
        if family == "candles":
            symbol, _, interval = rest.partition(":")
            body_or_none = views.last_candle_body(exchange, symbol, views.interval_seconds(interval))
            if body_or_none is None or marks.candles.get(name) == body_or_none:
                return []
            marks.candles[name] = body_or_none
            return [self._frame(name, "candle", wall_time_ms, body_or_none, name)]
        if family == "queue":
            body = views.queue_body(exchange)
            if marks.queue == body:
                return []
            marks.queue = body
            return [self._frame(name, "queue.updated", wall_time_ms, body, name)]
        return []

    def _new_trades(self, name: str, symbol: str, wall_time_ms: int) -> list[simulator_pb2.Frame]:
        exchange, marks = self._state.exchange, self._marks
        count = exchange.venue.tape(symbol).trade_count
        known = marks.trades.get(symbol)
        marks.trades[symbol] = count
        if known is None or count == known:
            return []
        fresh = exchange.trades(symbol, count - known)
        return [self._frame(name, "trade", wall_time_ms, views.trades_body(exchange, symbol, fresh), "")]

    def _book_snapshot(self, name: str, symbol: str, wall_time_ms: int) -> simulator_pb2.Frame:
        view = views.book_levels(self._state.exchange, symbol, BOOK_LEVELS)
        published = self._marks.book.get(symbol)
        if published is None:
            seq = self._marks.seq.get(name, self.epoch * EPOCH_STRIDE) + 1
            self._marks.seq[name] = seq
            published = self._marks.book[symbol] = _Published(
                view.levels, seq, self._state.exchange.venue.tape(symbol).level_changes
            )
        body = views.book_body(self._state.exchange, symbol, view, seq=published.seq)
        return simulator_pb2.Frame(
            stream=name,
            seq=published.seq,
            type="book.snapshot",
            sim_time_ns=self._state.exchange.sim_time_ns,
            wall_time_ms=wall_time_ms,
            data=body,
            conflation_key=name,
        )

    def _book_delta(self, name: str, symbol: str, wall_time_ms: int) -> list[simulator_pb2.Frame]:
        published = self._marks.book.get(symbol)
        if published is None:
            return []
        changes = self._state.exchange.venue.tape(symbol).level_changes
        if changes == published.level_changes:
            return []
        published.level_changes = changes
        view = views.book_levels(self._state.exchange, symbol, BOOK_LEVELS)
        before, now = published.levels, view.levels
        changed = [(key, value) for key, value in now.items() if before.get(key) != value]
        gone = [key for key in before if key not in now]
        if not changed and not gone:
            return []
        published.levels = now
        prev_seq = published.seq
        sides: dict[str, list[list[str | int]]] = {"bids": [], "asks": []}
        for (side, price), (quantity, orders) in changed:
            sides[side].append([price, quantity, orders])
        for side, price in gone:
            sides[side].append([price, "0", 0])
        body = orjson.dumps(
            {
                "symbol": symbol,
                "prev_seq": prev_seq,
                "seq": prev_seq + 1,
                "sim_time": wire.time_text(self._state.exchange.sim_time_ns),
                **sides,
                "checksum": view.checksum,
            }
        )
        frame = self._frame(name, "book.delta", wall_time_ms, body, "")
        published.seq = frame.seq
        return [frame]
