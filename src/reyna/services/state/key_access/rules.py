"""The rule of each verb of the state service for a key that is limited to buckets."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import OutsideOfKey
from reyna.domain.errors import NotFound
from reyna.domain.requests.operation import ID_FIELDS
from reyna.domain.requests.page import Page
from reyna.services.guarded_service import KeyCall, KeyRule, pass_on
from reyna.services.state.key_access import narrowing
from reyna.services.state.key_access.reach import KeyReach
from reyna.services.state.structure.name_search import words_of_name

if TYPE_CHECKING:
    from reyna.services.state.service import State

INSIDE_ONLY: Final = "An API key that is limited to buckets works inside of them: name one of them."


class WithinKey:
    """The rule of a verb whose arguments name blobs and buckets; `new.bucket_ids` is a field of an argument.

    `blobs` and `buckets` are in or below a bucket of the key, `below` are buckets below one. `required` must name
    something, and `not_root` must not be null, since the verb would work at the root.
    """

    def __init__(
        self,
        reach: KeyReach,
        *,
        blobs: Sequence[str] = (),
        buckets: Sequence[str] = (),
        below: Sequence[str] = (),
        required: Sequence[str] = (),
        not_root: Sequence[str] = (),
    ) -> None:
        self._reach, self._blobs, self._buckets, self._below = reach, blobs, buckets, below
        self._required, self._not_root = required, not_root

    async def __call__(self, call: KeyCall) -> Any:
        await self.check(call)
        return await narrowing.narrow(self._reach, call.caller, await call.proceed())

    async def check(self, call: KeyCall) -> None:
        """Raises NotFound and OutsideOfKey."""
        if any(not [*_values_at(call.arguments, path)] for path in self._required):
            raise OutsideOfKey(INSIDE_ONLY)
        if any(call.arguments.get(name, msgspec.UNSET) is None for name in self._not_root):
            raise OutsideOfKey(INSIDE_ONLY)
        await self._reach.check_buckets(call.caller, _ids_at_all(call.arguments, self._buckets))
        await self._reach.check_below(call.caller, _ids_at_all(call.arguments, self._below))
        await self._reach.check_blobs(call.caller, _ids_at_all(call.arguments, self._blobs))


class ListRules:
    """The rules of the verbs that list: they leave out what the key does not reach."""

    def __init__(self, state: "State", reach: KeyReach) -> None:
        self._state, self._reach = state, reach

    async def list_blobs(self, call: KeyCall) -> Page[Blob]:
        caller, limit = call.caller, call.arguments.get("limit", 50)
        await self._reach.check_buckets(caller, _ids_at(call.arguments, "bucket_id"))

        async def keep(items: tuple[Blob, ...]) -> list[Blob]:
            within = await self._reach.blobs_within(caller, (blob.id for blob in items))
            return [blob for blob in items if blob.id in within]

        page = await narrowing.fill_page(
            lambda left, cursor: call.proceed(limit=left, cursor=cursor), keep, limit, call.arguments.get("cursor")
        )
        return await narrowing.narrow(self._reach, caller, page)

    async def list_buckets(self, call: KeyCall) -> Page[Bucket]:
        caller, limit = call.caller, call.arguments.get("limit", 50)
        if call.arguments.get("parent_bucket_id", msgspec.UNSET) is None:  # the roots: for the key, its buckets
            roots = [bucket async for bucket in self._roots(call) if _is_listed(bucket, call)]
            return await narrowing.narrow(self._reach, caller, Page(items=tuple(roots)))

        async def keep(items: tuple[Bucket, ...]) -> list[Bucket]:
            within = await self._reach.buckets_within(caller, (bucket.id for bucket in items))
            return [bucket for bucket in items if bucket.id in within]

        page = await narrowing.fill_page(
            lambda left, cursor: call.proceed(limit=left, cursor=cursor), keep, limit, call.arguments.get("cursor")
        )
        return await narrowing.narrow(self._reach, caller, page)

    async def forest(self, call: KeyCall) -> Any:
        trees = [
            await self._state.buckets.tree(call.caller, bucket.id)
            async for bucket in self._roots(call)
            if bucket.trashed_at is None
        ]
        return await narrowing.narrow(self._reach, call.caller, Page(items=tuple(trees)))

    async def parents(self, call: KeyCall) -> dict[str, str | None]:
        parents: Mapping[str, str | None] = await call.proceed()
        within = await self._reach.buckets_within(call.caller, parents)
        roots = frozenset(call.caller.bucket_ids or ())
        return {id: None if id in roots else parents[id] for id in within}

    async def containing(self, call: KeyCall) -> tuple[str, ...]:
        await self._reach.check_buckets(call.caller, _ids_at(call.arguments, "bucket_ids"))
        found: tuple[str, ...] = await call.proceed()
        within = await self._reach.buckets_within(call.caller, found)
        return tuple(id for id in found if id in within)

    async def lineage(self, call: KeyCall) -> Any:
        await self._reach.check_blobs(call.caller, _ids_at(call.arguments, "id"))
        return await narrowing.narrow_lineage(self._reach, call.caller, await call.proceed())

    async def paths(self, call: KeyCall) -> Any:
        await self._reach.check_blobs(call.caller, _ids_at(call.arguments, "id"))
        return narrowing.narrow_paths(call.caller, await call.proceed())

    async def search(self, call: KeyCall) -> Any:
        """Searches below the named bucket, or below all buckets of the key, as `Search.find` does for the caller."""
        await self._reach.check_buckets(call.caller, _ids_at(call.arguments, "bucket_id"))
        return narrowing.narrow_hits(call.caller, await call.proceed())

    async def bulk(self, call: KeyCall) -> Any:
        for operation in call.arguments["new"].operations:
            await self._check_operation(call, operation)
        return await call.proceed()

    async def _check_operation(self, call: KeyCall, operation: msgspec.Struct) -> None:
        """Raises NotFound and OutsideOfKey. Names such as `$1` are of what an operation before has made."""
        tag = str(operation.__struct_config__.tag)
        if (fields := OPERATION_FIELDS.get(tag)) is None:
            raise OutsideOfKey
        values = {field: getattr(operation, field, msgspec.UNSET) for field in ID_FIELDS}
        given = {field: value for field, value in values.items() if value is not msgspec.UNSET}
        await WithinKey(self._reach, **fields).check(KeyCall(call.caller, call.proceed, given))

    async def _roots(self, call: KeyCall) -> AsyncIterator[Bucket]:
        for id in call.caller.bucket_ids or ():
            try:
                yield await self._state.buckets.get(call.caller, id)
            except NotFound:  # purged since
                continue


Fields = Mapping[str, Sequence[str]]
OF_BLOB: Final[Fields] = {"blobs": ["blob_id"]}
BELOW: Final[Fields] = {"below": ["bucket_id"]}
PLACING: Final[Fields] = {"buckets": ["bucket_id"], "blobs": ["blob_id"]}
INTO_BUCKET: Final[Fields] = {"buckets": ["parent_bucket_id"]}
REQUIRED: Final[Fields] = {"required": ["parent_bucket_id"]}
NOT_ROOT: Final[Fields] = {"not_root": ["parent_bucket_id"]}
# By the tag of the operation: its fields that are checked, as `WithinKey` takes them.
OPERATION_FIELDS: Final[Mapping[str, Fields]] = {
    "create_blob": {"buckets": ["bucket_ids"], "blobs": ["parent_id"], "required": ["bucket_ids"]},
    "update_blob": OF_BLOB,
    "trash_blob": OF_BLOB,
    "restore_blob": OF_BLOB,
    "create_bucket": {**INTO_BUCKET, **REQUIRED},
    "update_bucket": BELOW,
    "trash_bucket": BELOW,
    "move_bucket": {**BELOW, **INTO_BUCKET, **REQUIRED},
    "copy_bucket": {**BELOW, **INTO_BUCKET, **NOT_ROOT},
    "restore_bucket": {**BELOW, **INTO_BUCKET, **NOT_ROOT},
    "place_blob": PLACING,
    "take_out_blob": PLACING,
}


def key_rules(state: "State") -> Mapping[str, KeyRule]:
    """Returns the rules by `part.verb`. A verb that is not among them is refused to a key that is limited to
    buckets."""
    reach, lists = state.key_reach, ListRules(state, state.key_reach)
    of_blob, of_bucket = WithinKey(reach, blobs=["id"]), WithinKey(reach, buckets=["id"])
    below, placing = WithinKey(reach, below=["id"]), WithinKey(reach, buckets=["bucket_id"], blobs=["blob_id"])
    moving = WithinKey(reach, below=["id"], buckets=["under"], required=["under"])
    copying = WithinKey(reach, below=["id"], buckets=["under"], not_root=["under"])
    return {
        **dict.fromkeys(("blobs.get", "blobs.get_stored", "blobs.change"), of_blob),
        "blobs.create": WithinKey(
            reach, buckets=["new.bucket_ids"], blobs=["new.parent_id"], required=["new.bucket_ids"]
        ),
        "blobs.list": lists.list_blobs,
        "blobs.list_in_buckets": WithinKey(reach, buckets=["bucket_ids"]),
        "acceptances.accept": WithinKey(reach, blobs=["id", "new.derived_blob_id"]),
        **dict.fromkeys(("revisions.diff", "revisions.get", "revisions.list", "revisions.rename"), of_blob),
        "lineage.get": lists.lineage,
        "lineage.paths": lists.paths,
        **dict.fromkeys(("buckets.get", "buckets.tree", "contents.list", "placements.list_items"), of_bucket),
        "buckets.list": lists.list_buckets,
        "buckets.forest": lists.forest,
        "buckets.parents": lists.parents,
        "buckets.containing": lists.containing,
        "buckets.create": WithinKey(reach, buckets=["new.parent_bucket_id"], required=["new.parent_bucket_id"]),
        **dict.fromkeys(("buckets.change", "trash.trash_bucket"), below),
        "buckets.move": moving,
        **dict.fromkeys(("copies.copy_bucket", "trash.restore_bucket"), copying),
        **dict.fromkeys(("placements.place", "placements.take_out"), placing),
        **dict.fromkeys(("trash.trash_blob", "trash.restore_blob"), of_blob),
        "bulk.apply": lists.bulk,
        "search.find": lists.search,
        "quota.usage": pass_on,
    }


def _is_listed(bucket: Bucket, call: KeyCall) -> bool:
    type, words = call.arguments.get("type"), words_of_name(call.arguments.get("q"))
    is_named = all(word in bucket.folded_name for word in words)
    return bucket.trashed_at is None and type in (None, bucket.type) and is_named


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


def _ids_at_all(arguments: Mapping[str, Any], paths: Sequence[str]) -> list[str]:
    return [id for path in paths for id in _ids_at(arguments, path)]


def _ids_at(arguments: Mapping[str, Any], path: str) -> list[str]:
    """Returns the ids that an argument, or a field of one, holds."""
    return [id for id in _values_at(arguments, path) if not _is_name(id)]


def _values_at(arguments: Mapping[str, Any], path: str) -> Iterator[str]:
    name, _, field = path.partition(".")
    value = arguments.get(name, msgspec.UNSET)
    if field and value is not msgspec.UNSET:
        value = getattr(value, field)
    if isinstance(value, str):
        yield value
    elif isinstance(value, Sequence):
        yield from value
