"""The answers of a worker to rehearsals, which the processor service asks for over the bus."""

import asyncio
from typing import Any, Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.processing.prompts.estimate import (
    REHEARSAL_VERB,
    RehearsalReport,
    RehearsalRequest,
    rehearsal_service,
)
from reyna.domain.processing.run import Work
from reyna.ports.bus import Bus, RpcReply, RpcRequest, Subscription
from reyna.sdk.context import StateService
from reyna.sdk.processor import Processor, Refuse
from reyna.sdk.prompts.rehearsal import estimate, rehearse
from reyna.sdk.run_tokens import RunTokens

MAX_PARALLEL_REHEARSALS: Final = 4  # beside the runs of the worker
DECODER: Final = msgspec.json.Decoder(RehearsalRequest)


class RehearsalService:
    """Answers rehearsals of one processor; any number of workers share them. `defaults` are the worker's settings, and
    `demonstration` says that its model is the one that comes with the studio."""

    def __init__(
        self,
        processor: Processor[Any],
        bus: Bus,
        state: StateService,
        tokens: RunTokens,
        defaults: dict[str, Any],
        *,
        demonstration: bool = False,
    ) -> None:
        self._processor, self._bus, self._state = processor, bus, state
        self._tokens, self._defaults, self._demonstration = tokens, defaults, demonstration
        self._slots = asyncio.Semaphore(MAX_PARALLEL_REHEARSALS)

    async def start(self) -> Subscription:
        version = self._processor.registration.version
        return await self._bus.serve(rehearsal_service(self._processor.id), version, [REHEARSAL_VERB], self._answer)

    async def _answer(self, request: RpcRequest) -> RpcReply:
        try:
            asked = DECODER.decode(request.body)
        except msgspec.MsgspecError as error:
            return RpcReply(b"", ("400", str(error)))
        async with self._slots:
            return RpcReply(msgspec.json.encode(await self._rehearse(asked)))

    def _defaults_for(self, asked: RehearsalRequest) -> dict[str, Any]:
        """Returns the settings of the worker; those for the demonstration model are not for a model of the user."""
        return {} if self._demonstration and asked.names_model else self._defaults

    async def _rehearse(self, asked: RehearsalRequest) -> RehearsalReport:
        blob, processor = asked.blob, self._processor
        try:
            settings = processor.settings_from(self._defaults_for(asked) | asked.settings)
        except Refuse as refusal:
            return RehearsalReport(refused=refusal.reason)
        caller = Caller(user_id=blob.user_id, kind="processor", processor_id=processor.id, run_id=asked.id)
        work = Work(
            run_id=asked.id,
            user_id=blob.user_id,
            processor_id=processor.id,
            blob_id=blob.id,
            blob_revision=blob.revision,
            token=asked.token,
        )
        call = estimate if asked.only_tokens else rehearse
        self._tokens.add(work)
        try:
            demonstration = self._demonstration and not asked.names_model
            return await call(processor, blob, settings, caller=caller, state=self._state, demonstration=demonstration)
        finally:
            self._tokens.remove(work)
