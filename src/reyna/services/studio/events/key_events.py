"""The events that a key that is limited to buckets receives, and what it sees of them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from reyna.domain.caller import Caller
from reyna.domain.errors import NotFound

if TYPE_CHECKING:
    from reyna.services.state.service import State

BUCKET_FIELDS = ("bucket_id", "parent_bucket_id", "came_from")


def buckets_in(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the buckets where the subject of an event was before, and where it is now."""
    return (*data.get("bucket_ids", ()), *filter(None, (data.get(field) for field in BUCKET_FIELDS)))


def narrow_event_data(data: Mapping[str, Any], is_within: Callable[[str], bool]) -> dict[str, Any] | None:
    """Returns the data of an event without the buckets that a key does not reach, or None when it reaches none.

    An event that names a bucket around those of the key, and nothing else, is none of its business.
    """
    if not any(is_within(bucket_id) for bucket_id in buckets_in(data)):
        return None
    narrowed = dict(data)
    if "bucket_ids" in data:
        narrowed["bucket_ids"] = [bucket_id for bucket_id in data["bucket_ids"] if is_within(bucket_id)]
    for field in ("parent_bucket_id", "came_from"):
        if narrowed.get(field) is not None and not is_within(narrowed[field]):
            narrowed[field] = None
    return narrowed


async def reaches_blob(state: "State", caller: Caller, blob_id: str) -> bool:
    """Returns whether there is such a blob that the caller reaches."""
    try:
        await state.blobs.get_stored(caller, blob_id)
    except NotFound:
        return False
    return True
