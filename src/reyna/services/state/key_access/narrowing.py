"""Leaves out of results what a key that is limited to buckets does not reach."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket, Node, PathBucket
from reyna.domain.caller import Caller
from reyna.domain.requests.page import Page
from reyna.domain.search.hit import SearchPage
from reyna.domain.tree_item import TreeItem
from reyna.services.state.content.lineage import Lineage, Paths
from reyna.services.state.key_access.reach import KeyReach
from reyna.services.state.structure.placements import Item

T = TypeVar("T")
MAX_PAGES_READ: Final = 20  # for one page of what is left of them
PathNames = tuple[PathBucket, ...]


async def narrow(reach: KeyReach, caller: Caller, result: T) -> T:
    """Returns the result of a verb without the buckets around those of the key, and without other places of blobs."""
    within = await reach.buckets_within(caller, _bucket_ids_in(result))
    return _narrowed(result, within, frozenset(caller.bucket_ids or ()))  # type: ignore[no-any-return]  # same kind


def _bucket_ids_in(result: Any) -> Iterator[str]:
    match result:
        case Blob():
            yield from result.bucket_ids
        case Item() | TreeItem():
            yield from _bucket_ids_in(result.blob)
        case Page():
            for item in result.items:
                yield from _bucket_ids_in(item)


def _narrowed(result: Any, within: frozenset[str], roots: frozenset[str]) -> Any:
    match result:
        case Blob():
            return replace(result, bucket_ids=tuple(id for id in result.bucket_ids if id in within))
        case Bucket() | Node() if result.id in roots:
            return replace(result, parent_bucket_id=None)
        case Item():
            blob = None if result.blob is None else _narrowed(result.blob, within, roots)
            return replace(result, blob=blob)
        case TreeItem():
            blob = None if result.blob is None else _narrowed(result.blob, within, roots)
            bucket = None if result.bucket is None else _narrowed(result.bucket, within, roots)
            above = None if result.bucket is not None and result.bucket.id in roots else result.parent_bucket_id
            return replace(result, blob=blob, bucket=bucket, parent_bucket_id=above)
        case Page():
            return replace(result, items=tuple(_narrowed(item, within, roots) for item in result.items))
    return result


async def narrow_lineage(reach: KeyReach, caller: Caller, lineage: Lineage) -> Lineage:
    """Returns the lineage with the blobs that the key reaches."""
    within = await reach.blobs_within(caller, (kin.id for kin in (*lineage.ancestors, *lineage.descendants)))
    return replace(
        lineage,
        ancestors=tuple(kin for kin in lineage.ancestors if kin.id in within),
        descendants=tuple(kin for kin in lineage.descendants if kin.id in within),
    )


def narrow_paths(caller: Caller, paths: Paths) -> Paths:
    """Returns the paths that lead through a bucket of the key, from there on."""
    return replace(paths, items=cut_paths(caller, paths.items))


def narrow_hits(caller: Caller, page: SearchPage) -> SearchPage:
    """Returns the hits with the paths that lead through a bucket of the key, from there on."""
    return replace(page, items=tuple(replace(hit, paths=cut_paths(caller, hit.paths)) for hit in page.items))


def cut_paths(caller: Caller, paths: Iterable[PathNames]) -> tuple[PathNames, ...]:
    """Returns the part of each path that begins with a bucket of the key, without paths that have none."""
    roots, cut = frozenset(caller.bucket_ids or ()), list[PathNames]()
    for path in paths:
        starts = [position for position, bucket in enumerate(path) if bucket.id in roots]
        if starts:
            cut.append(path[starts[0] :])
    return tuple(cut)


async def fill_page(
    fetch: Callable[[int, str | None], Awaitable[Page[T]]],
    keep: Callable[[tuple[T, ...]], Awaitable[list[T]]],
    limit: int,
    cursor: str | None,
) -> Page[T]:
    """Returns a page of what `keep` leaves of the pages that `fetch` reads by limit and cursor.

    It may be short although more follows, after MAX_PAGES_READ pages in which little was kept.
    """
    items: list[T] = []
    for _ in range(MAX_PAGES_READ):
        page = await fetch(limit - len(items), cursor)
        items += await keep(page.items)
        cursor = page.next_cursor
        if cursor is None or len(items) >= limit:
            break
    return Page(items=tuple(items), next_cursor=cursor)
