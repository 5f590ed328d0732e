"""Processors that run beside the application: one whose output does not fit its schema, and one that never ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from reyna.adapters.nats.bus import NatsBus
from reyna.app.config import read_settings
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer
from tests.journeys.application import Application

failing_processor: Final = Processor("breaking", takes="text-input-v1", makes="expanded-text-v1", trigger="manual")


@failing_processor
def make(blob: Blob, context: Context[None]) -> dict[str, Any]:
    return {"expanded": 5}


hanging_processor: Final = Processor("holding", takes="text-input-v1", makes="expanded-text-v1", trigger="manual")


@hanging_processor
async def hold(blob: Blob, context: Context[None]) -> dict[str, Any]:
    await context.progress(0.4, "The mighty vessel")
    await asyncio.Event().wait()
    return {}


class Gate:
    """A processor whose runs end when the test lets them; `started` yields the run of each as it starts."""

    def __init__(self, id: str) -> None:
        self.processor: Processor[None] = Processor(id, takes="text-input-v1", makes="edited-text-v1", trigger="manual")
        self.processor(self._wait)
        self.started: asyncio.Queue[str] = asyncio.Queue()
        self._places = asyncio.Semaphore(0)

    def let_through(self, count: int = 1) -> None:
        for _ in range(count):
            self._places.release()

    async def _wait(self, blob: Blob, context: Context[None]) -> list[Any]:
        self.started.put_nowait(blob.id)
        await self._places.acquire()
        return []


@asynccontextmanager
async def running_worker(
    application: Application, processor: Processor[None] = failing_processor, *, parallel: int = 4, **options: Any
) -> AsyncIterator[Processor[None]]:
    """Runs a worker in this process; `options` are those of Worker."""
    settings = read_settings(application.environment, application.folder)
    bus = await NatsBus.connect(application.nats_url, name=processor.id)
    worker = Worker(
        processor,
        bus,
        sign=Signer(settings.signing_secret()).sign,
        services=lambda sign: connect_services(bus, sign),
        parallel=parallel,
        **options,
    )
    await worker.start()
    yield processor
    await worker.stop(grace=0)
    await bus.close()
