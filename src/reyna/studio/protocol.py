"""What clients may say on the WebSocket, and how it is read."""

import json
from typing import Annotated, Any, Final

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.reading import read

RequestId = Annotated[str, msgspec.Meta(max_length=200)] | int | None  # it travels with every event it causes


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", gc=False):
    """Any message of a client; `request_id` is repeated in its answer."""

    request_id: RequestId = None


class Authenticate(Said, tag="authenticate", frozen=True, kw_only=True):
    token: str


class CreateBlob(Said, tag="create_blob", frozen=True, kw_only=True):
    processor_id: str = "user-input"
    schema_id: str
    data: Any
    bucket_ids: tuple[str, ...] = ()
    parent_id: str | None = None


class UpdateBlob(Said, tag="update_blob", frozen=True, kw_only=True):
    blob_id: str
    data: Any = msgspec.UNSET
    merge_patch: Any = msgspec.UNSET
    base_revision: int


class TrashBlob(Said, tag="trash_blob", frozen=True, kw_only=True):
    blob_id: str


class RestoreBlob(Said, tag="restore_blob", frozen=True, kw_only=True):
    blob_id: str


class CreateBucket(Said, tag="create_bucket", frozen=True, kw_only=True):
    """The action's own name is taken by the tag, so that `type` is free for the bucket's."""

    name: str
    type: str
    parent_bucket_id: str | None = None
    metadata: dict[str, Any] = {}
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class UpdateBucket(Said, tag="update_bucket", frozen=True, kw_only=True):
    bucket_id: str
    name: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    base_revision: int


class MoveBucket(Said, tag="move_bucket", frozen=True, kw_only=True):
    bucket_id: str
    parent_bucket_id: str | None
    after: str | msgspec.UnsetType | None = msgspec.UNSET


class TrashBucket(Said, tag="trash_bucket", frozen=True, kw_only=True):
    bucket_id: str


class RestoreBucket(Said, tag="restore_bucket", frozen=True, kw_only=True):
    bucket_id: str
    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET


class PlaceBlob(Said, tag="place_blob", frozen=True, kw_only=True):
    bucket_id: str
    blob_id: str
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    label: str | msgspec.UnsetType | None = msgspec.UNSET


class TakeOutBlob(Said, tag="take_out_blob", frozen=True, kw_only=True):
    bucket_id: str
    blob_id: str


class Undo(Said, tag="undo", frozen=True, kw_only=True):
    pass


class Redo(Said, tag="redo", frozen=True, kw_only=True):
    pass


class RunProcessor(Said, tag="run_processor", frozen=True, kw_only=True):
    processor_id: str
    blob_ids: tuple[str, ...] = ()
    bucket_id: str | None = None
    settings: dict[str, Any] = {}


class CancelRun(Said, tag="cancel_run", frozen=True, kw_only=True):
    run_id: str


class Ping(Said, tag="ping", frozen=True, kw_only=True):
    pass


class Subscribe(Said, tag="subscribe", frozen=True, kw_only=True):
    """Narrow what is sent; null lifts the limit. `types` are exact or end in `.*`."""

    buckets: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None


class Resume(Said, tag="resume", frozen=True, kw_only=True):
    cursor: str


Message = (
    Authenticate
    | CreateBlob
    | UpdateBlob
    | TrashBlob
    | RestoreBlob
    | CreateBucket
    | UpdateBucket
    | MoveBucket
    | TrashBucket
    | RestoreBucket
    | PlaceBlob
    | TakeOutBlob
    | Undo
    | Redo
    | RunProcessor
    | CancelRun
    | Ping
    | Subscribe
    | Resume
)
DECODER: Final = msgspec.json.Decoder(Message)


class Named(msgspec.Struct, frozen=True):
    """Just enough of a message to answer it when the rest does not fit."""

    request_id: RequestId = None


NAMED: Final = msgspec.json.Decoder(Named)


def parsed(text: str | bytes) -> Message:
    """The message; raises Invalid, naming the field, for anything else."""
    message: Message = read(DECODER, text)
    return message


def request_id_of(text: str | bytes) -> str | int | None:
    """Which request a message was that did not fit, as far as it can be told."""
    try:
        return read(NAMED, text).request_id
    except Invalid:
        return _request_id_beside_half_a_character(text)


def _request_id_beside_half_a_character(text: str | bytes) -> str | int | None:
    """An editor that cuts an emoji in two sends what only a lenient reader takes; its device waits for an answer."""
    try:
        named = msgspec.convert(json.loads(text), Named)
        msgspec.json.encode(named)  # the half character may be in the very name of the request
    except (ValueError, RecursionError, OverflowError, msgspec.MsgspecError):
        return None
    return named.request_id
