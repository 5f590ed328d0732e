"""What clients may say on the WebSocket, and how it is read."""

import json
from typing import Annotated, Any, Final

import msgspec

from reyna.domain import operation
from reyna.domain.errors import Invalid
from reyna.domain.reading import read

RequestId = Annotated[str, msgspec.Meta(max_length=200)] | int | None  # it travels with every event it causes


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", gc=False):
    """Any message of a client; `request_id` is repeated in its answer."""

    request_id: RequestId = None


class Authenticate(Said, tag="authenticate", frozen=True, kw_only=True):
    token: str


class CreateBlob(operation.CreateBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class UpdateBlob(operation.UpdateBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class TrashBlob(operation.TrashBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class RestoreBlob(operation.RestoreBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class CreateBucket(operation.CreateBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class UpdateBucket(operation.UpdateBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class MoveBucket(operation.MoveBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class CopyBucket(operation.CopyBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class TrashBucket(operation.TrashBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class RestoreBucket(operation.RestoreBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class PlaceBlob(operation.PlaceBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class TakeOutBlob(operation.TakeOutBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class NameRevision(Said, tag="name_revision", frozen=True, kw_only=True):
    """`name` null takes the name away."""

    blob_id: str
    number: int
    name: str | None


class Bulk(Said, tag="bulk", frozen=True, kw_only=True):
    atomic: bool = True
    operations: tuple[operation.Operation, ...]


class Undo(Said, tag="undo", frozen=True, kw_only=True):
    """`anyway` and `skip` name the entry that an undo was refused for."""

    anyway: str | None = None
    skip: str | None = None


class Redo(Said, tag="redo", frozen=True, kw_only=True):
    anyway: str | None = None
    skip: str | None = None


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
    | NameRevision
    | TrashBlob
    | RestoreBlob
    | CreateBucket
    | UpdateBucket
    | MoveBucket
    | CopyBucket
    | TrashBucket
    | RestoreBucket
    | PlaceBlob
    | TakeOutBlob
    | Bulk
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
