"""Reading of a whole bucket for a run that is about all of it."""

from collections.abc import AsyncIterator
from typing import Final, Protocol

from reyna.domain.tree_item import ItemKind
from reyna.sdk import Bucket, Conflict, NotFound, Refuse, Retry, TreeItem

MOVED_RETRY_SECONDS: Final = 2.0
UNKNOWN_BUCKET: Final = "There is no bucket of yours under the id of the settings."
TRASHED_BUCKET: Final = "The bucket of the settings is in the trash; restore it first."


class BucketTreeReads(Protocol):
    """The calls of a Context that read buckets."""

    async def bucket(self, id: str) -> Bucket: ...

    def tree(self, bucket_id: str, *, kind: ItemKind | None = None) -> AsyncIterator[TreeItem]: ...


async def read_bucket(
    bucket_id: str, context: BucketTreeReads, *, kind: ItemKind | None = None
) -> AsyncIterator[TreeItem]:
    """Yields the bucket and all below it in reading order.

    Raises Refuse for one that is not there or in the trash, and Retry when something in it is moved meanwhile.
    """
    try:
        async for item in context.tree(bucket_id, kind=kind):
            yield item
    except NotFound:
        raise Refuse(UNKNOWN_BUCKET) from None
    except Conflict:
        if (await context.bucket(bucket_id)).trashed_at is not None:
            raise Refuse(TRASHED_BUCKET) from None
        raise Retry(after=MOVED_RETRY_SECONDS) from None
