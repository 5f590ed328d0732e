"""A processor may be a plain function, and one that blocks the event loop all the same harms nobody."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reyna.adapters.nats.bus import NatsBus
from reyna.ports.bus import Bus
from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, Processor, Refuse
from reyna.sdk.services import connect_services
from reyna.sdk.testing import a_blob, run
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer, serve
from tests.sdk.conftest import Loudness, Stage
from tests.sdk.services_in_memory import ServicesInMemory, a_note, cancel, publish_work, wait_until_idle
from tests.support.collector import Collector

SIGNER = Signer(b"a secret of thirty-two characters")
NOTE = a_note()
REDELIVERY_SECONDS = 1.0  # a worker gives a sign of life three times as often
BLOCKED = 2.5  # seconds


class Parrot:
    """A language model that says one word after the other."""

    async def complete(self, prompt: Prompt) -> Completion:
        return Completion(text=prompt.user, model="parrot", input_tokens=1, output_tokens=2)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        for word in prompt.user.split():
            yield word
        yield await self.complete(prompt)


def shout(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
    return {"content": blob.data["content"].upper() + "!" * context.settings.marks}


# --- plain functions ---


async def test_a_plain_function_runs_in_a_thread_of_its_own(stage: Stage) -> None:
    threads: list[threading.Thread] = []

    def work(blob: Blob, context: Context[Loudness]) -> dict[str, Any]:
        threads.append(threading.current_thread())
        return shout(blob, context)

    await stage.start_worker(work)
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert [output.data["content"] for output in stage.services.outputs.values()] == [
        "THE SHIP SAILED INTO THE STORM.!"
    ]
    assert threads[0] is not threading.main_thread()


async def test_plain_functions_run_side_by_side(stage: Stage) -> None:
    together = threading.Barrier(3, timeout=60)

    def work(blob: Blob, context: Context[Any]) -> dict[str, Any]:
        together.wait()
        return {"content": "done"}

    await stage.start_worker(work, parallel=3)
    for _ in range(3):
        await publish_work(stage.bus, stage.services.new_run(stage.note, "shout"))
    await stage.services.wait_for_call("complete", times=3)


async def test_a_plain_function_uses_what_the_context_offers() -> None:
    other = a_blob("text-input-v1", {"content": "other"}, bucket_ids=("bucket-1",))
    processor = Processor("shout", takes="text-input-v1", makes="edited-text-v1")

    @processor
    def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        context.wait(context.progress(0.5, "half"))
        asyncio.run(context.progress(0.6, "more"))
        prompt = Prompt(system="", user="into the storm", max_tokens=9)
        pieces = [piece for piece in context.iterate(context.language.stream(prompt)) if isinstance(piece, str)]
        found = [one.id for one in context.iterate(context.blobs(bucket="bucket-1"))]
        return {
            "content": context.wait(context.language.complete(prompt)).text,
            "other": context.wait(context.blob(other.id)).data["content"],
            "pieces": pieces,
            "found": found,
        }

    ran = await run(processor, NOTE, language=Parrot(), blobs=[other])
    assert ran.data == {
        "content": "into the storm",
        "other": "other",
        "pieces": ["into", "the", "storm"],
        "found": [other.id],
    }
    assert ran.reports == [(0.5, "half"), (0.6, "more")]
    assert ran.cost.output_tokens == 4


async def test_what_a_plain_function_raises_means_what_it_always_means(stage: Stage) -> None:
    def work(blob: Blob, context: Context[Any]) -> dict[str, Any]:
        raise Refuse("This is no text.")

    await stage.start_worker(work)
    await publish_work(stage.bus, stage.work)
    assert await stage.services.wait_for_call("refuse") == "This is no text."


async def test_a_cancelled_plain_function_is_left_to_itself_and_stopped_when_it_asks_for_something(
    stage: Stage,
) -> None:
    begun, go_on, stopped = threading.Event(), threading.Event(), threading.Event()

    def work(blob: Blob, context: Context[Any]) -> dict[str, Any]:
        begun.set()
        go_on.wait(10)
        try:
            context.wait(context.progress(0.9, "too late"))
        except asyncio.CancelledError:
            stopped.set()
            raise
        return {"content": "done"}

    sent = Collector[bytes]()
    await stage.bus.listen("reyna.live.user-ana.processor.progress.shout", lambda received: sent(received.body))
    await stage.start_worker(work)
    await publish_work(stage.bus, stage.work)
    await asyncio.to_thread(begun.wait, 10)
    await cancel(stage.bus, stage.work)
    await wait_until_idle()
    go_on.set()
    assert await asyncio.to_thread(stopped.wait, 10)
    await wait_until_idle()
    assert stage.services.outputs == {}
    assert sent.items == []


# --- the event loop, blocked ---


@pytest.fixture
async def nats_bus(nats_url: str) -> AsyncIterator[NatsBus]:
    bus = await NatsBus.connect(nats_url, name="blocked")
    await bus.provision()
    yield bus
    await bus.close()


@pytest.fixture
async def services(nats_bus: NatsBus) -> AsyncIterator[ServicesInMemory]:
    services = ServicesInMemory(NOTE)
    serving = [await serve(services, name, "1.0.0", nats_bus, SIGNER) for name in ("processors", "state", "schemas")]
    yield services
    for served in serving:
        await served.stop()


def start_worker(processor: Processor[Any], bus: Bus) -> Worker:
    return Worker(
        processor,
        bus,
        sign=SIGNER.sign,
        services=lambda sign: connect_services(bus, sign),
        patience=REDELIVERY_SECONDS,
        beat_every=REDELIVERY_SECONDS / 3,
    )


async def test_a_processor_that_blocks_is_not_delivered_twice_nor_are_those_beside_it(
    nats_bus: NatsBus, services: ServicesInMemory
) -> None:
    slow = Processor("slow", takes="text-input-v1", makes="edited-text-v1")
    begun, blocked, runs = asyncio.Event(), asyncio.Event(), Collector[str]()

    @slow
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        runs(blob.data["content"])
        if blob.data["content"] == "blocks":
            await begun.wait()
            threading.Event().wait(BLOCKED)  # blocks the event loop, which is what this is about
            blocked.set()
        begun.set()
        await blocked.wait()
        return {"content": "done"}

    workers = [start_worker(slow, nats_bus), start_worker(slow, nats_bus)]
    for worker in workers:
        await worker.start()
    for content in ("blocks", "waits"):
        note = a_note(content)
        services.stored_blobs[note.id] = note
        await publish_work(nats_bus, services.new_signed_run(note, "slow", SIGNER))
    await services.wait_for_call("complete", times=2)
    delivered = await nats_bus.call_jetstream("CONSUMER.INFO.RUNS.slow")
    for worker in workers:
        await worker.stop()
    assert sorted(runs.items) == ["blocks", "waits"]
    assert delivered["delivered"]["consumer_seq"] == 2


async def test_a_worker_that_is_blocked_still_says_that_it_is_there(
    nats_bus: NatsBus, services: ServicesInMemory
) -> None:
    slow = Processor("slow", takes="text-input-v1", makes="edited-text-v1")
    beats = Collector[bytes]()
    await nats_bus.listen("reyna.beat.slow", lambda received: beats(received.body))

    @slow
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        before = len(beats.items)
        threading.Event().wait(BLOCKED)  # blocks the event loop, which is what this is about
        await beats.first(before + 3)
        return {"content": "done"}

    worker = start_worker(slow, nats_bus)
    await worker.start()
    await publish_work(nats_bus, services.new_signed_run(NOTE, "slow", SIGNER))
    await services.wait_for_call("complete")
    await worker.stop()
