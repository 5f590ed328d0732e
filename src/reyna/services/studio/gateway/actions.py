"""The actions of the WebSocket: each calls one verb of a service and returns the fields of its answer."""

from typing import TYPE_CHECKING, Any, Final

from reyna.domain.caller import Caller, Scope
from reyna.domain.errors import Invalid
from reyna.domain.processing.run import NewRuns
from reyna.domain.requests import operation
from reyna.domain.requests.acceptance import NewAcceptance
from reyna.services.content_actions import is_content_action, perform_action
from reyna.services.studio.events.key_events import reaches_blob
from reyna.services.studio.gateway import protocol

if TYPE_CHECKING:
    from reyna.services.processors.service import Processors
    from reyna.services.state.service import State


ACTION_SCOPES: Final[dict[str, Scope]] = {"run_processor": "processors", "cancel_run": "processors", "ping": "read"}
"""The scope that an API key needs for an action; all others need `write`."""


class Actions:
    """Performs the actions of a caller."""

    def __init__(self, state: "State", processors: "Processors") -> None:
        self._state, self._processors = state, processors

    async def bucket_parents(self, caller: Caller) -> dict[str, str | None]:
        """Returns the parent of every bucket of the caller."""
        return await self._state.buckets.parents(caller)

    async def reaches_blob(self, caller: Caller, blob_id: str) -> bool:
        """Returns whether there is such a blob that the caller reaches."""
        return await reaches_blob(self._state, caller, blob_id)

    async def perform(self, caller: Caller, message: protocol.Message) -> dict[str, Any]:
        """Calls the verb of an action, and returns the fields of its answer. Raises what the verb raises, Invalid, and
        MissingScope for a key that may not do this."""
        _check_scope(caller, message)
        if is_content_action(message):
            return operation.result_fields(await perform_action(self._state, caller, message))
        match message:
            case protocol.AcceptBlobMessage():
                new = NewAcceptance(
                    derived_blob_id=message.derived_blob_id,
                    paragraphs=message.paragraphs,
                    base_revision=message.base_revision,
                )
                return {"blob": await self._state.acceptances.accept(caller, message.blob_id, new)}
            case protocol.NameRevisionMessage():
                revision = await self._state.revisions.rename(caller, message.blob_id, message.number, message.name)
                return {"revision": revision}
            case protocol.UndoMessage():
                return {"entry": await self._state.journal.undo(caller, anyway=message.anyway, skip=message.skip)}
            case protocol.RedoMessage():
                return {"entry": await self._state.journal.redo(caller, anyway=message.anyway, skip=message.skip)}
            case protocol.BulkMessage():
                bulk = operation.NewBulk(atomic=message.atomic, operations=message.operations)
                outcomes = await self._state.bulk.apply(caller, bulk)
                return {"results": outcomes.results, "entry_id": outcomes.entry_id}
            case protocol.RunProcessorMessage():
                runs = NewRuns(
                    processor_id=message.processor_id,
                    blob_ids=message.blob_ids,
                    bucket_id=message.bucket_id,
                    settings=message.settings,
                )
                return {"runs": await self._processors.runs.request(caller, runs)}
            case protocol.CancelRunMessage():
                return {"run": await self._processors.runs.cancel(caller, message.run_id)}
            case protocol.PingMessage():
                return {}
            case _:
                raise Invalid.at("/action", "is not known here")


def _check_scope(caller: Caller, message: protocol.Message) -> None:
    """Raises MissingScope when the caller came with a key that may not do this."""
    if caller.access is not None:
        caller.check_scope(ACTION_SCOPES.get(str(message.__struct_config__.tag), "write"))
