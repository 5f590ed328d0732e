"""Costs: what a run used of a model is counted, and a spending cap ends runs before they cost more."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.rest.rest_worker import RestWorker
from reyna.sdk.rest.studio_client import StudioClient
from tests.journeys.application import Application
from tests.journeys.conftest import Builder
from tests.journeys.people import Device, Frame, Person
from tests.support.language_endpoint import Endpoint, streams

NOTE: Final = "The old keeper lit the lamp."
PIECES: Final = (
    "The old lighthouse keeper climbed the winding stairs, ",
    "counting every step as he had done for forty years, ",
    "and lit the great lamp with care.",
)
ENDS: Final = {f"processor.{end}" for end in ("completed", "refused", "failed", "cancelled")}


@pytest.fixture(scope="module")
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.answers = [streams(*PIECES)]
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture(scope="module")
async def priced_application(build_shared_application: Builder, endpoint: Endpoint) -> Application:
    """An application whose model costs 2 and 10 US dollars for a million tokens."""
    application = build_shared_application(
        REYNA_LLM_URL=endpoint.url,
        REYNA_LLM_MODEL="big-1",
        REYNA_LLM_PRICE_INPUT="2",
        REYNA_LLM_PRICE_OUTPUT="10",
    )
    await application.start()
    return application


async def expand(person: Person) -> dict[str, Any]:
    note = await person.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": NOTE}})
    (run,) = (await person.post("/runs", {"processor_id": "text-expansion", "blob_ids": [note["id"]]}))["items"]
    return dict(run)


async def end_of(device: Device, run: dict[str, Any]) -> Frame:
    """Returns the last event of the run, however it ends."""
    frames = await device.receive_until(lambda frame: frame["type"] in ENDS and frame["run_id"] == run["id"])
    return frames[-1]


async def set_cap(person: Person, amount: str) -> None:
    answer = await person.rest.put("/me/spending-cap", json={"amount": amount, "currency": "USD"})
    assert answer.status_code == 200, answer.text


async def test_a_cap_ends_a_run_before_it_costs_more(priced_application: Application, endpoint: Endpoint) -> None:
    ana, bo = await priced_application.person("ana"), await priced_application.person("bo")
    device = await ana.device()

    run = await expand(ana)
    end = await end_of(device, run)
    assert end["type"] == "processor.completed", end
    cost, calls = (await ana.get(f"/runs/{run['id']}"))["cost"], len(endpoint.requests)
    assert (cost["input_tokens"], cost["output_tokens"]) == (11 * calls, 3 * calls)
    assert float(cost["amount"]) == pytest.approx(calls * (11 * 2 + 3 * 10) / 1e6)
    by_processor = await ana.get("/costs", by="processor")
    assert [(one["processor_id"], one["amount"]) for one in by_processor["items"]] == [
        ("text-expansion", cost["amount"])
    ]
    assert by_processor["total"]["calls"] == calls

    await set_cap(ana, cost["amount"])
    stopped = await expand(ana)
    end = await end_of(device, stopped)
    assert end["type"] == "processor.refused"
    assert "Raise the cap, or wait until the month ends" in end["error"]
    assert len(endpoint.requests) == calls
    assert (await ana.get("/dead"))["items"] == []
    told = [event for event in (await ana.get("/events", limit=200))["items"] if event["type"] == "quota.exceeded"]
    assert [event["data"]["what"] for event in told] == ["spending"]

    await set_cap(ana, "100")
    await ana.post(f"/runs/{stopped['id']}/retry")
    assert (await end_of(device, stopped))["type"] == "processor.completed"
    shown = await ana.get("/me/spending-cap")
    total = (await ana.get("/costs"))["total"]
    assert (shown["spent"], shown["reserved"]) == (total["amount"], "0.00")

    assert (await bo.get("/costs"))["items"] == []
    assert (await bo.get("/me/spending-cap"))["spent"] == "0.00"
    theirs = await bo.device()
    assert (await end_of(theirs, await expand(bo)))["type"] == "processor.completed"
    for person in (ana, bo):
        await person.leave()


class PaidModel:
    """A model that the worker of a user pays itself."""

    async def complete(self, prompt: Prompt) -> Completion:
        return Completion(text="Hi.", model="mine", input_tokens=10, output_tokens=3)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        yield await self.complete(prompt)


async def test_a_worker_over_https_reports_what_its_own_model_used(priced_application: Application) -> None:
    ana = await priced_application.person("ana")
    greeting = Processor("greeting", takes="text-input-v1", makes="text-input-v1", trigger="manual")

    @greeting
    async def greet(blob: Blob, context: Context[None]) -> dict[str, Any]:
        completion = await context.language.complete(Prompt(system="Be kind.", user="Hello!", max_tokens=9))
        return {"content": completion.text}

    device = await ana.device()
    note = await ana.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": NOTE}})
    worker = RestWorker(greeting, lambda: StudioClient(ana.address, ana.token), language=PaidModel())
    await worker.start()
    (run,) = (await ana.post("/runs", {"processor_id": "greeting", "blob_ids": [note["id"]]}))["items"]
    assert (await end_of(device, run))["type"] == "processor.completed"
    await worker.stop(grace=0)
    cost = (await ana.get(f"/runs/{run['id']}"))["cost"]
    assert (cost["model"], cost["input_tokens"], cost["amount"]) == ("mine", 10, None)
    (listed,) = (await ana.get("/costs", by="model"))["items"]
    assert (listed["model"], listed["amount"], listed["unpriced_tokens"]) == ("mine", None, 13)
    await ana.leave()
