"""Reads a legacy file while it arrives and imports it in batches: never more than one batch is in memory."""

from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

import msgspec

from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, Refusal
from reyna.domain.json.data import MAX_BLOB_BYTES
from reyna.domain.json.reading import decode_json
from reyna.services.state.legacy_import.batch import DryRunResult
from reyna.services.state.legacy_import.legacy_import import BatchResult
from reyna.services.state.legacy_import.lines import BucketField, Fields, Line, blob_id, bucket_ids, read_line
from reyna.services.state.legacy_import.report import Note, Report

MAX_BATCH_LINES: Final = 250  # lines in one write: so many at once cost others some 50 ms of waiting
MAX_BATCH_BYTES: Final = 2 * 1024 * 1024  # of the lines in one batch, unless a single one is larger
MAX_LINE_BYTES: Final = MAX_BLOB_BYTES + MAX_BLOB_BYTES // 8  # fits into a bus message of 5 MiB
JSON: Final = msgspec.json.Decoder()
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # some editors begin a file with it


class LegacyImportVerbs(Protocol):
    """The legacy import part of the state service, in this process or over the bus."""

    async def migrate(
        self,
        caller: Caller,
        lines: list[Line],
        fields: dict[str, BucketField],
        *,
        dry_run: bool = False,
        assumed: DryRunResult = DryRunResult(),
    ) -> BatchResult: ...


async def import_lines(
    part: LegacyImportVerbs,
    caller: Caller,
    chunks: AsyncIterator[bytes],
    fields: Fields,
    *,
    dry_run: bool = False,
    on_progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Imports all lines of a file and returns the report; `on_progress` is called with it after each batch.

    A refusal in between (the quota) carries that as `report`; what was done stays, and running it again goes on there.
    """
    batcher = _LineBatcher(part, caller, fields, dry_run)
    try:
        async for number, raw in _lines(chunks):
            if batcher.add(number, raw):
                await batcher.flush()
                on_progress(batcher.report)
        await batcher.flush()
    except Refusal as refusal:
        refusal.facts["report"] = msgspec.to_builtins(batcher.report)
        raise
    on_progress(batcher.report)
    return batcher.report


class _LineBatcher:
    """The lines of the next batch and the report so far; a dry run remembers what it would have created."""

    def __init__(self, part: LegacyImportVerbs, caller: Caller, fields: Fields, dry_run: bool) -> None:
        self._part, self._caller, self._fields, self._dry_run = part, caller, fields, dry_run
        self.report = Report(dry_run=dry_run)
        self._lines: list[Line] = []
        self._bytes = 0
        self._buckets: dict[str, Bucket] = {}
        self._blobs: dict[str, str] = {}

    def add(self, number: int, raw: bytes | None) -> bool:
        """Returns whether the batch is full with this line; None is a line that is too long to be stored."""
        if raw is None:
            self._reject(number, f"The line is longer than {MAX_LINE_BYTES:,} bytes.")
            return False
        try:
            self._lines.append(Line(number, decode_json(JSON, raw)))
        except Invalid as invalid:
            self._reject(number, invalid.detail)
            return False
        self._bytes += len(raw)
        return len(self._lines) >= MAX_BATCH_LINES or self._bytes >= MAX_BATCH_BYTES

    async def flush(self) -> None:
        """Imports the lines that were added."""
        if not self._lines:
            return
        assumed = self._assumed() if self._dry_run else DryRunResult()
        lines, self._lines, self._bytes = self._lines, [], 0
        result = await self._part.migrate(self._caller, lines, self._fields, dry_run=self._dry_run, assumed=assumed)
        self.report = self.report.plus(result.report)
        self._buckets |= {bucket.id: bucket for bucket in result.dry_run.buckets}
        self._blobs |= result.dry_run.blobs

    def _assumed(self) -> DryRunResult:
        """Returns what this dry run would have created so far and the next batch may refer to."""
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
        return DryRunResult(buckets=tuple(buckets.values()), blobs=blobs)

    def _reject(self, number: int, reason: str) -> None:
        note = Note(line=number, what="rejected", reason=reason)
        self.report = self.report.plus(Report(lines=1, rejected=1, notes=(note,), left_out=(number,)))


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes | None]]:
    """Yields the lines with their numbers, without empty ones; None stands for one that is too long."""
    rest, number, too_long = b"", 0, False
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for raw in whole:
            number += 1
            if too_long or len(raw) > MAX_LINE_BYTES:
                too_long = False
                yield number, None
            elif line := _bare(raw, number):
                yield number, line
        if too_long or len(rest) > MAX_LINE_BYTES:
            rest, too_long = b"", True
    if too_long:
        yield number + 1, None
    elif line := _bare(rest, number + 1):
        yield number + 1, line


def _bare(raw: bytes, number: int) -> bytes:
    return (raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw).strip()
