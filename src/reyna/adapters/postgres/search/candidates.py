"""Filters as arguments of the statements of the search index, and their rows as candidates."""

from collections.abc import Sequence
from typing import Any

from reyna.domain.search.entry import Candidate, EntryFilter, FoundBy


def filter_args(filter: EntryFilter) -> list[Any]:
    buckets = None if filter.bucket_ids is None else list(filter.bucket_ids)
    return [
        *(filter.is_trashed, filter.kind, filter.type, filter.schema_id, filter.processor_id),
        *(filter.since, filter.until, buckets, filter.is_stale),
    ]


def is_narrow(filter: EntryFilter) -> bool:
    """Tells whether a filter may leave out most of the entries of a user."""
    return filter != EntryFilter()


def candidate_of(facts: Sequence[Any], *, score: float, found_by: tuple[FoundBy, ...]) -> Candidate:
    id, kind, type, schema_id, processor_id, updated_at = facts
    return Candidate(
        id=id,
        kind=kind,
        type=type,
        schema_id=schema_id,
        processor_id=processor_id,
        updated_at=updated_at,
        score=score,
        found_by=found_by,
    )
