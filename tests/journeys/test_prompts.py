"""The prompts of a run: what is shown is what the model's server received, and nobody else sees it."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.journeys.people import Device, Frame, Person
from tests.support.language_endpoint import Endpoint, streams

NOTE: Final = "The old lighthouse keeper climbed the winding stairs and lit the lamp."
PIECES: Final = ("The old lighthouse keeper ", "climbed the winding stairs, ", "and lit the lamp with care.")
ROLES: Final = ("system", "user")
KEY: Final = "sk-of-ana-9b1c7e52d4f84a0b-x7qa"


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.answers = [streams(*PIECES)]
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


async def end_of(device: Device, run: dict[str, Any]) -> Frame:
    """Returns the last event of the run, however it ends."""
    ends = {f"processor.{end}" for end in ("completed", "refused", "failed", "cancelled")}
    frames = await device.receive_until(lambda frame: frame["type"] in ends and frame["run_id"] == run["id"])
    return frames[-1]


def texts_of(messages: list[dict[str, str]]) -> tuple[str, str]:
    by_role = {message["role"]: message["content"] for message in messages}
    return by_role["system"], by_role["user"]


def shown_texts(prompt: dict[str, Any]) -> tuple[str, str]:
    texts = {role: "".join(part["text"] for part in prompt["parts"] if part["role"] == role) for role in ROLES}
    return texts["system"], texts["user"]


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_the_shown_prompts_are_exactly_what_the_server_received(
    ana: Person, bo: Person, endpoint: Endpoint
) -> None:
    device = await ana.device()
    new = {"name": "Mine", "provider": "openai", "url": endpoint.url, "key": KEY, "model": "big-1"}
    model = await ana.post("/models", new)
    note = await ana.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": NOTE}})
    request = {"processor_id": "text-expansion", "blob_ids": [note["id"]], "model": model["id"]}
    (run,) = (await ana.post("/runs", request))["items"]
    await end_of(device, run)

    shown = await ana.get(f"/runs/{run['id']}/prompt", limit=200)
    assert (shown["state"], shown["complete"], shown["next_cursor"]) == ("sent", True, None)
    received = [texts_of(sent["messages"]) for sent in endpoint.requests]
    assert [shown_texts(prompt) for prompt in shown["items"]] == received
    first = shown["items"][0]
    assert {part["source"] for part in first["parts"]} >= {"style setting", "instruction", "note"}
    assert {part["blob_id"] for part in first["parts"] if part["source"] == "note"} == {note["id"]}
    assert sum(part["tokens"] for part in first["parts"]) == first["input_tokens"] > 0
    assert first["answer"].strip() in "".join(PIECES)
    assert KEY[:-4] not in repr(shown)

    refused = await bo.rest.get(f"/runs/{run['id']}/prompt")
    assert refused.status_code == 404


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_before_a_run_a_worker_says_what_it_will_use_and_nothing_is_sent(
    ana: Person, bo: Person, endpoint: Endpoint
) -> None:
    new = {"name": "Mine", "provider": "openai", "url": endpoint.url, "key": KEY, "model": "big-1"}
    priced = new | {"input_price": 1.0, "output_price": 2.0}
    model = await ana.post("/models", priced)
    bucket = await ana.post("/buckets", {"name": "Chapter 1", "type": "chapter"})
    for text in (NOTE, NOTE * 20, "Too short."):
        await ana.post(
            "/blobs", {"schema_id": "text-input-v1", "data": {"content": text}, "bucket_ids": [bucket["id"]]}
        )
    request = {"processor_id": "text-expansion", "bucket_id": bucket["id"], "model": model["id"]}
    estimate = await ana.post("/runs/estimate", request)
    assert (estimate["runs"], estimate["refused"], estimate["model"]) == (3, 1, "big-1")
    assert estimate["input_tokens"] > 0
    assert estimate["output_tokens"] > 500
    cost = (estimate["input_tokens"] + 2 * estimate["output_tokens"]) / 1_000_000
    assert float(estimate["cost"]["amount"]) == pytest.approx(cost)
    assert estimate["cost"]["currency"] == "USD"
    assert endpoint.requests == []
    assert (await ana.get("/runs"))["items"] == []
    assert (await bo.rest.post("/runs/estimate", json=request)).status_code in {404, 422}
