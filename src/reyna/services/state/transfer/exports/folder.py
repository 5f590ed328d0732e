"""The folder of one bucket while it is written: what is in it, in the order of the bucket."""

from collections.abc import AsyncIterator
from typing import Self

from reyna.domain.bucket import Bucket
from reyna.services.state.transfer.exports.archive_writer import LineSpool
from reyna.services.state.transfer.exports.export_tree import ExportTree
from reyna.services.state.transfer.exports.verbs import ExportPlace, OutlineBucket
from reyna.services.state.transfer.layout.entry_names import BUCKET_DOCUMENT
from reyna.services.state.transfer.layout.facts import ArchiveItem, bucket_facts


class Folder:
    """Gives positions to the blobs and the buckets in one bucket, which share one order."""

    def __init__(self, tree: ExportTree, bucket: OutlineBucket) -> None:
        self._tree, self._bucket = tree, bucket
        children = tree.children_of(bucket.id)
        self._children = iter(children)
        self._child = next(self._children, None)
        self.total, self._position = bucket.blob_count + len(children), 0
        self.path = tree.paths[bucket.id]
        self.document_path = f"{self.path}/{BUCKET_DOCUMENT}"
        self._items = LineSpool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._items.__exit__()

    def add_buckets_before(self, rank: str) -> None:
        """Adds the child buckets that come before a blob with this rank."""
        while self._child is not None and self._child.rank < rank:
            self._add_child(self._child)

    def add_rest(self) -> None:
        """Adds the child buckets behind the last blob."""
        while self._child is not None:
            self._add_child(self._child)

    def next_position(self) -> int:
        """Returns the position of the blob that is added next."""
        return self._position + 1

    def add_blob(self, place: ExportPlace, path: str) -> None:
        """Adds a blob whose document is at this path."""
        self._position += 1
        self._items.add(
            ArchiveItem(
                position=self._position,
                kind="blob",
                id=place.blob_id,
                path=path,
                label=place.label,
                placed_at=place.placed_at,
            )
        )

    def others(self, place: ExportPlace) -> tuple[str, ...]:
        """Returns the other buckets of a blob within the export, in its order, by their names."""
        numbers = self._tree.numbers
        inside = sorted((id for id in place.other_bucket_ids if id in numbers), key=numbers.__getitem__)
        return tuple(self._tree.names_above(id) for id in inside)

    def document(self, bucket: Bucket) -> AsyncIterator[bytes]:
        """Returns the document of the bucket."""
        is_root = bucket.id in self._tree.root_ids
        facts = bucket_facts(bucket, self._tree.positions[bucket.id], is_root=is_root)
        return self._items.document({"bucket": facts}, "items")

    def _add_child(self, child: OutlineBucket) -> None:
        self._position += 1
        path = self._tree.place(child, self._position, self.total, self.path)
        self._items.add(ArchiveItem(position=self._position, kind="bucket", id=child.id, path=path))
        self._child = next(self._children, None)
