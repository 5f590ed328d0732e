"""What surrounds a worker in these tests: the services as far as it knows them, and a clock that only we move."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, DataError, NotFound
from reyna.domain.event import Event, Message
from reyna.domain.ids import new_id
from reyna.domain.page import Page
from reyna.domain.processor import NewProcessor, Processor
from reyna.domain.run import Cost, Output, Run, Work, derived_id
from reyna.domain.schema import Verdict
from reyna.ports import Bus
from reyna.rpc import Signer
from reyna.sdk.neighbours import Neighbours, Passes
from reyna.sdk.testing import a_blob
from tests.collected import Collected

ANA = "user-ana"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Timers:
    """Takes the place of the bus's clock: keeps what is to happen later until a test says that it is later."""

    def __init__(self) -> None:
        self.set = Collected[tuple[float, Callable[[], None]]]()

    def __call__(self, seconds: float, call: Callable[[], None]) -> "Timer":
        timer = Timer(call)
        self.set((seconds, timer.fire))
        return timer

    async def after(self, seconds: float, times: int = 1) -> Callable[[], None]:
        """The call that was put off by so many seconds, as soon as it is there."""
        count = 0
        while True:
            count += 1
            found = [fire for put_off, fire in await self.set.first(count) if put_off == seconds]
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


class Services:
    """Processors, state and schemas as a worker sees them; `said` is every verb that was called, in order."""

    def __init__(self, *blobs: Blob) -> None:
        self.said = Collected[tuple[str, Any]]()
        self.tokens: list[str] = []
        self.blobs_there = {blob.id: blob for blob in blobs}
        self.made: dict[str, Output] = {}
        self.runs: dict[str, Run] = {}
        self.registered: NewProcessor | None = None
        self.gone: dict[
            str, Exception
        ] = {}  # verbs that break, and how; after the work is done in the case of complete
        self.misfit: DataError | None = None
        self._passes: Passes = lambda caller: ""

    def as_neighbours(self, passes: Passes) -> Neighbours:
        self._passes = passes
        return Neighbours(processors=self, content=self, schemas=self)

    def _hears(self, verb: str, caller: Caller, what: Any = None) -> None:
        self.tokens.append(self._passes(caller))
        if verb in self.gone and verb != "complete":
            raise self.gone[verb]
        self.said((verb, what))

    async def register(self, caller: Caller, new: NewProcessor) -> Processor:
        self._hears("register", caller)
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

    async def claim(self, caller: Caller, run_id: str, attempt: int) -> Run:
        self._hears("claim", caller, attempt)
        self.runs[run_id] = replace(self._open(run_id), status="running", attempt=attempt)
        return self.runs[run_id]

    async def complete(
        self, caller: Caller, run_id: str, outputs: list[Output], cost: Cost, blob_revision: int | None = None
    ) -> Run:
        self._hears("complete", caller, cost)
        run = self._open(run_id)
        for number, output in enumerate(outputs):
            self.made[derived_id(run_id, number)] = output
        used = blob_revision or run.blob_revision
        self.runs[run_id] = replace(run, status="completed", cost=cost, blob_revision=used)
        if "complete" in self.gone:
            raise self.gone["complete"]
        return self.runs[run_id]

    async def refuse(self, caller: Caller, run_id: str, reason: str) -> Run:
        self.runs[run_id] = replace(self._open(run_id), status="refused", error=reason)
        self._hears("refuse", caller, reason)
        return self.runs[run_id]

    async def fail(self, caller: Caller, run_id: str, reason: str, final: bool) -> Run:
        run = self._open(run_id)
        self.runs[run_id] = replace(run, status="failed" if final else "running", error=reason)
        self._hears("fail", caller, (reason, final))
        return self.runs[run_id]

    async def blob(self, caller: Caller, id: str) -> Blob:
        if "blob" in self.gone:
            raise self.gone["blob"]
        if id not in self.blobs_there:
            raise NotFound(id=id)
        return self.blobs_there[id]

    async def blobs(
        self,
        caller: Caller,
        *,
        bucket_id: str | None = None,
        schema_id: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Blob]:
        return Page(items=tuple(self.blobs_there.values()))

    async def bucket(self, caller: Caller, id: str) -> Bucket:
        raise NotFound(id=id)

    async def validate(self, caller: Caller, id: str, data: Any) -> Verdict:
        errors = (self.misfit,) if self.misfit else ()
        return Verdict(valid=not errors, version="1.0.0", errors=errors)

    # --- what a test asks for ---

    def a_run(self, blob: Blob, processor_id: str, settings: dict[str, Any] | None = None) -> Work:
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
            token=f"pass of {run.id}",
        )

    def a_signed_run(self, blob: Blob, processor_id: str, signer: Signer) -> Work:
        work = self.a_run(blob, processor_id)
        caller = Caller(user_id=blob.user_id, kind="processor", processor_id=processor_id, run_id=work.run_id)
        return replace(work, token=signer.sign(caller))

    async def hear(self, verb: str, times: int = 1) -> Any:
        """What the verb was called with for that time, as soon as it was."""
        count = 0
        while True:
            count += 1
            found = [what for name, what in await self.said.first(count) if name == verb]
            if len(found) >= times:
                return found[times - 1]


async def hand_over(bus: Bus, work: Work, number: int = 1) -> None:
    body = msgspec.json.encode(work)
    await bus.publish(Message(f"{work.run_id}.{number}", f"reyna.run.{work.processor_id}.{work.user_id}", body))


async def cancel(bus: Bus, work: Work) -> None:
    """What the processor service announces when a user cancels."""
    caller = Caller(user_id=work.user_id)
    event = Event.now(f"processor.cancelled.{work.processor_id}", caller, {"run_id": work.run_id})
    await bus.publish(event.message())


def a_note(text: str = "The ship sailed into the storm.") -> Blob:
    return a_blob("text-input-v1", {"content": text})


async def settled() -> None:
    """Everything that can happen by itself has happened: the loop has run dry of what is ready."""
    for _ in range(20):
        await asyncio.sleep(0)
