"""The buckets of an export in reading order, with the folder of each."""

from collections.abc import Iterable, Iterator
from typing import Final

from reyna.services.state.transfer.exports.verbs import OutlineBucket
from reyna.services.state.transfer.layout.entry_names import DEEP, LIBRARY, MAX_FOLDER_BYTES, numbered, stem_of

MAX_NAMES: Final = 20  # of buckets in one line


class ExportTree:
    """The buckets below a root, or all of them. Positions are known once the blobs between the buckets are."""

    def __init__(self, buckets: Iterable[OutlineBucket], root: str | None) -> None:
        self._buckets = {bucket.id: bucket for bucket in buckets}
        self._children: dict[str | None, list[OutlineBucket]] = {}
        for bucket in self._buckets.values():
            self._children.setdefault(bucket.parent_id, []).append(bucket)
        for siblings in self._children.values():
            siblings.sort(key=lambda bucket: (bucket.rank, bucket.id))
        self.roots = self._children.get(None, []) if root is None else [self._buckets[root]]
        self.root_ids = frozenset(bucket.id for bucket in self.roots)
        self.numbers = {bucket.id: number for number, bucket in enumerate(self._in_order())}
        self.paths: dict[str, str] = {}
        self.positions: dict[str, int] = {}
        for position, bucket in enumerate(self.roots, 1):
            self.place(bucket, position, len(self.roots), LIBRARY)

    def children_of(self, id: str) -> list[OutlineBucket]:
        """Returns the buckets in a bucket, in order."""
        return self._children.get(id, [])

    def in_order(self) -> Iterator[OutlineBucket]:
        """Yields all buckets, each before what is in it."""
        return (self._buckets[id] for id in self.numbers)

    def place(self, bucket: OutlineBucket, position: int, total: int, above: str) -> str:
        """Sets the position of a bucket, and its folder in the folder above, which it returns."""
        stem = stem_of(bucket.name, "bucket")
        path = f"{above}/{numbered(position, total, stem)}"
        if len(path.encode()) > MAX_FOLDER_BYTES:  # buckets nest without limit, paths do not
            path = f"{DEEP}/{numbered(self.numbers[bucket.id] + 1, len(self.numbers), stem)}"
        self.paths[bucket.id], self.positions[bucket.id] = path, position
        return path

    def names_above(self, id: str) -> str:
        """Returns the names of the buckets from the root of the export to this one, as a line to read."""
        names: list[str] = []
        while (bucket := self._buckets.get(id)) is not None and len(names) < MAX_NAMES:
            names.append(bucket.name)
            id = "" if id in self.root_ids else bucket.parent_id or ""
        return " / ".join(reversed(names))

    def _in_order(self) -> Iterator[OutlineBucket]:
        stack = [*reversed(self.roots)]
        while stack:
            yield (bucket := stack.pop())
            stack.extend(reversed(self._children.get(bucket.id, [])))
