"""Search over the blobs and buckets of a test, as a processor has it."""

from collections.abc import Sequence

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket, PathBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound
from reyna.domain.search.entry import Candidate, EntryFilter, EntryQuery
from reyna.domain.search.hit import SearchHit, SearchPage
from reyna.domain.search.matching import search_entries
from reyna.domain.search.query import parse_query
from reyna.domain.search.records import entry_of_blob, entry_of_bucket
from reyna.domain.search.snippets import Highlights, build_snippet


class MemorySearch:
    """Finds words as they are and misspelt ones, without the grammar of languages."""

    def __init__(self, blobs: Sequence[Blob], buckets: Sequence[Bucket]) -> None:
        self._buckets = {bucket.id: bucket for bucket in buckets}
        entries = [*(entry_of_blob(blob, blob.bucket_ids) for blob in blobs), *map(entry_of_bucket, buckets)]
        self._entries = {entry.id: entry for entry in entries}

    async def find(
        self,
        caller: Caller,
        q: str = "",
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
    ) -> SearchPage:
        bucket_ids = None if bucket_id is None else tuple(self._subtree(bucket_id))
        wanted = EntryFilter(bucket_ids=bucket_ids, schema_id=schema_id)
        found = search_entries(self._entries, EntryQuery(query=parse_query(q), filter=wanted, limit=limit))
        return SearchPage(
            items=tuple(self._hit(candidate, found.highlights) for candidate in found.items),
            total=len(found.items),
            complete=found.is_complete,
        )

    def _hit(self, candidate: Candidate, highlights: Highlights) -> SearchHit:
        entry = self._entries[candidate.id]
        return SearchHit(
            kind=entry.kind,
            id=entry.id,
            title=entry.title,
            snippet=build_snippet(entry.text, highlights),
            paths=tuple(self._path(bucket_id) for bucket_id in entry.bucket_ids),
            score=candidate.score,
            found_by=candidate.found_by,
            type=entry.type,
            schema_id=entry.schema_id,
            processor_id=entry.processor_id,
            updated_at=entry.updated_at,
        )

    def _subtree(self, bucket_id: str) -> set[str]:
        if bucket_id not in self._buckets:
            raise NotFound(id=bucket_id)
        inside, size = {bucket_id}, 0
        while len(inside) > size:
            size = len(inside)
            inside |= {bucket.id for bucket in self._buckets.values() if bucket.parent_bucket_id in inside}
        return inside

    def _path(self, bucket_id: str) -> tuple[PathBucket, ...]:
        path: dict[str, PathBucket] = {}
        above: str | None = bucket_id
        while above is not None and above in self._buckets and above not in path:
            bucket = self._buckets[above]
            path[above] = PathBucket(id=bucket.id, name=bucket.name, type=bucket.type)
            above = bucket.parent_bucket_id
        return tuple(reversed(path.values()))
