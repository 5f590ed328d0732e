"""Builds the records of an imported blob: the blob, its places, its earlier revisions and their names."""

from contextlib import suppress
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.ids import is_slug, ulid_among
from reyna.domain.json.data import encode_json
from reyna.domain.placement import Placement, placement_id
from reyna.domain.text.names import make_name
from reyna.ports.store import Put, Step
from reyna.services.state.content.creation import USER_INPUT
from reyna.services.state.content.schema_cache import CompiledSchema, SchemaCache
from reyna.services.state.records import NAMES, REVISIONS, Name
from reyna.services.state.revisions.revision_storage import is_same_json, late_save_step, superseding_step
from reyna.services.state.transfer.imports.import_ids import ImportIds
from reyna.services.state.transfer.reading.items import IncomingBlob, IncomingPlace, IncomingRevision, TakeNote

SEQUENCE_LETTERS: Final = frozenset("0123456789abcdefghjkmnpqrstvwxyz")
SEQUENCE_LENGTH: Final = 26


class BuiltBlob(NamedTuple):
    """A blob with what is written with it; `revisions` counts the earlier ones, `mentioned` is all data that is kept,
    and `size` its bytes."""

    blob: Blob
    placements: tuple[Placement, ...]
    steps: list[Step]
    revisions: int
    mentioned: Blob
    size: int


class BlobBuilder:
    """Builds blobs for one import. `number` is that of the import in the order of its user."""

    def __init__(self, schemas: SchemaCache, caller: Caller, ids: ImportIds, number: int, now: datetime) -> None:
        self._schemas, self._caller, self._ids, self._number, self._now = schemas, caller, ids, number, now
        self._known: dict[tuple[str, str | None], CompiledSchema | None] = {}
        self._built = 0

    async def build(self, planned: IncomingBlob, note: TakeNote) -> BuiltBlob:
        """Returns the records of a blob. Raises Invalid, and TooLarge, for data that cannot be stored."""
        data = self._ids.translate(planned.data)
        body = encode_json(data)
        schema = await self._schema_of(planned, note)
        await schema.validate(self._caller, data, body, "data", counted=False)
        blob = self._blob(planned, data, len(body), schema.schema.version)
        if planned.processor_id != blob.processor_id:
            note(planned.path, "changed", f"{planned.processor_id!r} is no name of a processor.")
        steps, everything = await self._history(planned, blob)
        size = blob.size + sum(len(encode_json(one)) for one in everything)
        placements = tuple(self._placement(blob, place) for place in planned.places)
        blob = replace(blob, bucket_ids=tuple(place.bucket_id for place in placements))
        mentioned = replace(blob, data=[blob.data, *everything])
        return BuiltBlob(blob, placements, steps, len(everything), mentioned, size)

    def _blob(self, planned: IncomingBlob, data: Any, size: int, version: str) -> Blob:
        self._built += 1
        history, created = planned.history, planned.created_at or planned.updated_at or self._now
        is_inside = planned.parent is not None and planned.parent in self._ids.keys
        is_sequence = len(planned.sequence) == SEQUENCE_LENGTH and SEQUENCE_LETTERS.issuperset(planned.sequence)
        return Blob(
            id=self._ids.blob(planned.key),
            user_id=self._caller.user_id,
            processor_id=planned.processor_id if is_slug(planned.processor_id) else USER_INPUT,
            schema_id=planned.schema_id,
            schema_version=version,
            data=data,
            parent_id=None if planned.parent is None else self._ids.blob(planned.parent),
            parent_revision=planned.parent_revision if is_inside else None,
            revision=history.revision if history else 1,
            data_revision=history.data_revision if history else 1,
            size=size,
            created_by=planned.created_by or self._caller.user_id,
            changed_by=planned.changed_by or self._caller.user_id,
            author_kind=planned.author_kind,
            created_at=created,
            updated_at=planned.updated_at or created,
            sequence=planned.sequence if is_sequence else ulid_among(self._number, self._built),
            legacy=planned.legacy,
        )

    async def _schema_of(self, planned: IncomingBlob, note: TakeNote) -> CompiledSchema:
        """Returns the version that the archive names, or the newest one where that is not there."""
        key = (planned.schema_id, planned.version)
        if key not in self._known:
            self._known[key] = None
            if planned.version is not None:
                with suppress(NotFound):
                    self._known[key] = await self._schemas.version(self._caller, planned.schema_id, planned.version)
        if (known := self._known[key]) is not None:
            return known
        newest = self._known[key] = await self._schemas.latest(self._caller, planned.schema_id)
        if planned.version not in (None, newest.schema.version):
            reason = f"{planned.schema_id} {planned.version} is not there; {newest.schema.version} is used instead."
            note(planned.path, "changed", reason)
        return newest

    async def _history(self, planned: IncomingBlob, blob: Blob) -> tuple[list[Step], list[Any]]:
        """Returns the steps that write the earlier revisions and the names, and the data of those revisions."""
        if (history := planned.history) is None:
            return [], []
        everything: list[Any] = []
        line, late = [blob], list[tuple[IncomingRevision, Blob]]()
        for one in history.earlier:
            data = self._ids.translate(one.data)
            encode_json(data)
            everything.append(data)
            same = line[-1].data if one.late_id is None and is_same_json(data, line[-1].data) else data
            older = self._earlier(blob, one, same)
            if one.late_id is None:
                line.append(older)
            else:
                late.append((one, older))
        steps: list[Step] = [await superseding_step(older, newer) for newer, older in pairwise(line)]
        for one, mine in late:
            step = await late_save_step(mine, one.number, mine.changed_by)
            steps.append(Put(REVISIONS, replace(step.record, id=f"{blob.id}:{one.late_id}")))
        steps += [self._name(blob, number, name) for number, name in history.names.items()]
        return steps, everything

    def _earlier(self, blob: Blob, one: IncomingRevision, data: Any) -> Blob:
        return replace(
            blob,
            revision=one.number,
            data=data,
            size=len(encode_json(data)),
            schema_id=one.schema_id,
            schema_version=one.version,
            changed_by=one.author or self._caller.user_id,
            author_kind=one.author_kind,
            updated_at=one.created_at,
        )

    def _name(self, blob: Blob, number: int, name: str) -> Step:
        return Put(
            NAMES,
            Name(
                id=f"{blob.id}:{number}",
                user_id=blob.user_id,
                blob_id=blob.id,
                number=number,
                name=make_name(name, instead=str(number)),
                created_at=self._now,
            ),
        )

    def _placement(self, blob: Blob, place: IncomingPlace) -> Placement:
        bucket_id, number = self._ids.bucket(place.bucket), self._number + place.position
        return Placement(
            id=placement_id(bucket_id, blob.id),
            user_id=blob.user_id,
            bucket_id=bucket_id,
            blob_id=blob.id,
            rank=rank.last(number, blob.id),
            label=make_name(place.label, instead="") or None if place.label is not None else None,
            number=self._number,
            created_at=place.placed_at or self._now,
        )
