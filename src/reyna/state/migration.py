"""Content of a legacy system brought in, batch by batch: every line exactly once, and none dropped silently."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.data import METADATA_BYTES, encoded
from reyna.domain.errors import Conflict, Invalid, Refusal, TooLarge
from reyna.domain.placement import Placement, placement_id
from reyna.ports import Put, Step, Unmet
from reyna.rpc import takes_long
from reyna.state.buckets import BUSY, TRIES
from reyna.state.legacy import (
    UNFIT,
    Kind,
    Legacy,
    Line,
    blob_id,
    bucket_ids,
    candidates,
    fingerprint,
    first_data,
    read_line,
)
from reyna.state.legacy_places import Shelves, origin_of
from reyna.state.lineage import Lines
from reyna.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.state.revisions import superseded
from reyna.state.shapes import Shape

NOTED: Final = 100  # lines that a report tells the reason of


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known about one line: `rejected` and `skipped` ones are not in the studio, the others are."""

    line: int
    id: str | None = None  # the line's own
    what: Literal["rejected", "skipped", "kept_whole", "not_placed", "parted"]
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration did, or would do. Every line counts once: created, already_there, skipped or rejected.

    `kept_whole` of the created ones did not fit their schema and are kept as they were; `placed` counts places, not
    blobs; `notes` are the first hundred; `left_out` are the numbers of all lines that are not in the studio; `unmapped`
    says how many lines have a value in a field such as `album_id` that was not mapped to buckets.
    """

    dry_run: bool = False
    lines: int = 0
    created: int = 0
    already_there: int = 0
    skipped: int = 0
    rejected: int = 0
    kept_whole: int = 0
    revisions: int = 0
    buckets: int = 0
    placed: int = 0
    unmapped: dict[str, int] = {}
    notes: tuple[Note, ...] = ()
    left_out: tuple[int, ...] = ()

    def plus(self, other: "Report") -> "Report":
        return Report(
            dry_run=self.dry_run or other.dry_run,
            lines=self.lines + other.lines,
            created=self.created + other.created,
            already_there=self.already_there + other.already_there,
            skipped=self.skipped + other.skipped,
            rejected=self.rejected + other.rejected,
            kept_whole=self.kept_whole + other.kept_whole,
            revisions=self.revisions + other.revisions,
            buckets=self.buckets + other.buckets,
            placed=self.placed + other.placed,
            unmapped=dict(Counter(self.unmapped) + Counter(other.unmapped)),
            notes=tuple(sorted(self.notes + other.notes, key=lambda note: note.line)[:NOTED]),
            left_out=tuple(sorted(self.left_out + other.left_out)),
        )


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a dry run would have made: buckets as they would be, and the fingerprint of the data of each blob."""

    buckets: tuple[Bucket, ...] = ()
    blobs: dict[str, str] = {}


class Migrated(msgspec.Struct, frozen=True, kw_only=True):
    """The report of one batch; `made` only of a dry run, to be given to the batches that follow."""

    report: Report
    made: Made = Made()


class Migration(Lines):
    """The verb that brings in legacy lines.

    All ids are derived from the user and the legacy ids: repeating it, resuming it after a crash and two at once come
    to the same. A batch is one write. What it makes stands in no journal: it is not undone, but trashed.
    """

    @takes_long
    async def migrate(
        self,
        caller: Caller,
        lines: list[Line],
        fields: dict[str, Kind],
        *,
        dry_run: bool = False,
        assumed: Made = Made(),
    ) -> Migrated:
        """These lines become blobs, and the values of `fields` buckets. Raises TooMuch over the quota, and Invalid for
        a type of bucket whose metadata must hold more than where it came from."""
        acting = replace(caller, kind="import")
        bare = await self._bare(acting, fields)
        for _ in range(TRIES):
            batch = Batch(acting, lines, fields)
            await self._look(batch, assumed, bare)
            await self._fill(batch)
            if dry_run:
                return Migrated(report=replace(batch.report(), dry_run=True), made=batch.made())
            steps = batch.steps()
            steps += self._quota.used_by(caller.user_id, steps)
            if batch.shelves.moves:
                steps.append(await self._counter(acting))
            try:
                await self._store.write(*steps, messages=batch.messages())
            except Unmet:
                continue  # somebody else made some of it, or moved or trashed a bucket: look again
            return Migrated(report=batch.report())
        raise Conflict(BUSY)

    async def _bare(self, caller: Caller, fields: Mapping[str, Kind]) -> frozenset[str]:
        """The types of buckets whose metadata must not hold where they came from."""
        bare = set()
        for kind in fields.values():
            shape = await self._shapes.of_bucket(caller, kind.type)
            if shape is not None and not _fits(shape, origin_of()):
                if not _fits(shape, {}):
                    raise Invalid.at("/map", f"a bucket of type {kind.type} needs metadata that no legacy line has")
                bare.add(kind.type)
        return frozenset(bare)

    async def _look(self, batch: "Batch", assumed: Made, bare: frozenset[str]) -> None:
        """What is there already of all that the batch may make, read at once."""
        user_id = batch.caller.user_id
        wanted = sorted({id for legacy in batch.legacies for id in bucket_ids(user_id, legacy)})
        buckets = {bucket.id: bucket for bucket in await self._store.find(BUCKETS, user_id, {"id": wanted})}
        buckets |= {bucket.id: bucket for bucket in assumed.buckets}
        nested = [id for id, bucket in buckets.items() if bucket.parent_bucket_id is not None]
        walked = await self._store.walk(BUCKETS, user_id, nested, "parent_bucket_id", toward="parents")
        parents = {bucket.id: bucket.parent_bucket_id for _, bucket in walked}
        batch.shelves = Shelves(batch.caller, buckets.values(), bare, parents)
        ids = [batch.id_of(legacy) for legacy in batch.legacies]
        batch.prints = dict(assumed.blobs)
        for blob in await self._store.find(BLOBS, user_id, {"id": ids}):
            # One that was changed since says nothing any more about the line that it was made of.
            batch.prints[blob.id] = _print(blob.schema_id, blob.data) if blob.author_kind == "import" else None

    async def _fill(self, batch: "Batch") -> None:
        shapes: dict[str, Shape | Invalid] = {}
        for legacy in batch.legacies:
            if legacy.schema_id not in shapes:
                shapes[legacy.schema_id] = await self._shape(batch.caller, legacy.schema_id)
            try:
                await batch.take(legacy, shapes[legacy.schema_id])
            except Refusal as refusal:
                batch.leave_out(legacy.number, "rejected", refusal.detail, legacy.id)
        await self._part_loops(batch)

    async def _shape(self, caller: Caller, schema_id: str) -> Shape | Invalid:
        try:
            return await self._shapes.latest(caller, schema_id)
        except Invalid as missing:
            return missing

    async def _part_loops(self, batch: "Batch") -> None:
        """A blob cannot come from itself. What was there before can only be part of a loop if it comes from a line."""
        user_id, ids = batch.caller.user_id, {blob.id for blob in batch.blobs}
        walked: list[tuple[int, Blob]] = []
        if ids and await self._store.pick(BLOBS, user_id, ("id",), {"parent_id": ids}):
            starts = {blob.parent_id for blob in batch.blobs if blob.parent_id is not None} - ids
            walked = await self._store.walk(BLOBS, user_id, sorted(starts), "parent_id", toward="parents")
        batch.part_loops({blob.id: blob.parent_id for _, blob in walked})


class Batch:
    """Some lines on their way in: what they become, and what is told of them."""

    shelves: Shelves
    prints: dict[str, str | None]  # of the data of each blob that is there; None when it was changed since

    def __init__(self, caller: Caller, lines: Iterable[Line], fields: Mapping[str, Kind]) -> None:
        self.caller, self.now = caller, datetime.now(UTC)
        self.legacies: list[Legacy] = []
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

    def id_of(self, legacy: Legacy) -> str:
        return blob_id(self.caller.user_id, legacy.id)

    def leave_out(self, number: int, what: Literal["rejected", "skipped"], reason: str, id: str | None = None) -> None:
        self._counts[what] += 1
        self._left_out.append(number)
        self._notes.append(Note(line=number, id=id, what=what, reason=reason))

    async def take(self, legacy: Legacy, shape: Shape | Invalid) -> None:
        """Make a blob of a line, unless it is there. Raises Refusal for what cannot be kept at all."""
        id = self.id_of(legacy)
        schema_id, version, data, rest, reason = _content(legacy, shape)
        size = len(encoded(data))
        print = _print(schema_id, data)
        if id in self.prints:
            if self.prints[id] in (None, print):
                self._counts["already_there"] += 1
            else:
                self.leave_out(legacy.number, "skipped", "Another text has this id already.", legacy.id)
            return
        created = legacy.created_at or legacy.updated_at or self.now
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
            legacy=rest,
        )
        if reason is None and isinstance(shape, Shape):
            blob = await self._with_versions(blob, legacy, shape)
        else:
            self._counts["kept_whole"] += 1
            self._notes.append(Note(line=legacy.number, id=legacy.id, what="kept_whole", reason=reason or ""))
        blob = replace(blob, bucket_ids=self._stood(legacy))
        self._unmapped.update(legacy.unmapped)
        self.blobs.append(blob)
        self._numbers[id] = legacy.number, legacy.id
        self.prints[id] = self._created[id] = print

    def _stood(self, legacy: Legacy) -> tuple[str, ...]:
        ids = dict[str, None]()
        for place in legacy.places:
            bucket = self.shelves.stand(place)
            if bucket is not None:
                ids[bucket.id] = None
                continue
            reason = f"The bucket of {place.field} {place.value[:100]} is in the trash."
            self._notes.append(Note(line=legacy.number, id=legacy.id, what="not_placed", reason=reason))
        return tuple(ids)

    async def _with_versions(self, blob: Blob, legacy: Legacy, shape: Shape) -> Blob:
        """The blob as the newest of its revisions; what the line lists last is most often the present text itself."""
        known = _properties(shape)
        texts = [(first_data(version.body, known), version.at) for version in legacy.versions]
        if texts and texts[-1][0] == blob.data:
            texts.pop()
        line: list[Blob] = []
        for number, (data, at) in enumerate(texts, 1):
            size, then = len(encoded(data)), at or blob.created_at
            line.append(replace(blob, data=data, size=size, revision=number, updated_at=then))
        newest = len(texts) + 1
        line.append(replace(blob, revision=newest, data_revision=newest))
        kept = [await superseded(older, newer) for older, newer in pairwise(line)]
        self._revisions += kept
        return line[-1]

    def part_loops(self, parents: dict[str, str | None]) -> None:
        """Let go of the parent of whatever would come from itself; its id stays in `legacy`."""
        for blob in self.blobs:
            parents[blob.id] = blob.parent_id
        for place, blob in enumerate(self.blobs):
            if _leads_back(blob.id, parents):
                parents[blob.id] = None
                self.blobs[place] = replace(blob, parent_id=None)
                line, id = self._numbers[blob.id]
                self._notes.append(Note(line=line, id=id, what="parted", reason="It would have come from itself."))

    # --- what came of it ---

    def steps(self) -> list[Step]:
        places = [Put(PLACEMENTS, _placement(blob, id, self.now)) for blob in self.blobs for id in blob.bucket_ids]
        return [*self.shelves.steps(), *(Put(BLOBS, blob) for blob in self.blobs), *self._revisions, *places]

    def messages(self) -> list[Any]:
        return [
            *self.shelves.messages(),
            *(blob.event("created", self.caller).message() for blob in self.blobs),
        ]

    def made(self) -> Made:
        changed = tuple(after for _, after in self.shelves.changed)
        return Made(buckets=(*self.shelves.made, *changed), blobs=self._created)

    def report(self) -> Report:
        return Report(
            lines=self._counts["lines"],
            already_there=self._counts["already_there"],
            skipped=self._counts["skipped"],
            rejected=self._counts["rejected"],
            kept_whole=self._counts["kept_whole"],
            created=len(self.blobs),
            revisions=len(self._revisions),
            buckets=len(self.shelves.made),
            placed=sum(len(blob.bucket_ids) for blob in self.blobs),
            unmapped=dict(self._unmapped),
            notes=tuple(sorted(self._notes, key=lambda note: note.line)[:NOTED]),
            left_out=tuple(sorted(self._left_out)),
        )


def _content(legacy: Legacy, shape: Shape | Invalid) -> tuple[str, str, Any, dict[str, Any], str | None]:
    """Schema, version, data, what else the line said, and why it is kept whole if it is."""
    if isinstance(shape, Shape):
        reason, known = "", _properties(shape)
        for data, taken in candidates(legacy.body, known):
            try:
                shape.accept(data, "data")
            except Invalid as invalid:
                reason = reason or invalid.detail
                continue
            rest = {"id": legacy.id} | {name: value for name, value in legacy.rest.items() if name not in taken}
            try:
                encoded(rest, most=METADATA_BYTES, field="legacy")
            except TooLarge as large:
                reason = large.detail
                break
            return legacy.schema_id, shape.schema.version, data, rest, None
    else:
        reason = shape.detail
    return UNFIT, "1.0.0", {"line": legacy.body, "reason": reason}, {"id": legacy.id}, reason


def _properties(shape: Shape) -> Mapping[str, Any]:
    schema = shape.schema.json_schema
    known = schema.get("properties") if isinstance(schema, dict) else None
    return known if isinstance(known, dict) else {}


def _fits(shape: Shape, metadata: dict[str, Any]) -> bool:
    try:
        shape.accept(metadata, "metadata")
    except Invalid:
        return False
    return True


def _print(schema_id: str, data: Any) -> str:
    return fingerprint(data["line"] if schema_id == UNFIT and isinstance(data, dict) and "line" in data else data)


def _leads_back(id: str, parents: Mapping[str, str | None]) -> bool:
    seen, above = set[str](), parents.get(id)
    while above is not None and above != id and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == id


def _placement(blob: Blob, bucket_id: str, now: datetime) -> Placement:
    return Placement(
        id=placement_id(bucket_id, blob.id),
        user_id=blob.user_id,
        bucket_id=bucket_id,
        blob_id=blob.id,
        rank=rank.last(),
        created_at=now,
    )
