"""One tab as its bridge sees it: what it wants, how far each private stream has been put, and what waits for it.

It takes each private frame exactly once and in order, and never makes the bridge wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from apps.streams.frames import Frame, is_private
from apps.streams.outbox import Outbox


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

    def say(self, message: bytes, *, stands: tuple[str, int] | None = None) -> None:
        self.outbox.put_control(message, stands=stands)
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
