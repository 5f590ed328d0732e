"""Work over HTTPS: a processor of one's own, written from the tutorial alone, with an address and a token."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from reyna.domain.processing.lease import LEASE
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.rest.rest_worker import RestWorker
from reyna.sdk.rest.studio_client import StudioClient
from tests.journeys.application import REYNA, Application, ApplicationProcess
from tests.journeys.people import TIMEOUT_SECONDS, Person, body_of

TUTORIAL: Final = Path(__file__).parents[2] / "docs/tutorial/write-a-processor.md"
CODE: Final = re.compile(r"```python\n(.*?)```", re.DOTALL)
MAX_LINES: Final = 30
both_kinds: Final = pytest.mark.parametrize("application", ["in_one_process", "in_four_processes"], indirect=True)


@asynccontextmanager
async def working(person: Person, processor: Processor[Any], **options: Any) -> AsyncIterator[RestWorker]:
    worker = RestWorker(processor, lambda: StudioClient(person.address, person.token), **options)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(grace=0)


async def request(person: Person, processor_id: str, note: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"processor_id": processor_id, "blob_ids": [note["id"]]} | fields
    (run,) = (await person.post("/runs", body))["items"]
    return dict(run)


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_what_the_tutorial_says_works(application: Application, ana: Person, bo: Person, tmp_path: Path) -> None:
    (code,) = CODE.findall(TUTORIAL.read_text(encoding="utf-8"))
    assert len(code.splitlines()) < MAX_LINES
    (tmp_path / "shouting.py").write_text(code, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REYNA_")}
    environment |= {"REYNA_URL": ana.address, "REYNA_TOKEN": ana.token}
    command = (*REYNA, "processor", "run", "shouting:shouting")
    worker = ApplicationProcess("Running shouting:shouting. It", command, environment, tmp_path)
    await worker.start()
    device = await ana.device()
    note = await device.write_note("The ship sails.")
    run = await request(ana, "shouting", note, settings={"marks": 3})
    await device.wait_for("processor.completed", run_id=run["id"])
    (made,) = await ana.all("/blobs", parent_id=note["id"])
    assert made["data"] == {"content": "THE SHIP SAILS.!!!"}
    assert (await bo.rest.get("/processors/shouting")).status_code == 404
    worker.send(signal.SIGTERM)
    assert await worker.wait() == 0


@both_kinds
async def test_a_run_over_https_has_all_that_a_run_has(application: Application, ana: Person) -> None:
    calls = list[str]()
    reading = Processor("reading", takes="text-input-v1", makes="text-input-v1", trigger="manual")

    @reading
    async def read(blob: Blob, context: Context[None]) -> dict[str, Any]:
        def begin() -> str:
            calls.append("first")
            return "one"

        first = await context.step("first", begin)
        await context.progress(0.5, "half of it")
        if len(calls) == 1:
            calls.append("breaks")
            raise RuntimeError("on purpose")
        same = await context.blob(blob.id)
        others = [other.id async for other in context.blobs(schema="text-input-v1")]
        return {"content": f"{first} {same.data['content']} {blob.id in others}"}

    device = await ana.device()
    note = await device.write_note("The ship sails.")
    async with working(ana, reading):
        run = await request(ana, "reading", note)
        await device.wait_for("processor.progress", run_id=run["id"], text="half of it")
        await device.wait_for("processor.completed", run_id=run["id"])
    (made,) = await ana.all("/blobs", parent_id=note["id"])
    assert made["data"] == {"content": "one The ship sails. True"}
    assert calls == ["first", "breaks"]
    ended = await ana.get(f"/runs/{run['id']}")
    assert (ended["status"], ended["attempt"], ended["failures"]) == ("completed", 2, 1)


@both_kinds
async def test_a_cancelled_run_stops_its_worker(application: Application, ana: Person) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()
    waiting = Processor("waiting", takes="text-input-v1", makes="text-input-v1", trigger="manual")

    @waiting
    async def wait(blob: Blob, context: Context[None]) -> dict[str, Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return {}

    device = await ana.device()
    note = await device.write_note("The ship sails.")
    async with working(ana, waiting):
        run = await request(ana, "waiting", note)
        async with asyncio.timeout(60):
            await begun.wait()
            assert (await ana.post(f"/runs/{run['id']}/cancel"))["status"] == "cancelled"
            await stopped.wait()
    assert await ana.all("/blobs", parent_id=note["id"]) == []


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_a_stopped_worker_gives_its_run_back_to_the_next(application: Application, ana: Person) -> None:
    begun, first = asyncio.Event(), True
    patient = Processor("patient", takes="text-input-v1", makes="text-input-v1", trigger="manual")

    @patient
    async def work(blob: Blob, context: Context[None]) -> dict[str, Any]:
        begun.set()
        if first:
            await asyncio.Event().wait()
        return {"content": "done"}

    device = await ana.device()
    note = await device.write_note("The ship sails.")
    async with working(ana, patient):
        run = await request(ana, "patient", note)
        async with asyncio.timeout(60):
            await begun.wait()
    first = False
    async with working(ana, patient):
        await device.wait_for("processor.completed", run_id=run["id"])
    assert len(await ana.all("/blobs", parent_id=note["id"])) == 1


@both_kinds
async def test_the_token_of_a_run_does_nothing_else(application: Application, ana: Person, bo: Person) -> None:
    own = {"id": "own", "version": "1.0.0", "name": "Own", "input_schemas": ["text-input-v1"]}
    await ana.post("/processors", own | {"output_schema": "text-input-v1", "trigger": "manual"})
    note = await ana.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": "mine"}})
    run = await request(ana, "own", note)
    claim = {"worker": "worker-1", "version": "1.0.0"}
    assert (await bo.rest.post("/work/own/claim", json=claim)).status_code == 404
    claimed = await ana.post("/work/own/claim", claim)
    assert (claimed["run"]["id"], claimed["blob"]["id"]) == (run["id"], note["id"])
    assert (await ana.rest.post("/work/own/claim", json=claim)).status_code == 204
    bearer = {"Authorization": f"Bearer {claimed['token']}"}
    for method, path in (("GET", "/me"), ("GET", "/events"), ("POST", "/blobs"), ("DELETE", f"/blobs/{note['id']}")):
        body = {"schema_id": "text-input-v1", "data": {"content": "x"}} if method == "POST" else None
        assert (await ana.rest.request(method, path, headers=bearer, json=body)).status_code == 401
    for token in (ana.token, bo.token):
        beat = await ana.rest.post(f"/runs/{run['id']}/beat", headers={"Authorization": f"Bearer {token}"})
        assert beat.status_code == 403
    assert body_of(await ana.rest.get(f"/blobs/{note['id']}", headers=bearer))["id"] == note["id"]
    outcome = {"outputs": [{"data": {"content": "made"}}]}
    for _ in range(2):
        done = body_of(await ana.rest.post(f"/runs/{run['id']}/complete", headers=bearer, json=outcome))
        assert done["status"] == "completed"
    assert len(await ana.all("/blobs", parent_id=note["id"])) == 1


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_the_run_of_a_killed_worker_goes_to_the_next(
    application: Application, ana: Person, tmp_path: Path
) -> None:
    source = (
        "import asyncio\nfrom reyna.sdk import Processor\n"
        'lost = Processor("lost", takes="text-input-v1", makes="text-input-v1", trigger="manual")\n'
        "@lost\nasync def hold(blob, context):\n"
        '    await context.step("first", lambda: "kept")\n'
        '    await context.progress(0.5, "holding")\n'
        "    await asyncio.Event().wait()\n"
    )
    (tmp_path / "lost.py").write_text(source, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REYNA_")}
    environment |= {"REYNA_URL": ana.address, "REYNA_TOKEN": ana.token}
    killed = ApplicationProcess(
        "Running lost:lost. It", (*REYNA, "processor", "run", "lost:lost"), environment, tmp_path
    )
    await killed.start()
    device = await ana.device()
    note = await device.write_note("The ship sails.")
    run = await request(ana, "lost", note)
    await device.wait_for("processor.progress", run_id=run["id"], text="holding")
    killed.send(signal.SIGKILL)
    await killed.wait()
    lost, calls = Processor("lost", takes="text-input-v1", makes="text-input-v1", trigger="manual"), list[str]()

    taken_over = asyncio.Event()

    @lost
    async def go_on(blob: Blob, context: Context[None]) -> dict[str, Any]:
        taken_over.set()
        return {"content": await context.step("first", lambda: calls.append("again"))}

    async with working(ana, lost):
        async with asyncio.timeout(LEASE.total_seconds() + TIMEOUT_SECONDS):
            await taken_over.wait()
        await device.wait_for("processor.completed", run_id=run["id"])
    (made,) = await ana.all("/blobs", parent_id=note["id"])
    assert (made["data"], calls) == ({"content": "kept"}, [])
