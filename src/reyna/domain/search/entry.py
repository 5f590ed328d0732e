"""Entries of the search index, and what is found of them."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from reyna.domain.search.query import ParsedQuery
from reyna.domain.search.snippets import Highlights

EntryKind = Literal["blob", "bucket"]
FoundBy = Literal["text", "typo", "semantic"]
SortOrder = Literal["relevance", "time"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A blob or a bucket as search knows it; `bucket_ids` are the buckets that it is directly in.

    `data_since` is the revision of the last change of its content, by which what was derived from it is stale.
    """

    id: str
    user_id: str
    kind: EntryKind
    revision: int
    data_since: int = 1
    type: str | None = None  # of a bucket
    schema_id: str | None = None
    processor_id: str | None = None
    parent_id: str | None = None
    parent_revision: int | None = None
    bucket_ids: tuple[str, ...] = ()
    language: str | None = None
    title: str
    text: str
    created_at: datetime
    updated_at: datetime
    is_trashed: bool = False


class EntryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that all must hold; None stands for any. `bucket_ids`: in one of these buckets."""

    kind: EntryKind | None = None
    bucket_ids: tuple[str, ...] | None = None
    type: str | None = None
    schema_id: str | None = None
    processor_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_stale: bool | None = None
    is_trashed: bool = False

    def accepts(self, entry: Entry) -> bool:
        """Tells whether the conditions on the entry itself hold: all but `is_stale`."""
        wanted: list[tuple[Any, Any]] = [
            (self.kind, entry.kind),
            (self.type, entry.type),
            (self.schema_id, entry.schema_id),
            (self.processor_id, entry.processor_id),
        ]
        return (
            all(want is None or want == have for want, have in wanted)
            and (self.bucket_ids is None or not set(self.bucket_ids).isdisjoint(entry.bucket_ids))
            and (self.since is None or entry.updated_at >= self.since)
            and (self.until is None or entry.updated_at <= self.until)
            and self.is_trashed == entry.is_trashed
        )


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that was found, without its text."""

    id: str
    kind: EntryKind
    type: str | None = None
    schema_id: str | None = None
    processor_id: str | None = None
    updated_at: datetime
    score: float
    found_by: tuple[FoundBy, ...]


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """The entries that a query finds, best first; `is_complete` is False when there is more than was looked at."""

    items: tuple[Candidate, ...] = ()
    highlights: Highlights = Highlights()
    is_complete: bool = True


class EntryText(msgspec.Struct, frozen=True):
    """The title and the text of an entry."""

    title: str
    text: str


class EntryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query with its filter, and the largest number of candidates to return."""

    query: ParsedQuery
    filter: EntryFilter = EntryFilter()
    sort: SortOrder = "relevance"
    limit: int
