"""Actions on a user's blobs and buckets: one by one on the socket, or many at once in a bulk."""

import re
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.bucket import Bucket, BucketChange, NewBucket
from reyna.domain.errors import Invalid
from reyna.domain.placement import Placement

After = str | msgspec.UnsetType | None
ActionResult = Blob | Bucket | Placement | None
RESULT_FIELDS: Final = {Blob: "blob", Bucket: "bucket", Placement: "placement"}
ALIAS: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
ID_FIELDS: Final = ("blob_id", "bucket_id", "bucket_ids", "parent_id", "parent_bucket_id", "after")


class CreateBlob(NewBlob, frozen=True, kw_only=True, gc=False, tag_field="action", tag="create_blob"):
    pass


class UpdateBlob(BlobChange, frozen=True, kw_only=True, gc=False, tag_field="action", tag="update_blob"):
    blob_id: str


class CreateBucket(NewBucket, frozen=True, kw_only=True, gc=False, tag_field="action", tag="create_bucket"):
    """The tag is the field `action`, so that `type` is that of the bucket."""


class UpdateBucket(BucketChange, frozen=True, kw_only=True, gc=False, tag_field="action", tag="update_bucket"):
    bucket_id: str


class ActionFields(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, tag_field="action"):
    """The options of all other actions; `after` is the neighbour before it: null for the first position, left out for
    the last."""


class TrashBlob(ActionFields, tag="trash_blob", frozen=True, kw_only=True):
    blob_id: str


class RestoreBlob(ActionFields, tag="restore_blob", frozen=True, kw_only=True):
    blob_id: str


class MoveBucket(ActionFields, tag="move_bucket", frozen=True, kw_only=True):
    bucket_id: str
    parent_bucket_id: str | None
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class CopyBucket(ActionFields, tag="copy_bucket", frozen=True, kw_only=True):
    """`parent_bucket_id`: null for a root, left out for the parent of the copied bucket."""

    bucket_id: str
    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    deep: bool = False


class TrashBucket(ActionFields, tag="trash_bucket", frozen=True, kw_only=True):
    bucket_id: str


class RestoreBucket(ActionFields, tag="restore_bucket", frozen=True, kw_only=True):
    bucket_id: str
    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET


class PlaceBlob(ActionFields, tag="place_blob", frozen=True, kw_only=True):
    bucket_id: str
    blob_id: str
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    label: str | msgspec.UnsetType | None = msgspec.UNSET


class TakeOutBlob(ActionFields, tag="take_out_blob", frozen=True, kw_only=True):
    bucket_id: str
    blob_id: str


BlobAction = CreateBlob | UpdateBlob | TrashBlob | RestoreBlob | PlaceBlob | TakeOutBlob
BucketAction = CreateBucket | UpdateBucket | MoveBucket | CopyBucket | TrashBucket | RestoreBucket
Action = BlobAction | BucketAction
"""One action on blobs and buckets; the operations of a bulk are these, some with a name of their own."""


def result_fields(result: ActionResult) -> dict[str, Any]:
    """Returns the result of an action as a field that is named after its kind."""
    return {} if result is None else {RESULT_FIELDS[type(result)]: result}


# --- bulk operations ---


class MakeBlob(CreateBlob, frozen=True, kw_only=True):
    """`as` is a name of your own, which later operations write as `$name` in the place of an id."""

    as_: str | None = msgspec.field(default=None, name="as")


class MakeBucket(CreateBucket, frozen=True, kw_only=True):
    """`as` is a name of your own, which later operations write as `$name` in the place of an id."""

    as_: str | None = msgspec.field(default=None, name="as")


class MakeCopy(CopyBucket, frozen=True, kw_only=True):
    """`as` is a name of your own, which later operations write as `$name` in the place of an id."""

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


def alias_of(operation: Operation) -> str | None:
    """Returns the name by which later operations refer to the record that this one creates."""
    return operation.as_ if isinstance(operation, MakeBlob | MakeBucket | MakeCopy) else None


def resolve_aliases(operation: Operation, ids: dict[str, str]) -> Operation:
    """Returns the operation with ids for its names. Raises Invalid, which names the field, for an unknown name."""
    changed: dict[str, Any] = {}
    for field in ID_FIELDS:
        value = getattr(operation, field, None)
        if isinstance(value, tuple):
            changed[field] = tuple(_resolve(field, id, ids) for id in value)
        elif isinstance(value, str) and value.startswith("$"):
            changed[field] = _resolve(field, value, ids)
    return replace(operation, **changed) if changed else operation


def _resolve(field: str, id: str, ids: dict[str, str]) -> str:
    if not id.startswith("$"):
        return id
    if id[1:] not in ids:
        raise Invalid.at(f"/{field}", f"nothing was made as {id[1:]!r} before", expected="the `as` of an operation")
    return ids[id[1:]]
