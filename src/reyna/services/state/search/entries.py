"""Makes the entries of the search index from the records of the state service."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.placement import Placement
from reyna.domain.search.entry import Entry
from reyna.domain.search.languages import named_language
from reyna.domain.search.records import entry_of_blob, entry_of_bucket
from reyna.ports.store import Store
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS

MAX_BYTES_AT_ONCE: Final = 8 * 1024 * 1024  # of the data that is read for some entries
MAX_BLOBS_OF_ANY_SIZE: Final = 2  # that are never more than this
BUCKET_ID: Final = "bucket-"  # with which the id of every bucket begins


class EntryLoader:
    """Reads blobs and buckets as entries."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load(self, user_id: str, ids: Sequence[str]) -> list[Entry]:
        """Returns the entries of those of these blobs and buckets that are there, the trash included."""
        bucket_ids = [id for id in ids if id.startswith(BUCKET_ID)]
        blob_ids = [id for id in ids if not id.startswith(BUCKET_ID)]
        buckets = await self._store.find(BUCKETS, user_id, {"id": bucket_ids}) if bucket_ids else []
        entries = [entry_of_bucket(bucket) for bucket in buckets]
        if blob_ids:
            places = await self._places(user_id, blob_ids)
            languages = await self._languages(user_id, places)
            for portion in await self._portions(user_id, blob_ids):
                blobs = await self._store.find(BLOBS, user_id, {"id": portion})
                entries += [_entry(blob, places.get(blob.id, []), languages) for blob in blobs]
        return entries

    async def _portions(self, user_id: str, blob_ids: list[str]) -> list[list[str]]:
        """Returns the ids in portions whose data is small enough to be read at once."""
        if len(blob_ids) <= MAX_BLOBS_OF_ANY_SIZE:
            return [blob_ids]
        return list(_portions(await self._store.select(BLOBS, user_id, ("id", "size"), {"id": blob_ids})))

    async def _places(self, user_id: str, blob_ids: Sequence[str]) -> dict[str, list[Placement]]:
        places: dict[str, list[Placement]] = {}
        for place in await self._store.find(PLACEMENTS, user_id, {"blob_id": blob_ids}):
            places.setdefault(place.blob_id, []).append(place)
        return places

    async def _languages(self, user_id: str, places: Mapping[str, Sequence[Placement]]) -> dict[str, str]:
        """Returns the languages that buckets or those around them name in their metadata, by bucket."""
        starts = sorted({place.bucket_id for blob_places in places.values() for place in blob_places})
        if not starts:
            return {}
        walked = await self._store.walk(BUCKETS, user_id, starts, "parent_bucket_id", toward="parents")
        buckets = {bucket.id: bucket for _, bucket in walked}
        named = ((start, _language_of(start, buckets)) for start in starts)
        return {start: language for start, language in named if language is not None}


def _language_of(bucket_id: str, buckets: Mapping[str, Bucket]) -> str | None:
    seen: set[str] = set()
    above: str | None = bucket_id
    while above is not None and above in buckets and above not in seen:
        seen.add(above)
        if (language := named_language(buckets[above].metadata.get("language"))) is not None:
            return language
        above = buckets[above].parent_bucket_id
    return None


def _entry(blob: Blob, places: Sequence[Placement], languages: Mapping[str, str]) -> Entry:
    # The placements of a trashed blob went to the trash with it.
    held = [place.bucket_id for place in places if place.trashed_at is None or blob.trashed_at is not None]
    named = next((languages[bucket_id] for bucket_id in held if bucket_id in languages), None)
    return entry_of_blob(blob, tuple(held), named)


def _portions(sizes: Sequence[tuple[Any, ...]]) -> Iterator[list[str]]:
    """Yields ids of blobs in portions that are small enough to be read at once."""
    portion: list[str] = []
    together = 0
    for id, size in sizes:
        if portion and together + size > MAX_BYTES_AT_ONCE:
            yield portion
            portion, together = [], 0
        portion.append(id)
        together += size
    if portion:
        yield portion
