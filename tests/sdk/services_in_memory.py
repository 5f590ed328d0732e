"""The services that a worker calls, in memory, and timers that a test fires."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport
from reyna.domain.costs.spending import CallReservation
from reyna.domain.errors import Conflict, DataError, NotFound, NotSignedIn
from reyna.domain.event import Event, Message
from reyna.domain.ids import new_id
from reyna.domain.processing.lease import RunWithBlob
from reyna.domain.processing.model import RunModel
from reyna.domain.processing.processor import NewProcessor, Processor
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts, RunPrompt
from reyna.domain.processing.run import Cost, Output, Run, Work, derived_blob_id
from reyna.domain.processing.step import RunStep
from reyna.domain.requests.page import Page
from reyna.domain.schema import Verdict
from reyna.domain.tree_item import TreeItem
from reyna.ports.bus import Bus
from reyna.sdk.context import BlobReads, BucketReads, ContentsReads, SearchReads
from reyna.sdk.files.file_access import FileVerbs, UploadVerbs
from reyna.sdk.memory_search import MemorySearch
from reyna.sdk.run_tokens import SignToken
from reyna.sdk.services import (
    CostVerbs,
    ExecutionVerbs,
    PromptVerbs,
    RegistrationVerbs,
    RunModelVerbs,
    SpendingVerbs,
    StepVerbs,
    ValidationVerbs,
    WorkerServices,
)
from reyna.sdk.testing import a_blob
from reyna.transport.rpc import Signer
from tests.support.collector import Collector
from tests.support.files import FilesInMemory

ANA = "user-ana"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Timers:
    """Replaces the timers of the bus: a scheduled call waits until a test fires it."""

    def __init__(self) -> None:
        self.set = Collector[tuple[float, Callable[[], None]]]()

    def __call__(self, seconds: float, call: Callable[[], None]) -> "Timer":
        timer = Timer(call)
        self.set((seconds, timer.fire))
        return timer

    async def after(self, seconds: float, times: int = 1) -> Callable[[], None]:
        """Returns the call that was scheduled after so many seconds, as soon as there is one."""
        count = 0
        while True:
            count += 1
            found = [fire for delay, fire in await self.set.first(count) if delay == seconds]
            if len(found) >= times:
                return found[times - 1]


class Timer:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def fire(self) -> None:
        if self._call is not None:
            self._call()

    def cancel(self) -> None:
        self._call = None


class ServicesInMemory:
    """The processor, state and schema services as a worker calls them.

    `calls` are the verbs that were called, in order. `errors` are raised by the verb of that name; by `complete` only
    after its work is done.
    """

    registry: RegistrationVerbs
    execution: ExecutionVerbs
    steps: StepVerbs
    run_models: RunModelVerbs
    prompts: PromptVerbs
    costs: CostVerbs
    spending: SpendingVerbs
    validation: ValidationVerbs
    blobs: BlobReads
    buckets: BucketReads
    contents: ContentsReads
    uploads: UploadVerbs
    files: FileVerbs
    search: SearchReads

    def __init__(self, *blobs: Blob) -> None:
        self.registry = self.execution = self.validation = self.run_models = self.costs = self.spending = self
        self.has_spending_cap = False
        self.blobs, self.buckets, self.contents = BlobsInMemory(self), NoBuckets(), NoContents()
        kept = FilesInMemory()
        self.uploads, self.files = kept.uploads, kept.files
        self.steps, self.finished_steps = StepsInMemory(self), dict[tuple[str, str, int | None], RunStep]()
        self.prompts, self.kept_prompts = PromptsInMemory(self), dict[tuple[str, int], RunPrompt]()
        self.calls = Collector[tuple[str, Any]]()
        self.tokens: list[str] = []
        self.stored_blobs = {blob.id: blob for blob in blobs}
        self.search = MemorySearch(blobs, ())
        self.outputs: dict[str, Output] = {}
        self.runs: dict[str, Run] = {}
        self.registered: NewProcessor | None = None
        self.errors: dict[str, Exception] = {}
        self.validation_error: DataError | None = None
        self.expired: set[str] = set()  # runs whose token is refused
        self._sign: SignToken = lambda caller: ""

    def connect(self, sign: SignToken) -> WorkerServices:
        self._sign = sign
        return WorkerServices(processors=self, state=self, schemas=self)

    def _record_call(self, verb: str, caller: Caller, what: Any = None) -> None:
        self.tokens.append(self._sign(caller))
        if caller.run_id in self.expired:
            raise NotSignedIn("This token has expired.")
        if verb in self.errors and verb != "complete":
            raise self.errors[verb]
        self.calls((verb, what))

    async def register(self, caller: Caller, new: NewProcessor) -> Processor:
        self._record_call("register", caller)
        self.registered = new
        return Processor(
            id=new.id,
            version=new.version,
            name=new.name,
            input_schemas=new.input_schemas,
            output_schema=new.output_schema,
            registered_at=NOW,
            updated_at=NOW,
        )

    def _open(self, run_id: str) -> Run:
        run = self.runs[run_id]
        if run.status in {"completed", "refused", "failed", "cancelled"}:
            raise Conflict(f"This run has ended: it is {run.status}.")
        return run

    async def renew_token(self, caller: Caller, user_id: str, run_id: str) -> str:
        self._record_call("renew_token", caller)
        self._open(run_id)
        self.expired.discard(run_id)
        return f"new token of {run_id}"

    async def release(self, caller: Caller, run_id: str, worker_id: str, reason: str | None = None) -> Run:
        self._record_call("release", caller, reason)
        return self.runs[run_id]

    async def claim(
        self, caller: Caller, run_id: str, worker_id: str | None = None, version: str | None = None
    ) -> RunWithBlob:
        self._record_call("claim", caller, worker_id)
        self.runs[run_id] = replace(self._open(run_id), status="running")
        return RunWithBlob(**asdict(self.runs[run_id]) | {"has_spending_cap": self.has_spending_cap})

    async def report(self, caller: Caller, run_id: str, report: CostReport) -> Run:
        self._record_call("report", caller, report)
        return self.runs[run_id]

    async def reserve(self, caller: Caller, run_id: str, call: CallReservation) -> None:
        self._record_call("reserve", caller, call)

    async def complete(
        self,
        caller: Caller,
        run_id: str,
        outputs: list[Output],
        cost: Cost,
        blob_revision: int | None = None,
        worker_id: str | None = None,
    ) -> Run:
        if "store" in self.errors:
            raise self.errors["store"]
        self._record_call("complete", caller, cost)
        run = self._open(run_id)
        for number, output in enumerate(outputs):
            self.outputs[derived_blob_id(run_id, number)] = output
        used = blob_revision or run.blob_revision
        self.runs[run_id] = replace(run, status="completed", cost=cost, blob_revision=used)
        if "complete" in self.errors:
            raise self.errors["complete"]
        return self.runs[run_id]

    async def refuse(self, caller: Caller, run_id: str, reason: str, worker_id: str | None = None) -> Run:
        self.runs[run_id] = replace(self._open(run_id), status="refused", error=reason)
        self._record_call("refuse", caller, reason)
        return self.runs[run_id]

    async def fail(self, caller: Caller, run_id: str, reason: str, final: bool, worker_id: str | None = None) -> Run:
        run = self._open(run_id)
        self._record_call("fail", caller, (reason, final))
        self.runs[run_id] = replace(run, status="failed" if final else "running", error=reason)
        return self.runs[run_id]

    async def get(self, caller: Caller, run_id: str) -> RunModel:
        self._record_call("get_model", caller, run_id)
        return RunModel(provider="openai", url="http://model.example/v1", key="key-of-ana", model="m")

    async def validate(self, caller: Caller, id: str, data: Any) -> Verdict:
        if "validate" in self.errors:
            raise self.errors["validate"]
        errors = (self.validation_error,) if self.validation_error else ()
        return Verdict(valid=not errors, version="1.0.0", errors=errors)

    def new_run(self, blob: Blob, processor_id: str, settings: dict[str, Any] | None = None) -> Work:
        run = Run(
            id=new_id("run"),
            user_id=blob.user_id,
            processor_id=processor_id,
            processor_version="1.0.0",
            blob_id=blob.id,
            blob_revision=blob.revision,
            requested_at=NOW,
        )
        self.runs[run.id] = run
        return Work(
            run_id=run.id,
            user_id=blob.user_id,
            processor_id=processor_id,
            blob_id=blob.id,
            blob_revision=blob.revision,
            settings=settings or {},
            token=f"token of {run.id}",
        )

    def new_signed_run(self, blob: Blob, processor_id: str, signer: Signer) -> Work:
        work = self.new_run(blob, processor_id)
        caller = Caller(user_id=blob.user_id, kind="processor", processor_id=processor_id, run_id=work.run_id)
        return replace(work, token=signer.sign(caller))

    async def wait_for_call(self, verb: str, times: int = 1) -> Any:
        """Returns the argument of the call of this verb, the first one by default, as soon as it was made."""
        count = 0
        while True:
            count += 1
            found = [what for name, what in await self.calls.first(count) if name == verb]
            if len(found) >= times:
                return found[times - 1]


class BlobsInMemory:
    """The blobs part of the state service."""

    def __init__(self, services: ServicesInMemory) -> None:
        self._services = services

    async def get(self, caller: Caller, id: str) -> Blob:
        if "blob" in self._services.errors:
            raise self._services.errors["blob"]
        if id not in self._services.stored_blobs:
            raise NotFound(id=id)
        return self._services.stored_blobs[id]

    async def list(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        return Page(items=tuple(self._services.stored_blobs.values()))


class StepsInMemory:
    """The steps part of the processor service, by run, name and revision of the blob."""

    def __init__(self, services: ServicesInMemory) -> None:
        self._services = services

    async def get(self, caller: Caller, run_id: str, name: str, blob_revision: int | None = None) -> RunStep:
        found = self._services.finished_steps.get((run_id, name, blob_revision))
        if found is None:
            raise NotFound(name=name)
        return found

    async def put(
        self,
        caller: Caller,
        run_id: str,
        name: str,
        result: Any,
        cost: Cost = Cost(),
        blob_revision: int | None = None,
    ) -> RunStep:
        if "step" in self._services.errors:
            raise self._services.errors["step"]
        step = RunStep(
            id=f"step-{name}",
            user_id=caller.user_id,
            run_id=run_id,
            name=name,
            result=msgspec.json.decode(msgspec.json.encode(result)),
            cost=cost,
            finished_at=NOW,
        )
        return self._services.finished_steps.setdefault((run_id, name, blob_revision), step)


class PromptsInMemory:
    """The prompts part of the processor service: the latest state of each prompt, by run and number."""

    def __init__(self, services: ServicesInMemory) -> None:
        self._services = services

    async def put(self, caller: Caller, run_id: str, new: NewPrompts) -> KeptPrompts:
        if "prompts" in self._services.errors:
            raise self._services.errors["prompts"]
        for prompt in new.prompts:
            self._services.kept_prompts[run_id, prompt.number] = prompt
        return KeptPrompts(kept=len(new.prompts))


class NoBuckets:
    """The buckets part of a state service without buckets."""

    async def get(self, caller: Caller, id: str) -> Bucket:
        raise NotFound(id=id)


class NoContents:
    """The contents part of a state service without buckets."""

    async def list(self, caller: Caller, id: str, **wanted: Any) -> Page[TreeItem]:
        raise NotFound(id=id)


async def publish_work(bus: Bus, work: Work, number: int = 1) -> None:
    body = msgspec.json.encode(work)
    await bus.publish(Message(f"{work.run_id}.{number}", f"reyna.run.{work.processor_id}.{work.user_id}", body))


async def cancel(bus: Bus, work: Work) -> None:
    """Publishes the event of a run that its user cancelled."""
    caller = Caller(user_id=work.user_id)
    event = Event.now(f"processor.cancelled.{work.processor_id}", caller, {"run_id": work.run_id})
    await bus.publish(event.message())


def a_note(text: str = "The ship sailed into the storm.") -> Blob:
    return a_blob("text-input-v1", {"content": text})


async def wait_until_idle() -> None:
    """Returns when the event loop has run every task that was ready."""
    for _ in range(20):
        await asyncio.sleep(0)
