"""Items of a tree: the buckets below a bucket and the blobs in them, in reading order."""

from typing import Literal

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket

ItemKind = Literal["blob", "bucket"]


class TreeItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a tree: a bucket, or a blob with the bucket that it stands in and its label there.

    `depth` is 0 for the bucket at the top, 1 for what is in it, and so on.
    """

    depth: int
    bucket: Bucket | None = None
    blob: Blob | None = None
    parent_bucket_id: str | None = None
    label: str | None = None
