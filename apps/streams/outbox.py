"""What waits for one reader, within bounds. Private frames are lossless or the reader is let go; others conflate.

Pure: no clock, no socket. It never makes the one who puts wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from apps.streams.frames import Frame, is_private, merge_book_deltas

MAX_UNACKNOWLEDGED_FRAMES: Final = 1_000
MAX_UNACKNOWLEDGED_BYTES: Final = 1 << 20
"""Private frames put and not yet acknowledged (RELIABILITY.md); one more and the reader is closed with 4428."""

MAX_PENDING_OF_A_KIND: Final = 64
"""Deltas of one book are merged, and prints of one tape dropped from the oldest, beyond so many waiting batches."""

MAX_CONTROL_FRAMES: Final = 1_000
"""Answers to the reader's own messages; one that asks so much and reads nothing is let go too."""


@dataclass(frozen=True, slots=True)
class _Sent:
    stream: str
    seq: int
    size: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message to the reader. `stands`: how far it brings a private stream, as (name, number); None for none."""

    data: bytes
    stands: tuple[str, int] | None = None
    sent: _Sent | None = None


class Outbox:
    """See the module. `overflowed` is final: nothing private is accepted after it, and the reader must be closed."""

    def __init__(self) -> None:
        self.overflowed = False
        self.last_acknowledged: dict[str, int] = {}
        self._waiting: deque[Message] = deque()
        self._unacknowledged: deque[_Sent] = deque()
        self._unacknowledged_bytes = 0
        self._control_count = 0
        self._latest: dict[str, Frame] = {}
        self._deltas: dict[str, list[Frame]] = {}
        self._prints: dict[str, deque[Frame]] = {}
        self._sent_count = 0

    # --- in ----------------------------------------------------------------------------------------------------

    def put(self, frame: Frame, *, poss_dup: bool = False) -> None:
        """Accept a frame of any stream."""
        if is_private(frame.stream):
            self._put_private(frame, frame.encode(poss_dup=poss_dup))
        elif frame.type == "book.delta":
            self._put_delta(frame)
        elif frame.type == "book.snapshot":
            self._deltas.pop(frame.stream, None)
            self._latest[frame.stream] = frame
        elif frame.key:
            self._latest.pop(frame.key, None)
            self._latest[frame.key] = frame
        else:
            self._prints.setdefault(frame.stream, deque(maxlen=MAX_PENDING_OF_A_KIND)).append(frame)

    def put_control(self, message: bytes, *, stands: tuple[str, int] | None = None) -> None:
        """Accept an answer, a heartbeat, a notice or a snapshot: sent in order with the private frames, never numbered.

        `stands`: the private stream that it brings to a number.
        """
        if self._control_count >= MAX_CONTROL_FRAMES:
            self.overflowed = True
        if not self.overflowed:
            self._control_count += 1
            self._waiting.append(Message(message, stands))

    def has_room_for(self, frames: int, size: int) -> bool:
        """Whether so many private frames of so many bytes in all fit, with a tenth to spare for what comes live."""
        return (
            len(self._unacknowledged) + frames <= MAX_UNACKNOWLEDGED_FRAMES * 9 // 10
            and self._unacknowledged_bytes + size <= MAX_UNACKNOWLEDGED_BYTES * 9 // 10
        )

    def forget(self, stream: str) -> None:
        """The reader left a market stream: what still waits of it is not sent."""
        self._deltas.pop(stream, None)
        self._prints.pop(stream, None)
        self._latest = {key: frame for key, frame in self._latest.items() if frame.stream != stream}

    def _put_private(self, frame: Frame, encoded: bytes) -> None:
        if self.overflowed:
            return
        if (
            len(self._unacknowledged) >= MAX_UNACKNOWLEDGED_FRAMES
            or self._unacknowledged_bytes + len(encoded) > MAX_UNACKNOWLEDGED_BYTES
        ):
            self.overflowed = True
            return
        sent = _Sent(frame.stream, frame.seq, len(encoded))
        self._unacknowledged.append(sent)
        self._unacknowledged_bytes += sent.size
        self._waiting.append(Message(encoded, (sent.stream, sent.seq), sent))

    def _put_delta(self, frame: Frame) -> None:
        waiting = self._deltas.setdefault(frame.stream, [])
        waiting.append(frame)
        if len(waiting) > MAX_PENDING_OF_A_KIND:
            self._deltas[frame.stream] = [merge_book_deltas(waiting)]

    # --- out ---------------------------------------------------------------------------------------------------

    @property
    def has_private(self) -> bool:
        return bool(self._waiting)

    @property
    def has_market(self) -> bool:
        return bool(self._latest or self._deltas or self._prints)

    def take_private(self) -> list[bytes]:
        """Private frames and answers that wait, each a message of its own. They stay unacknowledged."""
        return [message.data for message in self.take_messages()]

    def take_messages(self) -> list[Message]:
        """As `take_private`, each with how far it brings its stream."""
        taken = list(self._waiting)
        self._sent_count += len(taken) - self._control_count
        self._waiting.clear()
        self._control_count = 0
        return taken

    def take_market(self) -> list[bytes]:
        """Market frames that wait, conflated; a book's snapshot comes before its deltas."""
        frames = [frame.encode() for frame in self._latest.values()]
        frames += [merge_book_deltas(waiting).encode() for waiting in self._deltas.values()]
        frames += [frame.encode() for waiting in self._prints.values() for frame in waiting]
        self._latest.clear()
        self._deltas.clear()
        self._prints.clear()
        return frames

    # --- acknowledgement ---------------------------------------------------------------------------------------

    @property
    def unacknowledged(self) -> int:
        return len(self._unacknowledged)

    def acknowledge(self, stream: str, seq: int) -> None:
        """The reader has every frame of this private stream up to `seq`."""
        kept: deque[_Sent] = deque()
        waiting = {message.stands for message in self._waiting if message.sent is not None}
        for sent in self._unacknowledged:
            if sent.stream == stream and sent.seq <= seq and (sent.stream, sent.seq) not in waiting:
                self._note(sent)
            else:
                kept.append(sent)
        self._unacknowledged = kept

    def mark(self) -> int:
        """A point in what has been sent, for `acknowledge_until`."""
        return self._sent_count

    def acknowledge_until(self, mark: int) -> None:
        """The reader answered a message sent after `mark`: on one connection it has all that was sent before it."""
        outstanding = len(self._unacknowledged) - (len(self._waiting) - self._control_count)
        first = self._sent_count - outstanding
        for _ in range(min(outstanding, max(0, mark - first))):
            self._note(self._unacknowledged.popleft())

    def _note(self, sent: _Sent) -> None:
        self._unacknowledged_bytes -= sent.size
        self.last_acknowledged[sent.stream] = max(sent.seq, self.last_acknowledged.get(sent.stream, 0))
