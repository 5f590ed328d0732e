"""Calls the verb of the state service behind an action on blobs and buckets, for the socket and for bulks."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeGuard, TypeVar

import msgspec

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import BucketChange, NewBucket
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


def is_content_action(message: msgspec.Struct) -> TypeGuard[op.Action]:
    """Tells whether `perform_action` performs it."""
    return message.__struct_config__.tag in VERBS


def perform_action(parts: ContentParts, caller: Caller, action: op.Action) -> Awaitable[op.ActionResult]:
    """Calls the verb of the action and returns the blob, bucket or placement that it created or changed."""
    return VERBS[action.__struct_config__.tag](parts, caller, action)


def _narrow(kind: type[T], action: Any) -> T:
    """Returns the request inside an action, without the fields around it."""
    return kind(**{field: getattr(action, field) for field in kind.__struct_fields__})


Verb = Callable[[ContentParts, Caller, Any], Awaitable[op.ActionResult]]
VERBS: Final[dict[Any, Verb]] = {
    "create_blob": lambda parts, caller, action: parts.blobs.create(caller, _narrow(NewBlob, action)),
    "update_blob": lambda parts, caller, action: parts.blobs.change(
        caller, action.blob_id, _narrow(BlobChange, action)
    ),
    "trash_blob": lambda parts, caller, action: parts.trash.trash_blob(caller, action.blob_id),
    "restore_blob": lambda parts, caller, action: parts.trash.restore_blob(caller, action.blob_id),
    "place_blob": lambda parts, caller, action: parts.placements.place(
        caller, action.bucket_id, action.blob_id, after=action.after, label=action.label
    ),
    "take_out_blob": lambda parts, caller, action: parts.placements.take_out(caller, action.bucket_id, action.blob_id),
    "create_bucket": lambda parts, caller, action: parts.buckets.create(caller, _narrow(NewBucket, action)),
    "update_bucket": lambda parts, caller, action: parts.buckets.change(
        caller, action.bucket_id, _narrow(BucketChange, action)
    ),
    "move_bucket": lambda parts, caller, action: parts.buckets.move(
        caller, action.bucket_id, under=action.parent_bucket_id, after=action.after
    ),
    "copy_bucket": lambda parts, caller, action: parts.copies.copy_bucket(
        caller, action.bucket_id, under=action.parent_bucket_id, after=action.after, deep=action.deep
    ),
    "trash_bucket": lambda parts, caller, action: parts.trash.trash_bucket(caller, action.bucket_id),
    "restore_bucket": lambda parts, caller, action: parts.trash.restore_bucket(
        caller, action.bucket_id, under=action.parent_bucket_id
    ),
}
"""The verb of each action, by the tag that its message and its operation in a bulk share."""
