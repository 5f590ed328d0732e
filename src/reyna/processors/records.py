"""What the processor service stores, and how its lists are paged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from reyna.domain.page import Page, bounded, cursor_of, place_of
from reyna.domain.processor import Instance, Processor
from reyna.domain.run import DeadLetter, Run
from reyna.ports import Collection, Record, Store

R = TypeVar("R", bound=Record)

PROCESSORS: Final = Collection("processors.processors", Processor)
INSTANCES: Final = Collection("processors.instances", Instance, ("processor_id", "bucket_id", "enabled", "created_at"))
RUNS: Final = Collection("processors.runs", Run, ("processor_id", "blob_id", "status", "requested_at"))
DEAD: Final = Collection("processors.dead", DeadLetter, ("processor_id", "run_id", "created_at"))

COLLECTIONS: Final[tuple[Collection[Any], ...]] = (PROCESSORS, INSTANCES, RUNS, DEAD)


async def newest_first(
    store: Store,
    collection: Collection[R],
    user_id: str,
    where: Mapping[str, Any],
    *,
    by: str,
    limit: int,
    cursor: str | None,
) -> Page[R]:
    """One page of a user's matching records, ordered by the time in the field `by`, the latest first."""
    found = await store.find(
        collection,
        user_id,
        where,
        order=(by,),
        descending=True,
        after=place_of(cursor, datetime, str),
        limit=bounded(limit) + 1,
    )
    items = tuple(found[:limit])
    last = items[-1] if len(found) > limit else None
    return Page(items=items, next_cursor=cursor_of(getattr(last, by), last.id) if last else None)
