"""The calls of a worker to the services on behalf of one run."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport
from reyna.domain.costs.spending import CallReservation
from reyna.domain.errors import Conflict, Fault, NotFound, Refusal, RunningElsewhere
from reyna.domain.processing.model import RunModel
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts
from reyna.domain.processing.run import Cost, Output, Work
from reyna.domain.processing.step import RunStep
from reyna.sdk.processor import check_verdict
from reyna.sdk.run_tokens import RunTokens
from reyna.sdk.services import WorkerServices

T = TypeVar("T")


class RunClient:
    """Calls the services with the token of one run, which is renewed when it is refused."""

    def __init__(
        self, services: WorkerServices, tokens: RunTokens, work: Work, worker_id: str, version: str | None = None
    ) -> None:
        self._services, self._tokens, self._work = services, tokens, work
        self._worker_id, self._version = worker_id, version
        self.has_spending_cap = False
        self._blob: Blob | None = None
        self.caller = Caller(user_id=work.user_id, kind="processor", processor_id=work.processor_id, run_id=work.run_id)

    async def claim(self) -> None:
        """Raises Conflict when the run has ended, and RunningElsewhere while another live worker holds it."""
        execution = self._services.processors.execution
        claimed = await self._call(
            lambda: execution.claim(self.caller, self._work.run_id, self._worker_id, self._version)
        )
        self.has_spending_cap, self._blob = claimed.has_spending_cap, claimed.blob

    async def release(self, seconds: float, reason: str | None) -> None:
        """Lets another worker take the run, if the service can be reached; the bus delivers it after these seconds."""
        execution = self._services.processors.execution
        with suppress(Fault, Refusal):
            await execution.release(self.caller, self._work.run_id, self._worker_id, reason)

    async def get_blob(self) -> Blob:
        """Returns the blob that the run is for, which came with the claim if it could be read. Raises NotFound."""
        if self._blob is not None:
            return self._blob
        state = self._services.state
        return await self._call(lambda: state.blobs.get(self.caller, self._work.blob_id))

    async def get_step(self, name: str, blob_revision: int) -> RunStep | None:
        """Returns a finished step of this run for this revision of the blob."""
        steps = self._services.processors.steps
        try:
            return await self._call(lambda: steps.get(self.caller, self._work.run_id, name, blob_revision))
        except NotFound:
            return None

    async def put_step(self, name: str, result: Any, cost: Cost, blob_revision: int) -> RunStep:
        """Stores a finished step. Raises Conflict when the run has ended."""
        steps = self._services.processors.steps
        return await self._call(lambda: steps.put(self.caller, self._work.run_id, name, result, cost, blob_revision))

    async def get_model(self) -> RunModel:
        """Returns the endpoint of the model that the run names, with its key. Raises Refusal and Fault."""
        run_models = self._services.processors.run_models
        return await self._call(lambda: run_models.get(self.caller, self._work.run_id))

    async def put_prompts(self, new: NewPrompts) -> KeptPrompts:
        """Stores prompts that this run has sent to a model. Raises Refusal and Fault."""
        prompts = self._services.processors.prompts
        return await self._call(lambda: prompts.put(self.caller, self._work.run_id, new))

    async def reserve_call(self, call: CallReservation) -> None:
        """Reserves a call of the model below the spending cap. Raises SpendingCapReached, UnknownPrice and Conflict."""
        spending = self._services.processors.spending
        await self._call(lambda: spending.reserve(self.caller, self._work.run_id, call))

    async def report_costs(self, report: CostReport) -> None:
        """Reports what this attempt has used."""
        costs = self._services.processors.costs
        await self._call(lambda: costs.report(self.caller, self._work.run_id, report))

    async def check_outputs(self, outputs: list[Output], default_schema_id: str) -> None:
        """Raises InvalidOutput for an output that does not fit its schema, before anything is stored."""
        await self._call(lambda: self._check_outputs(outputs, default_schema_id))

    async def complete(self, outputs: list[Output], cost: Cost, blob_revision: int) -> None:
        """Stores the outputs. Raises Conflict when the run has ended otherwise, and RunningElsewhere."""
        execution = self._services.processors.execution
        worker_id = self._worker_id
        await self._call(
            lambda: execution.complete(self.caller, self._work.run_id, outputs, cost, blob_revision, worker_id)
        )

    async def refuse(self, reason: str) -> None:
        """Ends the run because its blob is not for the processor, unless it has ended meanwhile.

        Raises RunningElsewhere when another worker holds it by now.
        """
        execution = self._services.processors.execution
        try:
            await self._call(lambda: execution.refuse(self.caller, self._work.run_id, reason, self._worker_id))
        except RunningElsewhere:
            raise
        except Conflict:
            return

    async def fail(self, reason: str, *, final: bool) -> None:
        """Records a failed attempt, and ends the run if it is `final`. Raises Conflict when it has ended already."""
        execution = self._services.processors.execution
        await self._call(lambda: execution.fail(self.caller, self._work.run_id, reason, final, self._worker_id))

    async def _check_outputs(self, outputs: list[Output], default_schema_id: str) -> None:
        for output in outputs:
            schema_id = output.schema_id or default_schema_id
            verdict = await self._services.schemas.validation.validate(self.caller, schema_id, output.data)
            check_verdict(self._work.processor_id, schema_id, verdict)

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        return await self._tokens.with_renewal(self._services.processors.execution, self._work, call)
