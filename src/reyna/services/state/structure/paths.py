"""The paths from root buckets down to blobs and buckets."""

from collections.abc import Iterable, Mapping

from reyna.domain.bucket import Bucket, PathBucket
from reyna.ports.store import Store
from reyna.services.state.records import BUCKETS


async def paths_to(store: Store, user_id: str, bucket_ids: Iterable[str]) -> dict[str, tuple[PathBucket, ...]]:
    """Returns the path from a root bucket down to each of these buckets, itself included."""
    starts = [*dict.fromkeys(bucket_ids)]
    if not starts:
        return {}
    walked = await store.walk(BUCKETS, user_id, starts, "parent_bucket_id", toward="parents")
    buckets = {bucket.id: bucket for _, bucket in walked}
    return {start: _path(buckets, start) for start in starts}


def _path(buckets: Mapping[str, Bucket], bucket_id: str) -> tuple[PathBucket, ...]:
    path: dict[str, PathBucket] = {}
    above: str | None = bucket_id
    while above is not None and above in buckets and above not in path:
        bucket = buckets[above]
        path[above] = PathBucket(id=bucket.id, name=bucket.name, type=bucket.type)
        above = bucket.parent_bucket_id
    return tuple(reversed(path.values()))
