"""A chain of processors in memory, whose runs a test completes one by one."""

from dataclasses import dataclass
from typing import Any

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.processing.batch import RequestedRuns, WatchedBatch
from reyna.domain.processing.pipeline import NewPipelineRuns
from reyna.domain.processing.run import Cost, Output, Run
from reyna.services.processors.service import Processors
from tests.services.processors.neighbours import a_blob, caller_of, list_work
from tests.services.processors.service_in_memory import Service

EXPANSION, ANALYSIS = "text-expansion", "style-analyzer"


@dataclass
class Chain:
    """The service, and the steps of a batch."""

    service: Service

    @property
    def processors(self) -> Processors:
        return self.service.processors

    def note(self, user: Caller, content: str = "The ship sailed into the storm.", **other: Any) -> Blob:
        return self.service.state.keep(a_blob(user.user_id, data={"content": content}, **other))

    async def start(self, user: Caller, *blobs: Blob, **other: Any) -> RequestedRuns:
        """Requests both processors on these blobs, unless told otherwise."""
        given: dict[str, Any] = {"pipeline": (EXPANSION, ANALYSIS), "blob_ids": tuple(blob.id for blob in blobs)}
        return await self.processors.batches.request(user, NewPipelineRuns(**given | other))

    async def complete(self, run: Run, *outputs: Any) -> Run:
        """Completes the run with these outputs as its worker; the batch has not heard of it yet."""
        work = next(work for work in await list_work(self.service.store) if work.run_id == run.id)
        worker = caller_of(work)
        await self.processors.execution.claim(worker, run.id)
        made = [output if isinstance(output, Output) else Output(data=output) for output in outputs]
        return await self.processors.execution.complete(worker, run.id, made, Cost())

    async def tell(self, run: Run, *copies: Processors) -> None:
        """Lets these copies of the service hear that the run has ended."""
        owner = Caller(user_id=run.user_id, kind="house")
        for copy in copies or (self.processors,):
            await copy.batch_advance.on_run_ended(owner, run.id, run.batch_id or "")

    async def runs(self, user: Caller, batch_id: str | None, stage: int) -> list[Run]:
        page = await self.processors.runs.list(user, batch_id=batch_id, limit=200)
        return [run for run in page.items if run.stage == stage]

    async def batch(self, user: Caller, requested: RequestedRuns) -> WatchedBatch:
        return await self.processors.batches.get(user, requested.batch_id or "")
