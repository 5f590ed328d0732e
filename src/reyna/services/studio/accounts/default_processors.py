"""The processors that are switched on for every new user, where a language model is connected."""

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Refusal
from reyna.domain.processing.processor import NewInstance
from reyna.transport.rpc import retry_until_served

if TYPE_CHECKING:
    from reyna.services.processors.service import Processors

DEFAULT_PROCESSOR_IDS: Final = ("text-expansion",)
log: Final = structlog.get_logger("reyna.services.studio")


class DefaultProcessors:
    """Switches the default processors on; an account without them is still an account.

    The model that comes with the studio is a demonstration: where there is no other, nothing is switched on.
    """

    def __init__(self, processors: "Processors") -> None:
        self._processors = processors

    async def enable(self, caller: Caller, *, wait_seconds: int = 0) -> None:
        """Switches them on for this user. Waits `wait_seconds` for a processor service that is still starting, and logs
        a warning when it fails."""
        for processor_id in DEFAULT_PROCESSOR_IDS:
            try:
                if not await retry_until_served(partial(self._has_model, caller), seconds=wait_seconds):
                    return
                create = partial(self._processors.instances.create, caller, NewInstance(processor_id=processor_id))
                await retry_until_served(create, seconds=wait_seconds)
            except (Refusal, Fault) as error:
                log.warning("not switched on", processor=processor_id, user=caller.user_id, reason=error.detail)

    async def _has_model(self, caller: Caller) -> bool:
        """Returns True when the installation, or this user, has connected a language model."""
        models = (await self._processors.models.list(caller)).items
        return any(not (model.demonstration or model.found) for model in models)
