"""The model of a run: given to the worker that runs it, and to nobody else."""

from collections.abc import Collection

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden, Invalid, NotFound
from reyna.domain.processing.model import RunModel
from reyna.services.processors.authorization import check_run_token
from reyna.services.processors.models.models import Models
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore


class RunModels:
    """Hands the endpoint and key of a run's model to its worker.

    `trusted` are the processors that ship with the studio; the worker of another never sees a user's key.
    """

    def __init__(self, runs: RunStore, models: Models, trusted: Collection[str]) -> None:
        self._runs, self._models, self._trusted = runs, models, trusted

    async def get(self, caller: Caller, run_id: str) -> RunModel:
        """Returns the model that the run names. The caller is the run's own token.

        Raises Forbidden for another caller and for a processor that does not ship with the studio, Conflict when the
        run has ended, NotFound when it names none, and Invalid when its model is there no more.
        """
        check_run_token(caller, run_id)
        run = await self._runs.get(caller, run_id)
        if run.processor_scope == "user" or run.processor_id not in self._trusted:
            raise Forbidden("Only the processors that ship with the studio can use the models of users.")
        lifecycle.check_open(run)
        if run.model is None:
            raise NotFound("This run names no model.", id=run_id)
        try:
            model = await self._models.get_stored(run.user_id, run.model)
        except NotFound:
            raise Invalid("The model of this run does not exist any more.", id=run.model) from None
        endpoint = self._models.endpoint_of(model)
        return RunModel(provider=endpoint.provider, url=endpoint.url, key=endpoint.key, model=endpoint.model)
