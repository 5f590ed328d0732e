"""The rule for where a bucket may move."""

from collections.abc import Iterable, Sequence

from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, WouldContainItself
from reyna.ports.store import Store
from reyna.services.state.records import BUCKETS


def would_contain_itself(bucket_id: str, ancestors: Iterable[str]) -> bool:
    """Returns whether the new parent, whose ancestors (itself included) these are, lies in the bucket's own subtree."""
    return bucket_id in ancestors


async def live_ancestors(store: Store, user_id: str, bucket_ids: Sequence[str]) -> tuple[str, ...]:
    """Returns every bucket that contains these at any height, themselves included, unless it is in the trash."""
    walked = await store.walk(BUCKETS, user_id, bucket_ids, "parent_bucket_id", toward="parents")
    return tuple(bucket.id for _, bucket in walked if bucket.trashed_at is None)


async def check_move(store: Store, caller: Caller, bucket: Bucket, under: str | None) -> None:
    """Raises Conflict for a bucket in the trash, NotFound for a parent that is not there, and WouldContainItself."""
    if bucket.trashed_at is not None:
        raise Conflict("This bucket is in the trash; restore it first.", bucket_id=bucket.id)
    if under is None:
        return
    above = await live_ancestors(store, caller.user_id, [under])
    if under not in above:
        raise NotFound(f"There is no bucket {under} of yours.", id=under, field="parent_bucket_id")
    if would_contain_itself(bucket.id, above):
        raise WouldContainItself(bucket_id=bucket.id, parent_bucket_id=under)
