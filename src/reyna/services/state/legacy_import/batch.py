"""One batch of legacy lines: the blobs, buckets and revisions that it becomes, and its report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.ids import microseconds_of, ulid_among
from reyna.domain.json.data import encode_json
from reyna.domain.placement import Placement, placement_id
from reyna.domain.text.names import make_name
from reyna.ports.store import Put, Step
from reyna.services.state.content.schema_cache import CompiledSchema
from reyna.services.state.legacy_import.bucket_builder import BucketBuilder
from reyna.services.state.legacy_import.line_content import content_fingerprint, properties_of, read_content
from reyna.services.state.legacy_import.lines import BucketField, LegacyLine, Line, blob_id, first_data, read_line
from reyna.services.state.legacy_import.report import MAX_NOTES, Note, Report
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.revisions.revision_storage import superseding_step
from reyna.storage.logical_clock import LogicalClock

EARLIEST_CREDIBLE: Final = datetime(1970, 1, 1, tzinfo=UTC)  # before it, nobody wrote into a system that is brought in
MAX_FUTURE: Final = timedelta(days=1)  # so far ahead a time may be without a note


class DryRunResult(msgspec.Struct, frozen=True, kw_only=True):
    """The buckets that a dry run would have created, and the fingerprint of the data of each blob."""

    buckets: tuple[Bucket, ...] = ()
    blobs: dict[str, str] = {}


class Batch:
    """The lines of one batch, what they become, and the notes about them."""

    bucket_builder: BucketBuilder
    fingerprints: dict[str, str | None]  # of the data of each blob that is there; None when it was changed since

    def __init__(
        self, caller: Caller, lines: Iterable[Line], fields: Mapping[str, BucketField], order: LogicalClock
    ) -> None:
        self.caller, self.now = caller, datetime.now(UTC)
        self._order, self._first = order, order.next(caller.user_id)
        self.legacies: list[LegacyLine] = []
        self.blobs: list[Blob] = []
        self._revisions: list[Step] = []
        self._created: dict[str, str] = {}
        self._numbers: dict[str, tuple[int, str]] = {}
        self._counts: Counter[str] = Counter()
        self._unmapped: Counter[str] = Counter()
        self._notes: list[Note] = []
        self._left_out: list[int] = []
        for line in lines:
            self._counts["lines"] += 1
            try:
                self.legacies.append(read_line(line, fields))
            except Invalid as invalid:
                self.leave_out(line.number, "rejected", invalid.detail)

    def id_of(self, legacy: LegacyLine) -> str:
        """Returns the id of the blob that a line becomes."""
        return blob_id(self.caller.user_id, legacy.id)

    def leave_out(self, number: int, what: Literal["rejected", "skipped"], reason: str, id: str | None = None) -> None:
        self._counts[what] += 1
        self._left_out.append(number)
        self._notes.append(Note(line=number, id=id, what=what, reason=reason))

    async def add(self, legacy: LegacyLine, schema: CompiledSchema | Invalid) -> None:
        """Adds the blob of a line, unless it exists. Raises Refusal for a line that cannot be stored at all."""
        id = self.id_of(legacy)
        schema_id, version, data, rest, reason = await read_content(self.caller, legacy, schema)
        size = len(encode_json(data))
        fingerprint = content_fingerprint(schema_id, data)
        if id in self.fingerprints:
            if self.fingerprints[id] in (None, fingerprint):
                self._counts["already_there"] += 1
            else:
                self.leave_out(legacy.number, "skipped", "Another text has this id already.", legacy.id)
            return
        known = legacy.created_at or legacy.updated_at
        created = known or self.now
        blob = Blob(
            id=id,
            user_id=self.caller.user_id,
            processor_id=legacy.processor_id,
            schema_id=schema_id,
            schema_version=version,
            data=data,
            parent_id=None if legacy.parent is None else blob_id(self.caller.user_id, legacy.parent),
            size=size,
            created_by=self.caller.name,
            changed_by=self.caller.name,
            author_kind="import",
            created_at=created,
            updated_at=legacy.updated_at or created,
            # Of equal times, the later line is the newer one.
            sequence=ulid_among(max(microseconds_of(known), 0) if known else self._first, legacy.number),
            legacy=rest,
        )
        if reason is None and isinstance(schema, CompiledSchema):
            blob = await self._with_versions(blob, legacy, schema)
        else:
            self._counts["kept_whole"] += 1
            self._notes.append(Note(line=legacy.number, id=legacy.id, what="kept_whole", reason=reason or ""))
        blob = replace(blob, bucket_ids=self._place(legacy))
        self._unmapped.update(legacy.unmapped)
        self._note_times(legacy, blob)
        self.blobs.append(blob)
        self._numbers[id] = legacy.number, legacy.id
        self.fingerprints[id] = self._created[id] = fingerprint

    def _note_times(self, legacy: LegacyLine, blob: Blob) -> None:
        """Notes the times of a line that cannot be read or are hard to believe."""
        for unread in legacy.unread:
            self._counts["undated"] += 1
            reason = f"{unread}; it is kept as text."
            self._notes.append(Note(line=legacy.number, id=legacy.id, what="undated", reason=reason))
        for field, moment in (("created_at", blob.created_at), ("updated_at", blob.updated_at)):
            if not EARLIEST_CREDIBLE <= moment <= self.now + MAX_FUTURE:
                reason = f"{field} is {moment:%Y-%m-%d}, as the line says."
                self._notes.append(Note(line=legacy.number, id=legacy.id, what="odd_time", reason=reason))
                break

    def _place(self, legacy: LegacyLine) -> tuple[str, ...]:
        ids = dict[str, None]()
        for place in legacy.places:
            bucket = self.bucket_builder.find_or_build(place)
            self._note_renamed(legacy)
            if bucket is not None:
                ids[bucket.id] = None
                continue
            reason = f"The bucket of {place.field} {_quotable(place.value)} is in the trash."
            self._notes.append(Note(line=legacy.number, id=legacy.id, what="not_placed", reason=reason))
        return tuple(ids)

    def _note_renamed(self, legacy: LegacyLine) -> None:
        for place, name in self.bucket_builder.renamed:
            named = f"The bucket of {place.field} {_quotable(place.value)}"
            reason = f"{named} is called {name}: what its name was cannot be shown whole in one line."
            self._notes.append(Note(line=legacy.number, id=legacy.id, what="renamed", reason=reason))
        self.bucket_builder.renamed.clear()

    async def _with_versions(self, blob: Blob, legacy: LegacyLine, schema: CompiledSchema) -> Blob:
        """Returns the blob as the newest of its revisions.

        The version that the line lists last is most often the present text itself.
        """
        known = properties_of(schema)
        texts = [(first_data(version.body, known), version.at) for version in legacy.versions]
        if texts and texts[-1][0] == blob.data:
            texts.pop()
        line: list[Blob] = []
        for number, (data, at) in enumerate(texts, 1):
            size, then = len(encode_json(data)), at or blob.created_at
            line.append(replace(blob, data=data, size=size, revision=number, updated_at=then))
        newest = len(texts) + 1
        line.append(replace(blob, revision=newest, data_revision=newest))
        kept = [await superseding_step(older, newer) for older, newer in pairwise(line)]
        self._revisions += kept
        return line[-1]

    def break_loops(self, parents: dict[str, str | None]) -> None:
        """Removes the parent of each blob that would come from itself; its id stays in `legacy`."""
        for blob in self.blobs:
            parents[blob.id] = blob.parent_id
        for place, blob in enumerate(self.blobs):
            if _is_own_ancestor(blob.id, parents):
                parents[blob.id] = None
                self.blobs[place] = replace(blob, parent_id=None)
                line, id = self._numbers[blob.id]
                self._notes.append(Note(line=line, id=id, what="parted", reason="It would have come from itself."))

    def steps(self) -> list[Step]:
        """Returns the steps of the batch's one write."""
        next = partial(self._order.next, self.caller.user_id)
        places = [
            Put(PLACEMENTS, _placement(blob, id, self.now, next())) for blob in self.blobs for id in blob.bucket_ids
        ]
        return [*self.bucket_builder.steps(), *(Put(BLOBS, blob) for blob in self.blobs), *self._revisions, *places]

    def messages(self) -> list[Any]:
        return [
            *self.bucket_builder.messages(),
            *(blob.event("created", self.caller).message() for blob in self.blobs),
        ]

    def dry_run_result(self) -> DryRunResult:
        """Returns what the batch would have created."""
        changed = tuple(after for _, after in self.bucket_builder.changed_buckets)
        return DryRunResult(buckets=(*self.bucket_builder.new_buckets, *changed), blobs=self._created)

    def report(self) -> Report:
        """Returns the report of the batch."""
        return Report(
            lines=self._counts["lines"],
            already_there=self._counts["already_there"],
            skipped=self._counts["skipped"],
            rejected=self._counts["rejected"],
            kept_whole=self._counts["kept_whole"],
            created=len(self.blobs),
            revisions=len(self._revisions),
            buckets=len(self.bucket_builder.new_buckets),
            placed=sum(len(blob.bucket_ids) for blob in self.blobs),
            unmapped=dict(self._unmapped),
            undated=self._counts["undated"],
            notes=tuple(sorted(self._notes, key=lambda note: note.line)[:MAX_NOTES]),
            left_out=tuple(sorted(self._left_out)),
        )


def _is_own_ancestor(id: str, parents: Mapping[str, str | None]) -> bool:
    seen, above = set[str](), parents.get(id)
    while above is not None and above != id and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == id


def _quotable(value: str) -> str:
    return make_name(value, instead="?", most=100)


def _placement(blob: Blob, bucket_id: str, now: datetime, number: int) -> Placement:
    return Placement(
        id=placement_id(bucket_id, blob.id),
        user_id=blob.user_id,
        bucket_id=bucket_id,
        blob_id=blob.id,
        rank=rank.last(number, blob.id),
        number=number,
        created_at=now,
    )
