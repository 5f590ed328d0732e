"""Streams in memory: the stored messages, their sequences, and the recognition of repeats."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

from reyna.domain.event import EVENT_SUBJECTS, Message
from reyna.domain.processing.run import DEAD_SUBJECTS, RUN_SUBJECTS
from reyna.ports.bus import Stream
from reyna.ports.subjects import matches

DEDUPE_WINDOW_SECONDS: Final = 120.0
SUBJECTS: Final[Mapping[Stream, str]] = {"EVENTS": EVENT_SUBJECTS, "RUNS": RUN_SUBJECTS, "DEAD": DEAD_SUBJECTS}


class StoredMessage:
    """A message in a stream; `done` once the subscriber of a work queue has acknowledged it."""

    __slots__ = ("at", "body", "done", "id", "sequence", "subject")

    def __init__(self, message: Message, sequence: int, at: datetime) -> None:
        self.subject, self.body, self.id = message.subject, message.body, message.id
        self.sequence, self.at = sequence, at
        self.done = False


class MemoryStreams:
    """The messages of all streams; `clock` measures the window in which a repeat is recognised."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = partial(datetime.now, UTC),
    ) -> None:
        self._clock, self._wall_clock = clock, wall_clock
        self._messages: dict[Stream, list[StoredMessage]] = {stream: [] for stream in SUBJECTS}
        self._last: dict[Stream, int] = dict.fromkeys(SUBJECTS, 0)
        self._recent: dict[str, tuple[float, int]] = {}  # message id -> when it was stored, and its sequence

    def find_stream(self, subject: str) -> Stream | None:
        """Returns the stream that stores this subject."""
        return next((stream for stream, root in SUBJECTS.items() if matches(f"{root}.>", subject)), None)

    def find_repeat(self, id: str) -> int | None:
        """Returns the sequence of the message with this id; None when there was none within the window."""
        now = self._clock()
        while self._recent and now - next(iter(self._recent.values()))[0] >= DEDUPE_WINDOW_SECONDS:
            del self._recent[next(iter(self._recent))]
        return self._recent[id][1] if id in self._recent else None

    def store(self, stream: Stream, message: Message) -> StoredMessage:
        self._last[stream] += 1
        stored = StoredMessage(message, self._last[stream], self._wall_clock())
        self._messages[stream].append(stored)
        self._recent[message.id] = (self._clock(), stored.sequence)
        return stored

    def messages_of(self, stream: Stream) -> tuple[StoredMessage, ...]:
        return tuple(self._messages[stream])

    def last_sequence(self, stream: Stream) -> int:
        return self._last[stream]

    def remove(self, stream: Stream, subject: str, id: str) -> None:
        kept = [message for message in self._messages[stream] if (message.subject, message.id) != (subject, id)]
        self._messages[stream] = kept

    def holes(self, stream: Stream) -> Iterator[tuple[int, int]]:
        """Yields the ranges of sequences up to the last one that are missing, as their first and last."""
        expected = 1
        for sequence in (*(message.sequence for message in self._messages[stream]), self._last[stream] + 1):
            if sequence > expected:
                yield expected, sequence - 1
            expected = sequence + 1
