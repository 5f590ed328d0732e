"""Rehearsals: a live worker of a processor says what a run would send to a language model, without sending it."""

from typing import Any, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Unserved
from reyna.domain.ids import new_id
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.prompts.estimate import (
    REHEARSAL_VERB,
    RehearsalReport,
    RehearsalRequest,
    rehearsal_service,
)
from reyna.services.processors.neighbours import ProcessorBus, TokenSigner

REHEARSAL_TIMEOUT_SECONDS: Final = 8.0
TOKEN_SECONDS: Final = 60
OVER_HTTPS: Final = "{name} is a processor of your own: what it asks a language model is known only after it was sent."
NO_WORKER: Final = "No worker of {name} is running that could say what it will ask a language model."
NO_ANSWER: Final = "The worker of {name} has not said in time what it will ask a language model."
DECODER: Final = msgspec.json.Decoder(RehearsalReport)


class Rehearsals:
    """Asks the workers of the installation over the bus. Those of users, over HTTPS, cannot be asked."""

    def __init__(self, bus: ProcessorBus, signer: TokenSigner) -> None:
        self._bus, self._signer = bus, signer

    async def rehearse(
        self,
        processor: Processor,
        blob: Blob,
        settings: dict[str, Any],
        *,
        model: str | None = None,
        only_tokens: bool = False,
    ) -> RehearsalReport:
        """Returns what a run on this blob would send, or why that is not known. `model` is that which the run names."""
        if processor.scope == "user":
            return RehearsalReport(unknown=OVER_HTTPS.format(name=processor.name))
        body = msgspec.json.encode(self._request(processor, blob, settings, model, only_tokens))
        service = rehearsal_service(processor.id)
        try:
            reply = await self._bus.request(service, REHEARSAL_VERB, body, {}, timeout=REHEARSAL_TIMEOUT_SECONDS)
            if reply.error is None:
                return DECODER.decode(reply.body)
        except Unserved:
            return RehearsalReport(unknown=NO_WORKER.format(name=processor.name))
        except (Fault, msgspec.MsgspecError):
            pass
        return RehearsalReport(unknown=NO_ANSWER.format(name=processor.name))

    def _request(
        self, processor: Processor, blob: Blob, settings: dict[str, Any], model: str | None, only_tokens: bool
    ) -> RehearsalRequest:
        """Returns the request, with the token of a run that does not exist: it reads, and can end nothing."""
        id = new_id("rehearsal")
        reader = Caller(user_id=blob.user_id, kind="processor", processor_id=processor.id, run_id=id)
        token = self._signer.sign(reader, TOKEN_SECONDS)
        return RehearsalRequest(
            id=id,
            blob=blob,
            settings=settings,
            token=token,
            only_tokens=only_tokens,
            names_model=model is not None,
        )
