"""What each action of the WebSocket asks of which service: parse, call one verb, return the noun."""

from typing import TYPE_CHECKING, Any

from reyna.domain import operation
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
            case protocol.NameRevision():
                named = await self._state.name_revision(caller, message.blob_id, message.number, message.name)
                return {"revision": named}
            case protocol.Undo():
                return {"entry": await self._state.undo(caller, anyway=message.anyway, skip=message.skip)}
            case protocol.Redo():
                return {"entry": await self._state.redo(caller, anyway=message.anyway, skip=message.skip)}
            case protocol.Bulk():
                many = operation.NewBulk(atomic=message.atomic, operations=message.operations)
                outcomes = await self._state.bulk(caller, many)
                return {"results": outcomes.results, "entry_id": outcomes.entry_id}
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
            case protocol.Ping():
                return {}
            case protocol.Authenticate() | protocol.Subscribe() | protocol.Resume():
                raise Invalid.at("/action", "is not known here")
        return operation.named(await message.done(self._state, caller))
