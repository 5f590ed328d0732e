"""The information that JetStream gives about the stream EVENTS: what it holds, what it has lost, its identity."""

from collections.abc import Sequence
from typing import Final

import msgspec

from reyna.ports.bus import StreamExtent, StreamPosition

EPOCH_RENEWALS: Final = "reyna-epoch"  # in the metadata of EVENTS
NEARLY_FULL_SHARE: Final = 0.9  # of the bytes that the stream may hold; beyond it, it drops its oldest messages


class StreamState(msgspec.Struct):
    first_seq: int
    last_seq: int
    bytes: int = 0
    num_deleted: int = 0
    deleted: list[int] | None = None


class StreamConfig(msgspec.Struct):
    max_bytes: int = -1
    metadata: dict[str, str] | None = None


class StreamInfo(msgspec.Struct):
    """The answer to `STREAM.INFO.EVENTS`."""

    created: str
    state: StreamState
    config: StreamConfig

    @property
    def stream(self) -> str:
        """The identity of the stream, which is another one when it is created anew."""
        return _base36(int("".join(filter(str.isdigit, self.created))))

    @property
    def epoch(self) -> str:
        renewals = (self.config.metadata or {}).get(EPOCH_RENEWALS)
        return f"{self.stream}.{renewals}" if renewals else self.stream

    @property
    def position(self) -> StreamPosition:
        first, last = self.state.first_seq, self.state.last_seq
        if last < first:  # empty: JetStream may say 0 and 0, or last + 1 and last
            return StreamPosition(self.epoch, last + 1, last)
        return StreamPosition(self.epoch, max(1, first), last)

    @property
    def extent(self) -> StreamExtent:
        holes = _ranges(self.state.deleted or ())
        has_room = self.config.max_bytes < 0 or self.state.bytes < NEARLY_FULL_SHARE * self.config.max_bytes
        if has_room and self.state.first_seq > 1:  # expired events are told from lost ones by their age
            holes = [(1, self.state.first_seq - 1), *holes]
        return StreamExtent(self.stream, self.state.last_seq, tuple(holes))


STREAM_INFO: Final = msgspec.json.Decoder(StreamInfo)


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Returns ascending numbers as the first and last number of each unbroken range."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits
