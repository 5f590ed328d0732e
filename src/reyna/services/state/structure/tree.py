"""Builds trees of buckets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from reyna.domain.bucket import Bucket, Node


def build_trees(
    buckets: Iterable[Bucket], blob_counts: Mapping[str, int], child_counts: Mapping[str, int]
) -> list[Node]:
    """Returns the buckets as trees, siblings in their order; those whose parent is not among them are the roots.

    Built from the leaves upward without recursion, since buckets nest without limit.
    """
    by_id = {bucket.id: bucket for bucket in buckets}
    children: dict[str | None, list[Bucket]] = defaultdict(list)
    for bucket in by_id.values():
        children[bucket.parent_bucket_id if bucket.parent_bucket_id in by_id else None].append(bucket)
    for siblings in children.values():
        siblings.sort(key=lambda bucket: (bucket.rank, bucket.id))
    nodes: dict[str, Node] = {}
    for bucket in reversed(_breadth_first(children)):
        nodes[bucket.id] = Node(
            id=bucket.id,
            name=bucket.name,
            type=bucket.type,
            parent_bucket_id=bucket.parent_bucket_id,
            rank=bucket.rank,
            revision=bucket.revision,
            child_count=child_counts.get(bucket.id, 0),
            blob_count=blob_counts.get(bucket.id, 0),
            children=tuple(nodes[child.id] for child in children.get(bucket.id, ())),
        )
    return [nodes[root.id] for root in children[None]]


def _breadth_first(children: Mapping[str | None, list[Bucket]]) -> list[Bucket]:
    order = list(children[None]) if None in children else []
    for bucket in order:  # grows while it is walked: breadth first
        order.extend(children.get(bucket.id, ()))
    return order
