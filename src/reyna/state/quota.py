"""How much a user keeps: every write that makes, resizes or purges something counts it, within the limits."""

from collections.abc import Iterable
from typing import Final

from reyna.bounds import Bounds
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.ports import Add, Put, Step

KEPT: Final = ("blobs", "bytes", "buckets")  # what is in the trash counts until it is purged


class Quota(Bounds):
    """Counts blobs, the bytes of their data as it is now, and buckets."""

    def used(self, user_id: str, *, blobs: int = 0, bytes: int = 0, buckets: int = 0) -> list[Add]:
        """The steps by which a write counts what it adds, or takes away: put them among the others."""
        steps = []
        if blobs:
            steps.append(Add(user_id, "blobs", blobs, self.allowed.get("blobs")))
        if bytes:
            steps.append(Add(user_id, "bytes", bytes, self.allowed.get("bytes")))
        if buckets:
            steps.append(Add(user_id, "buckets", buckets, self.allowed.get("buckets")))
        return steps

    def used_by(self, user_id: str, steps: Iterable[Step]) -> list[Add]:
        """The same for all the new blobs and buckets among these steps."""
        new = [step.record for step in steps if isinstance(step, Put) and step.expects == 0]
        blobs = [record for record in new if isinstance(record, Blob)]
        buckets = sum(isinstance(record, Bucket) for record in new)
        return self.used(user_id, blobs=len(blobs), bytes=sum(blob.size for blob in blobs), buckets=buckets)
