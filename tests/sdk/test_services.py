"""A worker that reaches the services over the bus, as it does where each of them is a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from reyna.domain.blob import Blob
from reyna.ports.bus import Bus
from reyna.sdk import Context, Processor
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer, serve
from tests.sdk.services_in_memory import ServicesInMemory, a_note, cancel, publish_work
from tests.support.collector import Collector

SIGNER = Signer(b"a secret of thirty-two characters")
NOTE = a_note()


@pytest.fixture
async def services(bus: Bus) -> AsyncIterator[ServicesInMemory]:
    services = ServicesInMemory(NOTE)
    serving = [await serve(services, name, "1.0.0", bus, SIGNER) for name in ("processors", "state", "schemas")]
    yield services
    for served in serving:
        await served.stop()


async def start_worker(processor: Processor[Any], bus: Bus) -> Worker:
    worker = Worker(processor, bus, sign=SIGNER.sign, services=lambda sign: connect_services(bus, sign))
    await worker.start()
    return worker


async def test_a_run_is_done_over_the_bus_alone(bus: Bus, services: ServicesInMemory) -> None:
    shout = Processor("shout", takes="text-input-v1", makes="edited-text-v1")
    sent = Collector[Any]()
    await bus.listen(
        "reyna.live.user-ana.processor.progress.shout", lambda received: sent(msgspec.json.decode(received.body))
    )

    @shout
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        (same,) = [other async for other in context.blobs(schema="text-input-v1")]
        await context.progress(0.5, "half")
        return {"content": same.data["content"].upper()}

    worker = await start_worker(shout, bus)
    await publish_work(bus, services.new_signed_run(NOTE, "shout", SIGNER))
    await services.wait_for_call("complete")
    assert [output.data for output in services.outputs.values()] == [{"content": NOTE.data["content"].upper()}]
    assert (await sent.first(1))[0]["text"] == "half"
    await worker.stop()


async def test_a_run_is_cancelled_over_the_bus(bus: Bus, services: ServicesInMemory) -> None:
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

    worker = await start_worker(patient, bus)
    run = services.new_signed_run(NOTE, "patient", SIGNER)
    await publish_work(bus, run)
    await begun.wait()
    await cancel(bus, run)
    await ended.wait()
    assert services.outputs == {}
    await worker.stop()
