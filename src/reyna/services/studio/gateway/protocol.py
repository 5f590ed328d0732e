"""The messages that clients send on the WebSocket."""

import json
from typing import Annotated, Any, Final

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.ids import Id
from reyna.domain.json.reading import decode_json
from reyna.domain.processing.run import MAX_BLOBS
from reyna.domain.requests import operation
from reyna.domain.requests.acceptance import NewAcceptance

RequestId = Annotated[str, msgspec.Meta(max_length=200)] | int | None  # part of the origin of every event it causes
MAX_SUBSCRIBED_TYPES: Final = 100


class ClientMessage(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="action", gc=False
):
    """A message of a client; `request_id` is repeated in its answer."""

    request_id: RequestId = None


class AuthenticateMessage(ClientMessage, tag="authenticate", frozen=True, kw_only=True):
    token: str


class CreateBlobMessage(operation.CreateBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class UpdateBlobMessage(operation.UpdateBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class TrashBlobMessage(operation.TrashBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class RestoreBlobMessage(operation.RestoreBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class CreateBucketMessage(operation.CreateBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class UpdateBucketMessage(operation.UpdateBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class MoveBucketMessage(operation.MoveBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class CopyBucketMessage(operation.CopyBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class TrashBucketMessage(operation.TrashBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class RestoreBucketMessage(operation.RestoreBucket, frozen=True, kw_only=True):
    request_id: RequestId = None


class PlaceBlobMessage(operation.PlaceBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class TakeOutBlobMessage(operation.TakeOutBlob, frozen=True, kw_only=True):
    request_id: RequestId = None


class AcceptBlobMessage(NewAcceptance, tag_field="action", tag="accept_blob", frozen=True, kw_only=True):
    """`blob_id` is the blob that the text was derived from."""

    blob_id: str
    request_id: RequestId = None


class NameRevisionMessage(ClientMessage, tag="name_revision", frozen=True, kw_only=True):
    """`name` null takes the name away."""

    blob_id: str
    number: int
    name: str | None


class BulkMessage(ClientMessage, tag="bulk", frozen=True, kw_only=True):
    atomic: bool = True
    operations: tuple[operation.Operation, ...]


class UndoMessage(ClientMessage, tag="undo", frozen=True, kw_only=True):
    """`anyway` and `skip` name the entry that an undo was refused for."""

    anyway: str | None = None
    skip: str | None = None


class RedoMessage(ClientMessage, tag="redo", frozen=True, kw_only=True):
    anyway: str | None = None
    skip: str | None = None


class RunProcessorMessage(ClientMessage, tag="run_processor", frozen=True, kw_only=True):
    processor_id: str
    blob_ids: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MAX_BLOBS)] = ()
    bucket_id: str | None = None
    settings: dict[str, Any] = {}


class CancelRunMessage(ClientMessage, tag="cancel_run", frozen=True, kw_only=True):
    run_id: str


class PingMessage(ClientMessage, tag="ping", frozen=True, kw_only=True):
    pass


class SubscribeMessage(ClientMessage, tag="subscribe", frozen=True, kw_only=True):
    """Narrow what is sent; null lifts the limit. `types` are exact or end in `.*`."""

    buckets: tuple[Id, ...] | None = None
    types: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MAX_SUBSCRIBED_TYPES)] | None = None


class ResumeMessage(ClientMessage, tag="resume", frozen=True, kw_only=True):
    cursor: str


Message = (
    AuthenticateMessage
    | CreateBlobMessage
    | UpdateBlobMessage
    | AcceptBlobMessage
    | NameRevisionMessage
    | TrashBlobMessage
    | RestoreBlobMessage
    | CreateBucketMessage
    | UpdateBucketMessage
    | MoveBucketMessage
    | CopyBucketMessage
    | TrashBucketMessage
    | RestoreBucketMessage
    | PlaceBlobMessage
    | TakeOutBlobMessage
    | BulkMessage
    | UndoMessage
    | RedoMessage
    | RunProcessorMessage
    | CancelRunMessage
    | PingMessage
    | SubscribeMessage
    | ResumeMessage
)
DECODER: Final = msgspec.json.Decoder(Message)


class RequestIdOnly(msgspec.Struct, frozen=True):
    """The part of a malformed message that is needed to answer it."""

    request_id: RequestId = None


REQUEST_ID_DECODER: Final = msgspec.json.Decoder(RequestIdOnly)


def parse_message(text: str | bytes) -> Message:
    """Returns the message. Raises Invalid, naming the field, for anything else."""
    message: Message = decode_json(DECODER, text)
    return message


def request_id_of(text: str | bytes) -> str | int | None:
    """Returns the request_id of a malformed message, or None when it has none that can be read."""
    try:
        return decode_json(REQUEST_ID_DECODER, text).request_id
    except Invalid:
        return _request_id_beside_lone_surrogate(text)


def _request_id_beside_lone_surrogate(text: str | bytes) -> str | int | None:
    """Returns the request_id of a message with a lone surrogate. An editor that cuts an emoji in two sends one, and
    only a lenient decoder accepts it; its device waits for an answer."""
    try:
        message = msgspec.convert(json.loads(text), RequestIdOnly)
        msgspec.json.encode(message)  # the surrogate may be in the request_id itself
    except (ValueError, RecursionError, OverflowError, msgspec.MsgspecError):
        return None
    return message.request_id
