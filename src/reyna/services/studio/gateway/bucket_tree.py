"""The nesting of a user's buckets, as far as the bucket filters of sockets need it."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from reyna.services.studio.gateway.frames import Frame

Parents = dict[str, str | None]
PARENT_TYPES: Final = frozenset({"bucket.created", "bucket.moved", "bucket.restored"})  # they name the bucket's parent
SUBTREE_TYPES: Final = frozenset({"bucket.moved", "bucket.trashed", "bucket.restored", "bucket.purged"})


class BucketTree:
    """Bucket id -> id of its parent. Loaded for each `subscribe`, and updated by live frames."""

    def __init__(self) -> None:
        self._parents: Parents = {}
        self._loads: list[Parents] = []  # changes since each load in progress began, which may have read older parents

    async def load(self, read: Callable[[], Awaitable[Parents]]) -> None:
        """Replaces the tree with what `read` returns, and with the changes that happen meanwhile."""
        changes: Parents = {}
        self._loads.append(changes)
        try:
            self._parents = await read() | changes
        finally:
            self._loads.remove(changes)

    def update(self, frame: Frame) -> None:
        """Applies a frame that says where a bucket is."""
        if frame.type in PARENT_TYPES:
            change = {frame.body["bucket_id"]: frame.body.get("parent_bucket_id")}
            for parents in (self._parents, *self._loads):
                parents |= change

    def concerns(self, frame: Frame, wanted: frozenset[str]) -> bool:
        """Tells whether a frame is about one of the wanted buckets, about anything below one, or about a bucket that
        contains one.

        `frame.buckets` are those where something was and where it is now. A bucket that is not known here counts as
        wanted: better to send a frame too many than to leave one out.
        """
        if any(id is None or id in wanted for bucket in frame.buckets for id in self._upward(bucket)):
            return True
        if frame.type not in SUBTREE_TYPES:
            return False
        return any(id == frame.body["bucket_id"] for bucket in wanted for id in self._upward(bucket))

    def is_within(self, bucket_id: str, roots: frozenset[str]) -> bool:
        """Tells whether a bucket is one of the roots or lies below one. A bucket that is not known here does not."""
        return any(id in roots for id in self._upward(bucket_id))

    def _upward(self, bucket: str) -> Iterator[str | None]:
        """Yields the bucket and its ancestors, nearest first, and None at the end when an ancestor is not known."""
        seen: set[str] = set()
        at: str | None = bucket
        while at is not None and at not in seen:
            yield at
            seen.add(at)
            if at not in self._parents:
                yield None
                return
            at = self._parents[at]
