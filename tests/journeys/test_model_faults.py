"""A language model that is busy, broken, silent or wrong: each run ends in one right state, and can be repeated."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, NamedTuple

import pytest

from reyna.adapters.openai.language import OpenAILanguage
from reyna.sdk import Blob, Context, Processor, Prompt
from tests.journeys.application import Application
from tests.journeys.conftest import Builder
from tests.journeys.people import Device, Person
from tests.journeys.processors import running_worker
from tests.support.language_endpoint import (
    Answer,
    Endpoint,
    error,
    hangs,
    hangs_up,
    says,
    says_bytes,
    streams,
    whole,
)

NOTE: Final = "The old lighthouse keeper climbed the winding stairs and lit the lamp."
PROSE: Final = (
    "The old lighthouse keeper climbed the winding stairs slowly, one worn step after another, with a hand on the cold "
    "iron rail. ",
    "At the top he waited for his breath, wiped the salt from the glass, and lit the lamp with great care while the "
    "sea moved below.",
)
SETTINGS: Final = {
    "REYNA_RETRY_SECONDS": "0.1",
    "REYNA_LLM_RETRY_SECONDS": "0.1",
    "REYNA_LLM_FIRST_TEXT_SECONDS": "1.5",
    "REYNA_LLM_SILENCE_SECONDS": "1.5",
    "REYNA_LLM_BREAKER_SECONDS": "0.5",
}


class Case(NamedTuple):
    """An endpoint that answers so, and what becomes of a run: its end, and words of its reason."""

    name: str
    answers: Sequence[Answer]
    end: str
    reason: str | None = None


WELL: Final = streams(*PROSE)
CASES: Final = (
    Case("busy for a second", [says(429, error("slow"), retry_after="1"), WELL], "completed"),
    Case("busy for long", [says(429, error("slow"), retry_after="40"), WELL], "completed"),
    Case("busy without end", [says(429, error("slow"))], "failed", "too many requests"),
    Case("broken once", [says(500, error("oops")), WELL], "completed"),
    Case("broken", [says(500, error("oops"))], "failed", "internal problem (HTTP 500)"),
    Case("garbage", [says_bytes(b"\x00\xff garbage")], "failed", "cannot be read"),
    Case("web page", [says_bytes(b"<html><body>Welcome</body></html>")], "failed", "not as a language model"),
    Case("half a stream", [streams("The old lighthouse", end=False)], "failed", "broke off"),
    Case("half a stream, then silence", [streams("The old lighthouse", hold=True)], "failed", "fell silent"),
    Case("nothing at all", [hangs], "failed", "did not begin its answer"),
    Case("hangs up", [hangs_up], "failed", "cannot be reached"),
    Case("empty", [streams()], "refused", "times the words"),
    Case("refused key", [says(401, error("no"))], "failed", "did not accept the key"),
)


@pytest.fixture
async def impatient(build_application: Builder) -> Application:
    application = build_application(**SETTINGS)
    await application.start()
    return application


@pytest.fixture
async def endpoints() -> AsyncIterator[dict[str, Endpoint]]:
    """An endpoint of its own for each case, since a broken one is left alone for a while."""
    async with AsyncExitStack() as stack:
        started = {}
        for case in CASES:
            endpoint = started[case.name] = Endpoint()
            endpoint.answers = list(case.answers)
            await endpoint.start()
            stack.push_async_callback(endpoint.stop)
        yield started


async def request_run(person: Person, endpoint: Endpoint) -> dict[str, Any]:
    new = {"name": "Mine", "provider": "openai", "url": endpoint.url, "key": "sk-1234567890", "model": "m-1"}
    model = await person.post("/models", new)
    note = await person.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": NOTE}})
    request = {"processor_id": "text-expansion", "blob_ids": [note["id"]], "model": model["id"]}
    (run,) = (await person.post("/runs", request))["items"]
    return dict(run)


class Ends:
    """The ends of runs, as a device hears of them."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.by_run: dict[str, list[str]] = {}

    async def wait_for(self, run_ids: set[str]) -> None:
        """Returns when each of these runs has ended since."""
        missing = set(run_ids)
        while missing:
            frame = (await self._device.receive_until(lambda frame: frame["type"].startswith("processor.")))[-1]
            end = frame["type"].removeprefix("processor.")
            if end in {"completed", "refused", "failed", "cancelled"}:
                self.by_run.setdefault(frame["run_id"], []).append(end)
                missing.discard(frame["run_id"])


async def check_run(person: Person, run_id: str, end: str, reason: str | None, outputs: int) -> None:
    run = await person.get(f"/runs/{run_id}")
    assert run["status"] == end, run
    assert (run["error"] is None) if reason is None else (reason in run["error"])
    made = await person.all("/blobs", parent_id=run["blob_id"])
    assert [blob["id"] for blob in made] == run["output_blob_ids"]
    assert len(made) == outputs


async def test_every_run_ends_once_whatever_its_model_does_and_what_failed_can_be_replayed(
    impatient: Application, endpoints: dict[str, Endpoint]
) -> None:
    ana = await impatient.person("ana")
    ends = Ends(await ana.device())
    requested = await asyncio.gather(*(request_run(ana, endpoints[case.name]) for case in CASES))
    runs = [(case, run["id"]) for case, run in zip(CASES, requested, strict=True)]
    await ends.wait_for({run_id for _, run_id in runs})
    letters = {letter["run_id"]: letter for letter in await ana.all("/dead")}
    for case, run_id in runs:
        await check_run(ana, run_id, case.end, case.reason, outputs=int(case.end == "completed"))
        assert ends.by_run[run_id] == [case.end]
        assert (run_id in letters) == (case.end == "failed")
        assert run_id not in letters or str(case.reason) in letters[run_id]["reason"]

    for endpoint in endpoints.values():
        endpoint.answers = [WELL]
    failed = [run_id for case, run_id in runs if case.end == "failed"]
    await ana.post(f"/dead/{letters[failed[0]]['id']}/replay", {})
    report = await ana.post("/dead/replay", {"processor_id": "text-expansion"})
    assert (report["replayed"], report["kept"], report["left"]) == (len(failed) - 1, [], 0)
    refused = [run_id for case, run_id in runs if case.end == "refused"]
    for run_id in refused:
        await ana.post(f"/runs/{run_id}/retry")
    await ends.wait_for({*failed, *refused})
    for _, run_id in runs:
        await check_run(ana, run_id, "completed", None, outputs=1)
        assert ends.by_run[run_id][1:] in ([], ["completed"])
    assert await ana.all("/dead") == []
    await ana.leave()


SCHEMA: Final = {"type": "object", "properties": {"tags": {"type": "array"}}, "required": ["tags"]}


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_an_answer_of_a_wrong_schema_is_mended_once_and_then_refused_with_what_it_was(
    application: Application, ana: Person
) -> None:
    tagging = Processor("tagging", takes="text-input-v1", makes="text-input-v1", trigger="manual")

    @tagging
    async def tag(blob: Blob, context: Context[None]) -> dict[str, Any]:
        prompt = Prompt(system="Tag it.", user=blob.data["content"], max_tokens=50)
        return {"content": " ".join((await context.language.complete_json(prompt, SCHEMA))["tags"])}

    endpoint, device = Endpoint(), await ana.device()
    await endpoint.start()
    language = OpenAILanguage(endpoint.url, "sk-1234567890", "m-1")
    note = await device.write_note(NOTE)
    try:
        async with running_worker(application, tagging, language=language, retry_delays=(0.1,)):
            endpoint.answers = [whole('{"tag": 5}')]
            (run,) = (await ana.post("/runs", {"processor_id": "tagging", "blob_ids": [note["id"]]}))["items"]
            await device.wait_for("processor.refused", run_id=run["id"])
            assert len(endpoint.requests) == 2
            await check_run(ana, run["id"], "refused", '{"tag": 5}', outputs=0)
            endpoint.answers = [whole('{"tag": 5}')] * 3 + [whole('{"tags": ["sea", "light"]}')]
            await ana.post(f"/runs/{run['id']}/retry")
            await device.wait_for("processor.completed", run_id=run["id"])
        await check_run(ana, run["id"], "completed", None, outputs=1)
        (made,) = await ana.all("/blobs", parent_id=note["id"])
        assert made["data"] == {"content": "sea light"}
    finally:
        await language.close()
        await endpoint.stop()
