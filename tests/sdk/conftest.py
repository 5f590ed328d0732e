"""A stage for workers of a processor that shouts, or does what a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from reyna.adapters.memory_bus import MemoryBus
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.worker import Worker
from tests.sdk.around import Services, Timers, a_note

PATIENCE = 333.0
Function = Callable[[Blob, Context[Any]], Awaitable[Any]]


class Loudness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    marks: int = 1


class Stage:
    """A bus, the services, a note, and workers of the processor `shout` that do what the test says."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.bus = MemoryBus(later=self.timers)
        self.note = a_note()
        self.services = Services(self.note)
        self.work = self.services.a_run(self.note, "shout")
        self.workers: list[Worker] = []

    async def hire(self, function: Function, *, beat_every: float = PATIENCE, **options: Any) -> Worker:
        shout = Processor("shout", takes="text-input-v1", makes="edited-text-v1", settings=Loudness)
        shout(function)
        worker = Worker(
            shout,
            self.bus,
            sign=lambda caller: f"pass of {caller.name}",
            neighbours=self.services.as_neighbours,
            **({"patience": PATIENCE, "beat_every": beat_every} | options),
        )
        self.workers.append(worker)
        await worker.start()
        return worker


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    for worker in stage.workers:
        await worker.stop(grace=0)


async def shout(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
    return {"content": blob.data["content"].upper() + "!" * context.settings.marks}
