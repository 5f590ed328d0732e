"""The contents part: a bucket and everything below it in reading order, page by page."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, NamedTuple

from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.tree_item import ItemKind, TreeItem
from reyna.ports.store import Store
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.records import BLOBS, PLACEMENTS
from reyna.services.state.structure.bucket_reader import BucketReader
from reyna.services.state.structure.subtree import LIVE, live_buckets_below

BUCKETS_PER_READ: Final = 200  # whose placements are read together
Order = tuple[str, str]
"""The position of a child in its bucket: its rank and its id."""


class WalkedPlace(NamedTuple):
    """The place of one child in the tree: a bucket or, with `blob_id`, a blob."""

    depth: int
    parent_id: str
    order: Order
    blob_id: str | None = None
    bucket: Bucket | None = None


class Contents:
    """The verb on the contents of buckets."""

    def __init__(self, store: Store, blobs: BlobReader, buckets: BucketReader) -> None:
        self._store, self._blobs, self._buckets = store, blobs, buckets

    async def list(
        self,
        caller: Caller,
        id: str,
        *,
        kind: ItemKind | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[TreeItem]:
        """Returns the bucket and all below it, each bucket before what is in it, in the order of the buckets.

        `kind` leaves out the others. Raises NotFound, Conflict for a bucket in the trash, and Conflict when the bucket
        that the page before ended in is not there any more.
        """
        tree = await self._load_tree(caller, id)
        position = decode_cursor(cursor, str, str, str, bool)
        wanted = check_limit(limit) + 1
        found: list[WalkedPlace] = []
        async for place in self._walk(caller.user_id, tree, position, with_blobs=kind != "bucket"):
            if kind != "blob" or place.blob_id is not None:
                found.append(place)
            if len(found) == wanted:
                break
        more = _cursor_at(found[limit - 1]) if len(found) == wanted else None
        return Page(items=tuple(await self._load_items(caller, found[:limit])), next_cursor=more)

    async def _load_tree(self, caller: Caller, id: str) -> "WalkedTree":
        found = await live_buckets_below(self._store, caller.user_id, [id])
        if not found:
            await self._buckets.load(caller, id)
            raise Conflict("This bucket is in the trash; restore it first.", bucket_id=id)
        return WalkedTree(found[0], found[1:])

    async def _walk(
        self, user_id: str, tree: "WalkedTree", position: tuple[str, str, str, bool] | None, *, with_blobs: bool
    ) -> AsyncIterator[WalkedPlace]:
        """Yields the places behind the position; without recursion, since buckets nest without limit."""
        loader = _PlacementLoader(self._store, user_id, tree.ids_in_order() if with_blobs else [])
        root = tree.root
        stack: list[Iterator[WalkedPlace]] = []
        if position is None:
            yield WalkedPlace(0, "", (root.rank, root.id), bucket=root)
            stack.append(iter(tree.places_in(root.id, await loader.placements_of(root.id))))
        else:
            for bucket_id, after in tree.path_to(position):
                places = tree.places_in(bucket_id, await loader.placements_of(bucket_id))
                stack.append(iter([place for place in places if after is None or place.order > after]))
        while stack:
            place = next(stack[-1], None)
            if place is None:
                stack.pop()
                continue
            yield place
            if place.bucket is not None:
                inside = tree.places_in(place.bucket.id, await loader.placements_of(place.bucket.id))
                stack.append(iter(inside))

    async def _load_items(self, caller: Caller, places: Sequence[WalkedPlace]) -> Sequence[TreeItem]:
        """Returns the items of these places, without those that are gone meanwhile."""
        ids = sorted({place.blob_id for place in places if place.blob_id is not None})
        stored = await self._store.find(BLOBS, caller.user_id, LIVE | {"id": ids}) if ids else []
        blobs = {blob.id: blob for blob in await self._blobs.describe_all(caller.user_id, stored)}
        held = [place.order[1] for place in places if place.blob_id is not None]
        placements = await self._store.find(PLACEMENTS, caller.user_id, {"id": held}) if held else []
        labels = {placement.id: placement.label for placement in placements}
        described = await self._buckets.describe_all(caller.user_id, [one.bucket for one in places if one.bucket])
        buckets = {bucket.id: bucket for bucket in described}
        items = [
            TreeItem(
                depth=place.depth,
                bucket=buckets.get(place.bucket.id) if place.bucket else None,
                blob=blobs.get(place.blob_id) if place.blob_id else None,
                parent_bucket_id=place.bucket.parent_bucket_id if place.bucket else place.parent_id,
                label=labels.get(place.order[1]),
            )
            for place in places
        ]
        return [item for item in items if item.bucket or item.blob]


class WalkedTree:
    """The live buckets below a root, with the root itself."""

    def __init__(self, root: Bucket, below: Sequence[Bucket]) -> None:
        self.root = root
        self._by_id = {bucket.id: bucket for bucket in (root, *below)}
        self._depths, self._children = {root.id: 0}, dict[str, list[Bucket]]()
        for bucket in below:  # nearest first: the parent of each is there already
            parent = str(bucket.parent_bucket_id)
            self._depths[bucket.id] = self._depths[parent] + 1
            self._children.setdefault(parent, []).append(bucket)
        for siblings in self._children.values():
            siblings.sort(key=lambda bucket: (bucket.rank, bucket.id))

    def ids_in_order(self) -> list[str]:
        """Returns the ids of all buckets, each before those in it."""
        found, stack = list[str](), [self.root.id]
        while stack:
            found.append(id := stack.pop())
            stack.extend(child.id for child in reversed(self._children.get(id, ())))
        return found

    def places_in(self, bucket_id: str, placements: Sequence[tuple[str, str, str]]) -> list[WalkedPlace]:
        """Returns the child buckets, and the blobs by their placements (rank, id, blob id), in order."""
        depth = self._depths[bucket_id] + 1
        found = [
            WalkedPlace(depth, bucket_id, (child.rank, child.id), bucket=child)
            for child in self._children.get(bucket_id, ())
        ]
        found += [WalkedPlace(depth, bucket_id, (rank, id), blob_id=blob_id) for rank, id, blob_id in placements]
        return sorted(found, key=lambda place: place.order)

    def path_to(self, position: tuple[str, str, str, bool]) -> list[tuple[str, Order | None]]:
        """Returns the buckets that are open at a position, from the root on, each with the last child that was
        returned: None for a bucket that was just entered. Raises Conflict when the place is not in the tree any more.
        """
        parent_id, rank, id, is_bucket = position
        if not parent_id:
            return [(self.root.id, None)]
        if parent_id not in self._by_id:
            raise Conflict("A bucket was moved or trashed while it was read. Begin again.", bucket_id=parent_id)
        path: list[tuple[str, Order | None]] = [(parent_id, (rank, id))]
        while parent_id != self.root.id:
            bucket = self._by_id[parent_id]
            parent_id = str(bucket.parent_bucket_id)
            path.insert(0, (parent_id, (bucket.rank, bucket.id)))
        return [*path, (id, None)] if is_bucket and id in self._by_id else path


class _PlacementLoader:
    """Reads the placements of buckets in the order in which they are walked, many buckets at a time."""

    def __init__(self, store: Store, user_id: str, ids: Sequence[str]) -> None:
        self._store, self._user_id, self._ids = store, user_id, ids
        self._numbers = {id: number for number, id in enumerate(ids)}
        self._loaded: dict[str, list[tuple[str, str, str]]] = {}

    async def placements_of(self, bucket_id: str) -> list[tuple[str, str, str]]:
        """Returns rank, id and blob id of the placements in this bucket; none for one that is not among the ids."""
        if bucket_id in self._numbers and bucket_id not in self._loaded:
            start = self._numbers[bucket_id]
            ids = [id for id in self._ids[start : start + BUCKETS_PER_READ] if id not in self._loaded]
            rows = await self._store.select(
                PLACEMENTS, self._user_id, ("bucket_id", "rank", "id", "blob_id"), LIVE | {"bucket_id": ids}
            )
            self._loaded.update((id, []) for id in ids)
            for parent_id, rank, id, blob_id in rows:
                self._loaded[parent_id].append((rank, id, blob_id))
        return self._loaded.get(bucket_id, [])


def _cursor_at(place: WalkedPlace) -> str:
    return encode_cursor(place.parent_id, *place.order, place.bucket is not None)
