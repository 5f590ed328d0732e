"""A stage for workers of a processor that shouts, or does what a test says."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.processor import Description
from reyna.sdk.worker import Worker
from tests.sdk.services_in_memory import ServicesInMemory, Timers, a_note

REDELIVERY_SECONDS = 333.0
Function = Callable[[Blob, Context[Any]], Any]


class Loudness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    marks: int = 1


class Stage:
    """A bus, the services, a note, and workers of the processor `shout` that do what the test says."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.bus = MemoryBus(later=self.timers)
        self.note = a_note()
        self.services = ServicesInMemory(self.note)
        self.work = self.services.new_run(self.note, "shout")
        self.workers: list[Worker] = []

    async def start_worker(
        self, function: Function, *, beat_every: float = REDELIVERY_SECONDS, **options: Any
    ) -> Worker:
        about: Description = {"output_schemas": ("pitch-v1",)}
        if "range" in options:
            about["range"] = options.pop("range")
        shout = Processor("shout", takes="text-input-v1", makes="edited-text-v1", settings=Loudness, **about)
        shout(function)
        worker = Worker(
            shout,
            self.bus,
            sign=lambda caller: f"token of {caller.name}",
            services=self.services.connect,
            **({"patience": REDELIVERY_SECONDS, "beat_every": beat_every} | options),
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
