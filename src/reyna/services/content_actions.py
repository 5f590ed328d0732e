"""Calls the verb of the state service behind an action on blobs and buckets, for the socket and for bulks."""

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import Bucket, BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.requests import operation as op

if TYPE_CHECKING:
    from reyna.services.state.content.blobs import Blobs
    from reyna.services.state.structure.buckets import Buckets
    from reyna.services.state.structure.copies import Copies
    from reyna.services.state.structure.placements import Placements
    from reyna.services.state.trash.trash import Trash

T = TypeVar("T", bound=msgspec.Struct)


class ContentParts(Protocol):
    """The parts of the state service that actions call."""

    @property
    def blobs(self) -> "Blobs": ...
    @property
    def buckets(self) -> "Buckets": ...
    @property
    def placements(self) -> "Placements": ...
    @property
    def copies(self) -> "Copies": ...
    @property
    def trash(self) -> "Trash": ...


async def perform_action(parts: ContentParts, caller: Caller, action: op.Action) -> op.ActionResult:
    """Calls the verb of the action and returns the blob, bucket or placement that it created or changed."""
    match action:
        case op.CreateBlob():
            return await parts.blobs.create(caller, _narrow(NewBlob, action))
        case op.UpdateBlob():
            return await parts.blobs.change(caller, action.blob_id, _narrow(BlobChange, action))
        case op.TrashBlob():
            return await parts.trash.trash_blob(caller, action.blob_id)
        case op.RestoreBlob():
            return await parts.trash.restore_blob(caller, action.blob_id)
        case op.PlaceBlob():
            return await parts.placements.place(
                caller, action.bucket_id, action.blob_id, after=action.after, label=action.label
            )
        case op.TakeOutBlob():
            await parts.placements.take_out(caller, action.bucket_id, action.blob_id)
            return None
        case _:
            return await _perform_bucket_action(parts, caller, action)


async def _perform_bucket_action(parts: ContentParts, caller: Caller, action: op.BucketAction) -> Bucket:
    match action:
        case op.CreateBucket():
            return await parts.buckets.create(caller, _narrow(NewBucket, action))
        case op.UpdateBucket():
            return await parts.buckets.change(caller, action.bucket_id, _narrow(BucketChange, action))
        case op.MoveBucket(bucket_id=id, parent_bucket_id=under, after=after):
            return await parts.buckets.move(caller, id, under=under, after=after)
        case op.CopyBucket(bucket_id=id, parent_bucket_id=parent, after=after, deep=deep):
            return await parts.copies.copy_bucket(caller, id, under=parent, after=after, deep=deep)
        case op.TrashBucket():
            return await parts.trash.trash_bucket(caller, action.bucket_id)
        case op.RestoreBucket(bucket_id=id, parent_bucket_id=parent):
            return await parts.trash.restore_bucket(caller, id, under=parent)


def _narrow(kind: type[T], action: Any) -> T:
    """Returns the request inside an action, without the fields around it."""
    return kind(**{field: getattr(action, field) for field in kind.__struct_fields__})
