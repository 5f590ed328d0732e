"""What may be asked to be done to a user's blobs and buckets: alone on the socket, or many at once in a bulk."""

import re
from typing import Any, Final, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.bucket import Bucket, BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.placement import Placement

T = TypeVar("T", bound=msgspec.Struct)
After = str | msgspec.UnsetType | None
Done = Blob | Bucket | Placement | None
NAMES: Final = {Blob: "blob", Bucket: "bucket", Placement: "placement"}
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
REFERS: Final = ("blob_id", "bucket_id", "bucket_ids", "parent_id", "parent_bucket_id", "after")  # fields with ids


class Verbs(Protocol):
    """What the operations ask of the state service."""

    async def create_blob(self, caller: Caller, new: NewBlob) -> Blob: ...
    async def change_blob(self, caller: Caller, id: str, change: BlobChange) -> Blob: ...
    async def trash_blob(self, caller: Caller, id: str) -> Blob: ...
    async def restore_blob(self, caller: Caller, id: str) -> Blob: ...
    async def create_bucket(self, caller: Caller, new: NewBucket) -> Bucket: ...
    async def change_bucket(self, caller: Caller, id: str, change: BucketChange) -> Bucket: ...
    async def move_bucket(self, caller: Caller, id: str, *, under: str | None, after: After = ...) -> Bucket: ...
    async def copy_bucket(
        self, caller: Caller, id: str, *, under: After = ..., after: After = ..., deep: bool = ...
    ) -> Bucket: ...
    async def trash_bucket(self, caller: Caller, id: str) -> Bucket: ...
    async def restore_bucket(self, caller: Caller, id: str, *, under: After = ...) -> Bucket: ...
    async def place_blob(
        self, caller: Caller, bucket_id: str, blob_id: str, *, after: After = ..., label: After = ...
    ) -> Placement: ...
    async def take_out(self, caller: Caller, bucket_id: str, blob_id: str) -> None: ...


class CreateBlob(NewBlob, frozen=True, kw_only=True, gc=False, tag_field="action", tag="create_blob"):
    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.create_blob(caller, _as(NewBlob, self))


class UpdateBlob(BlobChange, frozen=True, kw_only=True, gc=False, tag_field="action", tag="update_blob"):
    blob_id: str

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.change_blob(caller, self.blob_id, _as(BlobChange, self))


class CreateBucket(NewBucket, frozen=True, kw_only=True, gc=False, tag_field="action", tag="create_bucket"):
    """The action's own name is taken by the tag, so that `type` is free for the bucket's."""

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.create_bucket(caller, _as(NewBucket, self))


class UpdateBucket(BucketChange, frozen=True, kw_only=True, gc=False, tag_field="action", tag="update_bucket"):
    bucket_id: str

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.change_bucket(caller, self.bucket_id, _as(BucketChange, self))


class Asked(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, tag_field="action"):
    """What is asked in words of its own; `after` is the neighbour to stand behind: null for the first place, left out
    for the last."""


class TrashBlob(Asked, tag="trash_blob", frozen=True, kw_only=True):
    blob_id: str

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.trash_blob(caller, self.blob_id)


class RestoreBlob(Asked, tag="restore_blob", frozen=True, kw_only=True):
    blob_id: str

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.restore_blob(caller, self.blob_id)


class MoveBucket(Asked, tag="move_bucket", frozen=True, kw_only=True):
    bucket_id: str
    parent_bucket_id: str | None
    after: str | msgspec.UnsetType | None = msgspec.UNSET

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.move_bucket(caller, self.bucket_id, under=self.parent_bucket_id, after=self.after)


class CopyBucket(Asked, tag="copy_bucket", frozen=True, kw_only=True):
    """`parent_bucket_id`: null for a root, left out for the parent of the one that is copied."""

    bucket_id: str
    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    deep: bool = False

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.copy_bucket(
            caller, self.bucket_id, under=self.parent_bucket_id, after=self.after, deep=self.deep
        )


class TrashBucket(Asked, tag="trash_bucket", frozen=True, kw_only=True):
    bucket_id: str

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.trash_bucket(caller, self.bucket_id)


class RestoreBucket(Asked, tag="restore_bucket", frozen=True, kw_only=True):
    bucket_id: str
    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.restore_bucket(caller, self.bucket_id, under=self.parent_bucket_id)


class PlaceBlob(Asked, tag="place_blob", frozen=True, kw_only=True):
    bucket_id: str
    blob_id: str
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    label: str | msgspec.UnsetType | None = msgspec.UNSET

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        return await verbs.place_blob(caller, self.bucket_id, self.blob_id, after=self.after, label=self.label)


class TakeOutBlob(Asked, tag="take_out_blob", frozen=True, kw_only=True):
    bucket_id: str
    blob_id: str

    async def done(self, verbs: Verbs, caller: Caller) -> Done:
        await verbs.take_out(caller, self.bucket_id, self.blob_id)
        return None


def named(done: Done) -> dict[str, Any]:
    """What an operation gave back, under the name of its kind."""
    return {} if done is None else {NAMES[type(done)]: done}


def _as(kind: type[T], said: Any) -> T:
    """What was said, without the words around it."""
    return kind(**{field: getattr(said, field) for field in kind.__struct_fields__})


# --- many at once ---


class MakeBlob(CreateBlob, frozen=True, kw_only=True):
    """`as` is a name of your own: later operations write `$name` wherever an id stands."""

    as_: str | None = msgspec.field(default=None, name="as")


class MakeBucket(CreateBucket, frozen=True, kw_only=True):
    """`as` is a name of your own: later operations write `$name` wherever an id stands."""

    as_: str | None = msgspec.field(default=None, name="as")


class MakeCopy(CopyBucket, frozen=True, kw_only=True):
    """`as` is a name of your own: later operations write `$name` wherever an id stands."""

    as_: str | None = msgspec.field(default=None, name="as")


Operation = (
    MakeBlob
    | UpdateBlob
    | TrashBlob
    | RestoreBlob
    | MakeBucket
    | UpdateBucket
    | MoveBucket
    | MakeCopy
    | TrashBucket
    | RestoreBucket
    | PlaceBlob
    | TakeOutBlob
)


class NewBulk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most 1,000 operations; `atomic`: all of them or none."""

    atomic: bool = True
    operations: tuple[Operation, ...]


def name_given(operation: Operation) -> str | None:
    """The name under which later operations know what this one makes."""
    return operation.as_ if isinstance(operation, MakeBlob | MakeBucket | MakeCopy) else None


def referring(operation: Operation, made: dict[str, str]) -> Operation:
    """The operation with ids where it has names; raises Invalid, naming the field, for a name that stands for none."""
    changed: dict[str, Any] = {}
    for field in REFERS:
        value = getattr(operation, field, None)
        if isinstance(value, tuple):
            changed[field] = tuple(_meant(field, id, made) for id in value)
        elif isinstance(value, str) and value.startswith("$"):
            changed[field] = _meant(field, value, made)
    return replace(operation, **changed) if changed else operation


def _meant(field: str, id: str, made: dict[str, str]) -> str:
    if not id.startswith("$"):
        return id
    if id[1:] not in made:
        raise Invalid.at(f"/{field}", f"nothing was made as {id[1:]!r} before", expected="the `as` of an operation")
    return made[id[1:]]
