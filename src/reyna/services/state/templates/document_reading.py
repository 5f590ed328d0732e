"""Reads the document of a bucket: its structure, and on request the texts that its user wrote in it."""

import asyncio
from collections import defaultdict
from typing import Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid, TooMuch
from reyna.domain.placement import Placement
from reyna.domain.templates.checks import MAX_TEMPLATE_BYTES, MAX_TEMPLATE_DEPTH
from reyna.domain.templates.document import TemplateBucket, TemplateDocument, TemplateItem, TemplateText
from reyna.domain.templates.placeholders import escape_data, escape_text
from reyna.domain.templates.plan import MAX_PLANNED_ITEMS
from reyna.domain.templates.template import NewTemplate
from reyna.ports.store import Store
from reyna.services.state.content.creation import USER_INPUT
from reyna.services.state.files.file_references import MARK, MENTION
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.subtree import LIVE, live_buckets_below
from reyna.storage.chunks import chunks

IN_PARTS: Final = "make a template of a part of it."


class DocumentOfBucket(msgspec.Struct, frozen=True):
    """The document of a bucket, and how many texts of the bucket it does not have."""

    document: TemplateDocument
    left_out: int


class DocumentReader:
    """Reads documents out of the buckets of one store."""

    def __init__(self, store: Store, buckets: BucketReader) -> None:
        self._store, self._buckets = store, buckets

    async def read(self, caller: Caller, new: NewTemplate) -> DocumentOfBucket:
        """Returns the document of the bucket as it is now.

        Texts that processors made, that were derived, or that refer to files stay out; one that stands in several
        places becomes a text in each of them. Raises NotFound, Conflict for a bucket in the trash, Invalid when it is
        nested too deep, and TooMuch above 10,000 buckets and texts or 8 MiB of texts.
        """
        bucket = await self._buckets.load(caller, new.bucket_id)
        if bucket.trashed_at is not None:
            raise Conflict("This bucket is in the trash; restore it first.", bucket_id=bucket.id)
        buckets = await live_buckets_below(self._store, caller.user_id, [bucket.id])
        _check_amount(len(buckets))
        places = await self._load_places(caller.user_id, buckets)
        if not new.texts:
            return DocumentOfBucket(_build(new, bucket, buckets, [], {}), 0)
        _check_amount(len(buckets) + len(places))
        blobs = await self._load_blobs(caller.user_id, sorted({place.blob_id for place in places}))
        kept = {blob.id: blob for blob in await asyncio.to_thread(lambda: [one for one in blobs if is_sample(one)])}
        document = await asyncio.to_thread(_build, new, bucket, buckets, places, kept)
        return DocumentOfBucket(document, len(blobs) - len(kept))

    async def _load_places(self, user_id: str, buckets: list[Bucket]) -> list[Placement]:
        places: list[Placement] = []
        for ids in chunks(one.id for one in buckets):
            places += await self._store.find(
                PLACEMENTS, user_id, LIVE | {"bucket_id": ids}, limit=MAX_PLANNED_ITEMS + 1
            )
        return places

    async def _load_blobs(self, user_id: str, ids: list[str]) -> list[Blob]:
        size = 0
        for some in chunks(ids):
            size += sum(size for (size,) in await self._store.select(BLOBS, user_id, ("size",), LIVE | {"id": some}))
        if size > MAX_TEMPLATE_BYTES:
            raise TooMuch(
                f"{size:,} bytes of texts are more than the {MAX_TEMPLATE_BYTES:,} that a template may have: leave the "
                f"texts out, or {IN_PARTS}",
                used=size,
                allowed=MAX_TEMPLATE_BYTES,
            )
        blobs: list[Blob] = []
        for some in chunks(ids):
            blobs += await self._store.find(BLOBS, user_id, LIVE | {"id": some})
        return blobs


def is_sample(blob: Blob) -> bool:
    """Returns True for a text that its user wrote and that can be used in any library: it refers to no file."""
    if blob.processor_id != USER_INPUT or blob.parent_id is not None:
        return False
    body = msgspec.json.encode(blob.data)
    return MARK not in body or MENTION.search(body) is None


def _check_amount(amount: int) -> None:
    if amount > MAX_PLANNED_ITEMS:
        raise TooMuch(
            f"This bucket holds more than the {MAX_PLANNED_ITEMS:,} buckets and texts that a template may have: "
            f"{IN_PARTS}",
            used=amount,
            allowed=MAX_PLANNED_ITEMS,
        )


def _build(
    new: NewTemplate, root: Bucket, buckets: list[Bucket], places: list[Placement], blobs: dict[str, Blob]
) -> TemplateDocument:
    """Returns the document, built from the leaves upward: the buckets come nearest first."""
    inside: dict[str, list[tuple[str, str, TemplateItem]]] = defaultdict(list)
    for place in places:
        if (blob := blobs.get(place.blob_id)) is not None:
            inside[place.bucket_id].append((place.rank, place.id, _text_of(blob, place)))
    _check_depth(buckets)
    for bucket in reversed(buckets[1:]):
        if bucket.parent_bucket_id is not None:
            inside[bucket.parent_bucket_id].append((bucket.rank, bucket.id, _bucket_of(bucket, inside[bucket.id])))
    return TemplateDocument(name=new.name, description=new.description, root=_bucket_of(root, inside[root.id]))


def _check_depth(buckets: list[Bucket]) -> None:
    depths: dict[str | None, int] = {}
    for bucket in buckets:
        depths[bucket.id] = depths.get(bucket.parent_bucket_id, 0) + 1
        if depths[bucket.id] > MAX_TEMPLATE_DEPTH:
            most = f"at most {MAX_TEMPLATE_DEPTH} buckets in each other"
            raise Invalid.at("/bucket_id", "is nested too deep for a template", expected=most)


def _bucket_of(bucket: Bucket, inside: list[tuple[str, str, TemplateItem]]) -> TemplateBucket:
    return TemplateBucket(
        name=escape_text(bucket.name),
        type=bucket.type,
        metadata=escape_data(bucket.metadata),
        items=tuple(item for _, _, item in sorted(inside, key=lambda one: one[:2])),
    )


def _text_of(blob: Blob, place: Placement) -> TemplateText:
    label = None if place.label is None else escape_text(place.label)
    return TemplateText(schema_id=blob.schema_id, data=escape_data(blob.data), label=label)
