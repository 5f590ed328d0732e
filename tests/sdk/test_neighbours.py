"""A worker that reaches the services over the bus, as it does where each of them is a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from reyna.domain.blob import Blob
from reyna.ports import Bus
from reyna.rpc import Signer, serve
from reyna.sdk import Context, Processor
from reyna.sdk.neighbours import over
from reyna.sdk.worker import Worker
from tests.collected import Collected
from tests.sdk.around import Services, a_note, cancel, hand_over

SIGNER = Signer(b"a secret of thirty-two characters")
NOTE = a_note()


@pytest.fixture
async def services(bus: Bus) -> AsyncIterator[Services]:
    services = Services(NOTE)
    serving = [await serve(services, name, "1.0.0", bus, SIGNER) for name in ("processors", "state", "schemas")]
    yield services
    for served in serving:
        await served.stop()


async def hired(processor: Processor[Any], bus: Bus) -> Worker:
    worker = Worker(processor, bus, sign=SIGNER.sign, neighbours=lambda passes: over(bus, passes))
    await worker.start()
    return worker


async def test_a_run_is_done_over_the_bus_alone(bus: Bus, services: Services) -> None:
    shout = Processor("shout", takes="text-input-v1", makes="edited-text-v1")
    told = Collected[Any]()
    await bus.listen(
        "reyna.live.user-ana.processor.progress.shout", lambda heard: told(msgspec.json.decode(heard.body))
    )

    @shout
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        (same,) = [other async for other in context.blobs(schema="text-input-v1")]
        await context.progress(0.5, "half")
        return {"content": same.data["content"].upper()}

    worker = await hired(shout, bus)
    await hand_over(bus, services.a_signed_run(NOTE, "shout", SIGNER))
    await services.hear("complete")
    assert [output.data for output in services.made.values()] == [{"content": NOTE.data["content"].upper()}]
    assert (await told.first(1))[0]["text"] == "half"
    await worker.stop()


async def test_a_run_is_cancelled_over_the_bus(bus: Bus, services: Services) -> None:
    patient = Processor("patient", takes="text-input-v1", makes="edited-text-v1")
    begun, ended = asyncio.Event(), asyncio.Event()

    @patient
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    worker = await hired(patient, bus)
    run = services.a_signed_run(NOTE, "patient", SIGNER)
    await hand_over(bus, run)
    await begun.wait()
    await cancel(bus, run)
    await ended.wait()
    assert services.made == {}
    await worker.stop()
