"""The user's quota: every write that adds, resizes or purges something counts it, within the limits."""

from collections.abc import Iterable, Mapping
from typing import Final

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.quota import Usage
from reyna.ports.store import Increment, Put, Step, Store
from reyna.storage.quota_limits import QuotaLimits

COUNTED: Final = ("blobs", "bytes", "buckets")  # what is in the trash counts until it is purged
COUNTED_FILES: Final = ("files", "file_bytes")


class Quota:
    """Counts the blobs of a user, the bytes of their data as it is now, the buckets, and the files with their bytes."""

    def __init__(self, store: Store, allowed: Mapping[str, int | None]) -> None:
        self._limits = QuotaLimits(store, allowed)
        self.allowed = self._limits.allowed

    def enforce_on(self, store: Store) -> Store:
        """Returns the store decorated so that its writes raise TooMuch where a limit is reached."""
        return self._limits.wrap(store)

    def increments(
        self, user_id: str, *, blobs: int = 0, bytes: int = 0, buckets: int = 0, files: int = 0, file_bytes: int = 0
    ) -> list[Increment]:
        """Returns the steps by which a write counts what it adds, or with negative numbers what it removes."""
        steps = []
        if blobs:
            steps.append(Increment(user_id, "blobs", blobs, self.allowed.get("blobs")))
        if bytes:
            steps.append(Increment(user_id, "bytes", bytes, self.allowed.get("bytes")))
        if buckets:
            steps.append(Increment(user_id, "buckets", buckets, self.allowed.get("buckets")))
        if files:
            steps.append(Increment(user_id, "files", files, self.allowed.get("files")))
        if file_bytes:
            steps.append(Increment(user_id, "file_bytes", file_bytes, self.allowed.get("file_bytes")))
        return steps

    def increments_of(self, user_id: str, steps: Iterable[Step]) -> list[Increment]:
        """Returns the steps that count all new blobs and buckets among these steps."""
        new = [step.record for step in steps if isinstance(step, Put) and step.expects == 0]
        blobs = [record for record in new if isinstance(record, Blob)]
        buckets = sum(isinstance(record, Bucket) for record in new)
        return self.increments(user_id, blobs=len(blobs), bytes=sum(blob.size for blob in blobs), buckets=buckets)


class QuotaUsage:
    """The verb on a user's quota."""

    def __init__(self, store: Store, quota: Quota) -> None:
        self._store, self._quota = store, quota

    async def usage(self, caller: Caller) -> Usage:
        """Returns what the user keeps, the trash included, and what is allowed; files where there are any."""
        sums = await self._store.sums(caller.user_id)
        used = {what: sums.get(what, 0) for what in COUNTED} | {
            what: sums[what] for what in COUNTED_FILES if sums.get(what)
        }
        return Usage(used=used, allowed=self._quota.allowed)
