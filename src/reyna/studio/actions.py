"""What each action of the WebSocket asks of which service: parse, call one verb, return the noun."""

from typing import TYPE_CHECKING, Any

from reyna.domain.blob import BlobChange, NewBlob
from reyna.domain.bucket import BucketChange, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.run import NewRuns
from reyna.studio import protocol

if TYPE_CHECKING:
    from reyna.processors.service import Processors
    from reyna.state.service import State


class Actions:
    """The verbs behind the socket."""

    def __init__(self, state: "State", processors: "Processors") -> None:
        self._state, self._processors = state, processors

    async def do(self, caller: Caller, message: protocol.Message) -> dict[str, Any]:
        """The result of an action, as the fields of its answer."""
        match message:
            case protocol.CreateBlob():
                new = NewBlob(
                    processor_id=message.processor_id,
                    schema_id=message.schema_id,
                    data=message.data,
                    bucket_ids=message.bucket_ids,
                    parent_id=message.parent_id,
                )
                return {"blob": await self._state.create_blob(caller, new)}
            case protocol.UpdateBlob():
                change = BlobChange(
                    data=message.data, merge_patch=message.merge_patch, base_revision=message.base_revision
                )
                return {"blob": await self._state.change_blob(caller, message.blob_id, change)}
            case protocol.TrashBlob():
                return {"blob": await self._state.trash_blob(caller, message.blob_id)}
            case protocol.RestoreBlob():
                return {"blob": await self._state.restore_blob(caller, message.blob_id)}
            case protocol.PlaceBlob():
                placement = await self._state.place_blob(
                    caller, message.bucket_id, message.blob_id, after=message.after, label=message.label
                )
                return {"placement": placement}
            case protocol.TakeOutBlob():
                await self._state.take_out(caller, message.bucket_id, message.blob_id)
                return {}
            case protocol.Ping():
                return {}
        return await self._do_to_buckets_and_runs(caller, message)

    async def _do_to_buckets_and_runs(self, caller: Caller, message: protocol.Message) -> dict[str, Any]:
        match message:
            case protocol.CreateBucket():
                bucket = NewBucket(
                    name=message.name,
                    type=message.type,
                    parent_bucket_id=message.parent_bucket_id,
                    metadata=message.metadata,
                    after=message.after,
                )
                return {"bucket": await self._state.create_bucket(caller, bucket)}
            case protocol.UpdateBucket():
                changed = BucketChange(
                    name=message.name,
                    type=message.type,
                    metadata=message.metadata,
                    base_revision=message.base_revision,
                )
                return {"bucket": await self._state.change_bucket(caller, message.bucket_id, changed)}
            case protocol.MoveBucket():
                moved = await self._state.move_bucket(
                    caller, message.bucket_id, under=message.parent_bucket_id, after=message.after
                )
                return {"bucket": moved}
            case protocol.TrashBucket():
                return {"bucket": await self._state.trash_bucket(caller, message.bucket_id)}
            case protocol.RestoreBucket():
                back = await self._state.restore_bucket(caller, message.bucket_id, under=message.parent_bucket_id)
                return {"bucket": back}
            case protocol.Undo():
                return {"entry": await self._state.undo(caller)}
            case protocol.Redo():
                return {"entry": await self._state.redo(caller)}
            case protocol.RunProcessor():
                runs = NewRuns(
                    processor_id=message.processor_id,
                    blob_ids=message.blob_ids,
                    bucket_id=message.bucket_id,
                    settings=message.settings,
                )
                return {"runs": await self._processors.request_runs(caller, runs)}
            case protocol.CancelRun():
                return {"run": await self._processors.cancel_run(caller, message.run_id)}
        raise Invalid.at("/action", "is not known here")
