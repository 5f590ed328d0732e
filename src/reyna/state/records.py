"""What the state service keeps, and by which fields it can be asked for."""

from typing import Final

import msgspec

from reyna.domain.blob import Blob, Revision
from reyna.domain.bucket import Bucket
from reyna.domain.placement import Placement
from reyna.ports import Collection


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """One per user: its revision is the counter that every change passes through which could tangle the tree."""

    id: str = "tree"
    user_id: str
    revision: int = 1


BLOBS: Final = Collection("state.blobs", Blob, ("schema_id", "processor_id", "parent_id", "created_at", "trashed_at"))
REVISIONS: Final = Collection("state.revisions", Revision, ("blob_id", "number", "conflict"))
BUCKETS: Final = Collection("state.buckets", Bucket, ("type", "parent_bucket_id", "rank", "name", "trashed_at"))
PLACEMENTS: Final = Collection("state.placements", Placement, ("bucket_id", "blob_id", "rank", "trashed_at"))
TREES: Final = Collection("state.trees", Tree)
COLLECTIONS: Final = (BLOBS, REVISIONS, BUCKETS, PLACEMENTS, TREES)
