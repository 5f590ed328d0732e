"""A worker over HTTPS: it survives a studio that is away, keeps to its number of runs, and ends them when it stops."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from reyna.domain.errors import CannotStart, NotFound, Unavailable
from reyna.domain.processing.lease import ClaimedRun, LeaseState
from reyna.domain.processing.processor import Processor as RegisteredProcessor
from reyna.domain.processing.run import Run
from reyna.domain.schema import Verdict
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.rest.rest_worker import RestWorker
from reyna.sdk.rest.studio_client import StudioClient
from tests.sdk.services_in_memory import a_note

NOW = datetime(2030, 1, 1, tzinfo=UTC)
TIMEOUT_SECONDS = 60.0
NOTE = a_note()
RUN = Run(
    id="run-1",
    user_id=NOTE.user_id,
    processor_id="shout",
    processor_version="1.0.0",
    blob_id=NOTE.id,
    blob_revision=1,
    status="running",
    requested_at=NOW,
)
REGISTERED = RegisteredProcessor(
    id="shout",
    version="1.0.0",
    name="Shout",
    input_schemas=("text-input-v1",),
    output_schema="text-input-v1",
    registered_at=NOW,
    updated_at=NOW,
)


class ScriptedStudio:
    """Answers as a studio with so many runs does; the first `outages` claims find it away. Each run has failed so often
    before."""

    def __init__(self, *, outages: int = 0, runs: int = 1, failures: int = 0) -> None:
        self._outages = outages
        self._waiting = [replace(RUN, id=f"run-{number}", failures=failures) for number in range(1, runs + 1)]
        self.beaten, self.completed = threading.Event(), asyncio.Event()
        self.paths: list[str] = []
        self.bodies: dict[str, Any] = {}

    def connect(self) -> StudioClient:
        return StudioClient("http://studio.invalid", "token", transport=httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api")
        self.paths.append(path)
        self.bodies[path] = msgspec.json.decode(request.content or b"null")
        if path == "/processors":
            return _json(REGISTERED)
        if path.endswith("/claim"):
            return await self._claim()
        if path.endswith("/beat"):
            self.beaten.set()
            return _json(LeaseState(status="running", cancelled=False))
        if path.endswith("/validate"):
            return _json(Verdict(valid=True, version="1.0.0"))
        self.completed.set()
        return _json(RUN)

    async def _claim(self) -> httpx.Response:
        if self._outages:
            self._outages -= 1
            raise httpx.ConnectError("nobody there")
        if not self._waiting:
            await asyncio.Event().wait()
        return _json(ClaimedRun(run=self._waiting.pop(0), blob=NOTE, token="a.b.c", lease_ends_at=NOW))


def _json(answer: Any) -> httpx.Response:
    return httpx.Response(200, content=msgspec.json.encode(answer))


def worker_of(studio: ScriptedStudio, function: Callable[..., Any], **options: Any) -> RestWorker:
    shout = Processor("shout", takes="text-input-v1", makes="text-input-v1")
    shout(function)
    return RestWorker(shout, studio.connect, **options)


async def work(studio: ScriptedStudio, function: Callable[..., Any]) -> None:
    worker = worker_of(studio, function)
    await worker.start()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await studio.completed.wait()
    await worker.stop()


async def shout(blob: Blob, context: Context[None]) -> dict[str, Any]:
    return {"content": blob.data["content"].upper()}


async def test_a_studio_that_was_away_is_asked_again() -> None:
    studio = ScriptedStudio(outages=2)
    await work(studio, shout)
    assert studio.paths.count("/work/shout/claim") >= 3


async def test_beats_go_on_while_a_processor_blocks_the_event_loop() -> None:
    studio = ScriptedStudio()

    async def block(blob: Blob, context: Context[None]) -> dict[str, Any]:
        assert studio.beaten.wait(TIMEOUT_SECONDS)
        return {"content": "done"}

    await work(studio, block)
    assert "/runs/run-1/complete" in studio.paths


async def test_a_worker_does_so_many_runs_at_a_time_and_no_more() -> None:
    studio, begun = ScriptedStudio(runs=3), asyncio.Queue[int]()
    at_work, release = list[int](), asyncio.Event()

    async def hold(blob: Blob, context: Context[None]) -> dict[str, Any]:
        at_work.append(1)
        begun.put_nowait(len(at_work))
        await release.wait()
        at_work.pop()
        return {"content": "done"}

    worker = worker_of(studio, hold, parallel=2)
    await worker.start()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        assert [await begun.get(), await begun.get()] == [1, 2]
        assert studio.paths.count("/work/shout/claim") == 2  # the third run is not claimed
        release.set()
        assert await begun.get() <= 2
    await worker.stop()


async def test_a_stopped_worker_finishes_what_is_under_way_and_claims_no_more() -> None:
    studio, begun, release = ScriptedStudio(runs=2), asyncio.Event(), asyncio.Event()

    async def hold(blob: Blob, context: Context[None]) -> dict[str, Any]:
        begun.set()
        await release.wait()
        return {"content": "done"}

    worker = worker_of(studio, hold, parallel=1)
    await worker.start()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await begun.wait()
        stopping = asyncio.create_task(worker.stop(grace=TIMEOUT_SECONDS))
        release.set()
        await stopping
    assert studio.paths.count("/work/shout/claim") == 1
    assert "/runs/run-1/complete" in studio.paths
    assert "/runs/run-1/fail" not in studio.paths


async def test_what_does_not_end_in_the_grace_is_given_back() -> None:
    studio, begun = ScriptedStudio(), asyncio.Event()

    async def hold(blob: Blob, context: Context[None]) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        return {}

    worker = worker_of(studio, hold)
    await worker.start()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await begun.wait()
        await worker.stop(grace=0)
    assert [path for path in studio.paths if path.startswith("/runs/run-1/") and "beat" not in path] == [
        "/runs/run-1/fail"
    ]


@pytest.mark.parametrize(("url", "token"), [("studio", "token"), ("http://studio", ""), ("http://studio", "tö")])
def test_a_wrong_address_or_token_is_said_at_the_start(url: str, token: str) -> None:
    with pytest.raises(CannotStart):
        StudioClient(url, token)


async def test_what_a_studio_refuses_is_raised_as_it_is() -> None:
    problem = {"type": "about:blank", "status": 404, "code": "not_found", "reason": "not_found", "detail": "Gone."}
    answers = [httpx.Response(404, json=problem), httpx.Response(503, text="stopping"), httpx.Response(204)]
    client = StudioClient("http://studio", "token", transport=httpx.MockTransport(lambda request: answers.pop(0)))
    with pytest.raises(NotFound, match="Gone"):
        await client.ask(Run, "GET", "/runs/1")
    with pytest.raises(Unavailable, match="503"):
        await client.ask(Run, "GET", "/runs/1")
    assert await client.ask(Run | None, "POST", "/work/shout/claim", {}) is None
    await client.close()


async def test_a_worker_names_itself_in_all_that_it_says_of_its_run() -> None:
    studio = ScriptedStudio()

    async def report(blob: Blob, context: Context[None]) -> dict[str, Any]:
        await context.progress(0.5)
        return {"content": "done"}

    await work(studio, report)
    names = {studio.bodies[f"/runs/run-1/{verb}"]["worker"] for verb in ("progress", "complete")}
    assert names == {studio.bodies["/work/shout/claim"]["worker"]}


async def test_the_studio_decides_if_a_failed_run_is_tried_again() -> None:
    studio = ScriptedStudio(runs=1, failures=12)

    async def fail(blob: Blob, context: Context[None]) -> dict[str, Any]:
        raise RuntimeError("broken")

    await work(studio, fail)
    assert studio.bodies["/runs/run-1/fail"].get("final", False) is False
