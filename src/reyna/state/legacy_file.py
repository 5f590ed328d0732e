"""A legacy file read while it arrives, and worked off in batches: never more of it in memory than one."""

from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

import msgspec

from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.data import BLOB_BYTES
from reyna.domain.errors import Invalid, Refusal
from reyna.domain.reading import read
from reyna.state.legacy import Fields, Kind, Line, blob_id, bucket_ids, read_line
from reyna.state.migration import Made, Migrated, Note, Report

BATCH: Final = 250  # lines in one write: so many at once cost others some 50 ms of waiting
BATCH_BYTES: Final = 2 * 1024 * 1024  # of the lines in one batch, unless a single one is larger
LINE_BYTES: Final = BLOB_BYTES + BLOB_BYTES // 8  # what fits between two services, whose limit is 5 MiB or more
JSON: Final = msgspec.json.Decoder()
MARK: Final = b"\xef\xbb\xbf"  # some editors begin a file with it


class Verbs(Protocol):
    """What is asked of the state service, here or over the bus."""

    async def migrate(
        self,
        caller: Caller,
        lines: list[Line],
        fields: dict[str, Kind],
        *,
        dry_run: bool = False,
        assumed: Made = Made(),
    ) -> Migrated: ...


async def migrated(
    verbs: Verbs,
    caller: Caller,
    chunks: AsyncIterator[bytes],
    fields: Fields,
    *,
    dry_run: bool = False,
    told: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Bring in all lines of a file; `told` hears after each batch what was done so far.

    A refusal in between (the quota) carries that as `report`; what was done stays, and running it again goes on there.
    """
    work = _Work(verbs, caller, fields, dry_run)
    try:
        async for number, raw in _lines(chunks):
            if work.take(number, raw):
                await work.off()
                told(work.report)
        await work.off()
    except Refusal as refusal:
        refusal.facts["report"] = msgspec.to_builtins(work.report)
        raise
    told(work.report)
    return work.report


class _Work:
    """The lines of the next batch, and what came of all before it; a dry run remembers what it would have made."""

    def __init__(self, verbs: Verbs, caller: Caller, fields: Fields, dry_run: bool) -> None:
        self._verbs, self._caller, self._fields, self._dry_run = verbs, caller, fields, dry_run
        self.report = Report(dry_run=dry_run)
        self._lines: list[Line] = []
        self._bytes = 0
        self._buckets: dict[str, Bucket] = {}
        self._blobs: dict[str, str] = {}

    def take(self, number: int, raw: bytes | None) -> bool:
        """Whether the batch is full with this line; None is one that is too long to be kept."""
        if raw is None:
            self._reject(number, f"The line is longer than {LINE_BYTES:,} bytes.")
            return False
        try:
            self._lines.append(Line(number, read(JSON, raw)))
        except Invalid as invalid:
            self._reject(number, invalid.detail)
            return False
        self._bytes += len(raw)
        return len(self._lines) >= BATCH or self._bytes >= BATCH_BYTES

    async def off(self) -> None:
        """Work off what was taken."""
        if not self._lines:
            return
        assumed = self._assumed() if self._dry_run else Made()
        lines, self._lines, self._bytes = self._lines, [], 0
        done = await self._verbs.migrate(self._caller, lines, self._fields, dry_run=self._dry_run, assumed=assumed)
        self.report = self.report.plus(done.report)
        self._buckets |= {bucket.id: bucket for bucket in done.made.buckets}
        self._blobs |= done.made.blobs

    def _assumed(self) -> Made:
        """Of all that this dry run would have made, what the next batch may come upon."""
        buckets, blobs = dict[str, Bucket](), dict[str, str]()
        for line in self._lines:
            if not isinstance(line.body, dict):
                continue
            legacy = read_line(line, self._fields)
            ids = [*bucket_ids(self._caller.user_id, legacy)]
            buckets |= {id: self._buckets[id] for id in ids if id in self._buckets}
            id = blob_id(self._caller.user_id, legacy.id)
            if id in self._blobs:
                blobs[id] = self._blobs[id]
        return Made(buckets=tuple(buckets.values()), blobs=blobs)

    def _reject(self, number: int, reason: str) -> None:
        note = Note(line=number, what="rejected", reason=reason)
        self.report = self.report.plus(Report(lines=1, rejected=1, notes=(note,), left_out=(number,)))


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines with their numbers, empty ones left out; None stands for one that is too long."""
    rest, number, too_long = b"", 0, False
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for raw in whole:
            number += 1
            if too_long or len(raw) > LINE_BYTES:
                too_long = False
                yield number, None
            elif line := _bare(raw, number):
                yield number, line
        if too_long or len(rest) > LINE_BYTES:
            rest, too_long = b"", True
    if too_long:
        yield number + 1, None
    elif line := _bare(rest, number + 1):
        yield number + 1, line


def _bare(raw: bytes, number: int) -> bytes:
    return (raw.removeprefix(MARK) if number == 1 else raw).strip()
