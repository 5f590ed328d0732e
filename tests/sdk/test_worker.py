"""A worker registers its processor, sends beats, and stops without losing its runs."""

import asyncio
from typing import Any

import msgspec
import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.event import Message
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.worker import Worker
from tests.sdk.conftest import Stage, shout
from tests.sdk.services_in_memory import publish_work
from tests.support.collector import Collector


async def test_the_processor_is_registered_with_what_it_takes_and_makes(stage: Stage) -> None:
    await stage.start_worker(shout)
    registered = stage.services.registered
    assert registered is not None
    assert (registered.id, registered.input_schemas, registered.output_schema) == (
        "shout",
        ("text-input-v1",),
        "edited-text-v1",
    )
    assert registered.settings_schema is not None
    assert stage.services.tokens == ["token of shout"]


async def test_a_processor_whose_registration_is_refused_does_not_start(stage: Stage) -> None:
    stage.services.errors["register"] = Invalid("no such schema")
    with pytest.raises(Invalid):
        await stage.start_worker(shout)


async def test_a_token_is_only_signed_for_the_processor_itself(stage: Stage) -> None:
    asked: list[Caller] = []

    def sign(caller: Caller) -> str:
        asked.append(caller)
        return "token"

    worker = Worker(
        Processor("shout", takes="text-input-v1", makes="edited-text-v1"),
        stage.bus,
        sign=sign,
        services=stage.services.connect,
    )
    stage.workers.append(worker)
    await worker.start()
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("fail")  # it has no function
    assert [(caller.kind, caller.processor_id, caller.run_id) for caller in asked] == [("processor", "shout", None)]


async def test_a_worker_says_that_it_is_there(stage: Stage) -> None:
    beats = Collector[bytes]()
    await stage.bus.listen("reyna.beat.shout", lambda received: beats(received.body))
    worker = await stage.start_worker(shout, beat_every=0.001)
    first, second = await beats.first(2)
    assert msgspec.json.decode(first) == {
        "processor_id": "shout",
        "worker_id": worker.id,
        "busy": 0,
        "every": 0.001,
        "parallel": 4,
        "user_id": "house",
    }
    assert second == first


async def test_what_is_no_work_is_dropped_and_the_next_run_is_done(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.start_worker(shout, parallel=1)
    await stage.bus.publish(Message("poison", "reyna.run.shout.user-ana", b'{"run_id": 7'))
    await publish_work(stage.bus, stage.work)
    await stage.services.wait_for_call("complete")
    assert "no work" in caplog.text


async def test_a_stopped_worker_hands_its_runs_on(stage: Stage) -> None:
    begun, tries = asyncio.Event(), Collector[int]()

    async def work_long(blob: Blob, context: Context[Any]) -> Any:
        tries(1)
        if len(tries.items) == 1:
            begun.set()
            await asyncio.Event().wait()
        return {"content": "done"}

    first = await stage.start_worker(work_long)
    await publish_work(stage.bus, stage.work)
    await begun.wait()
    await first.stop(grace=0)
    await stage.start_worker(work_long)
    (await stage.timers.after(0.0))()
    await stage.services.wait_for_call("complete")
