"""Hits of a search as their user sees them, and the page that they are on."""

from datetime import datetime
from typing import Literal

import msgspec

from reyna.domain.bucket import PathBucket
from reyna.domain.search.entry import EntryKind, FoundBy
from reyna.domain.search.snippets import SnippetPart

SearchMode = Literal["hybrid", "text", "semantic"]


class SearchHit(msgspec.Struct, frozen=True, kw_only=True):
    """A blob or a bucket that was found.

    `paths` are all its places, each from a root bucket down to the bucket that it is in. `snippet` is the passage of
    its text that was found; the pieces that match are marked.
    """

    kind: EntryKind
    id: str
    title: str
    snippet: tuple[SnippetPart, ...] = ()
    paths: tuple[tuple[PathBucket, ...], ...] = ()
    score: float = 0.0
    found_by: tuple[FoundBy, ...] = ()
    type: str | None = None
    schema_id: str | None = None
    processor_id: str | None = None
    updated_at: datetime


class FacetValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value of a facet, and the number of hits that have it."""

    value: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """The schemas, the processors and the types of buckets among all hits, the most frequent first."""

    schema_id: tuple[FacetValue, ...] = ()
    processor_id: tuple[FacetValue, ...] = ()
    type: tuple[FacetValue, ...] = ()


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of hits, best first. `total` and `facets` count those that were looked at: all when `complete`."""

    items: tuple[SearchHit, ...]
    next_cursor: str | None = None
    facets: Facets = Facets()
    total: int = 0
    complete: bool = True
