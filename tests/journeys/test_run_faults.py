"""Services and servers that are killed while runs wait, are at work or end: each run ends once, with one output."""

import asyncio
import os
import signal
from typing import Any, Final

import pytest

from reyna.embedded.nats import Nats
from reyna.sdk import Blob, Context, Processor
from tests.journeys.application import Application
from tests.journeys.people import TIMEOUT_SECONDS, Device, Person
from tests.journeys.processors import running_worker

REDELIVERY_SECONDS: Final = 3.0
WORKER: Final = "worker-of-ana"
ENDS: Final = frozenset({"completed", "refused", "failed", "cancelled"})
pytestmark = pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)


class PatientProcessor:
    """A processor whose runs end, with one output each, when the test opens the revision of their blob."""

    def __init__(self, id: str) -> None:
        self.processor: Processor[None] = Processor(id, takes="text-input-v1", makes="text-input-v1", trigger="manual")
        self.processor(self._wait)
        self.started: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._open: dict[int, asyncio.Event] = {}

    def open(self, revision: int = 1) -> None:
        self._event(revision).set()

    async def _wait(self, blob: Blob, context: Context[None]) -> dict[str, Any]:
        self.started.put_nowait((blob.id, blob.revision))
        await self._event(blob.revision).wait()
        return {"content": f"made of revision {blob.revision}"}

    def _event(self, revision: int) -> asyncio.Event:
        return self._open.setdefault(revision, asyncio.Event())


async def request_runs(person: Person, device: Device, processor_id: str, count: int) -> list[dict[str, Any]]:
    notes = [await device.write_note(f"Note {number}") for number in range(count)]
    body = {"processor_id": processor_id, "blob_ids": [note["id"] for note in notes]}
    runs: list[dict[str, Any]] = (await person.post("/runs", body))["items"]
    return runs


async def wait_until_ended(person: Person, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the runs as they ended; asks for them, since events may be on their way for a while after an outage."""
    async with asyncio.timeout(2 * TIMEOUT_SECONDS):
        while True:
            now = [await person.get(f"/runs/{run['id']}") for run in runs]
            if all(run["status"] in ENDS for run in now):
                return now


async def check_each_completed_once(person: Person, device: Device, runs: list[dict[str, Any]]) -> None:
    for run in await wait_until_ended(person, runs):
        assert (run["status"], run["error"], run["held"]) == ("completed", None, False)
        made = await person.all("/blobs", parent_id=run["blob_id"])
        assert [blob["id"] for blob in made] == run["output_blob_ids"]
    assert await person.all("/dead") == []
    last = await device.write_note("the last word")
    frames = await device.receive_until(lambda frame: frame.get("blob_id") == last["id"])
    ended = [frame["run_id"] for frame in frames if frame["type"] == "processor.completed"]
    assert sorted(ended) == sorted(run["id"] for run in runs)


async def kill_service(application: Application, name: str) -> None:
    application.processes[name].send(signal.SIGKILL)
    await application.processes[name].wait()
    await application.processes[name].start()


async def claim_own_run(person: Person, device: Device, processor_id: str) -> dict[str, Any]:
    """Returns a run of the person's own processor, as a worker over HTTPS holds it."""
    own = {"id": processor_id, "version": "1.0.0", "name": "Own", "input_schemas": ["text-input-v1"]}
    await person.post("/processors", own | {"output_schema": "text-input-v1", "trigger": "manual"})
    await request_runs(person, device, processor_id, 1)
    claimed = await person.post(f"/work/{processor_id}/claim", {"worker": WORKER, "version": "1.0.0"})
    return dict(claimed)


async def complete(person: Person, claimed: dict[str, Any]) -> None:
    bearer = {"Authorization": f"Bearer {claimed['token']}"}
    outcome = {"outputs": [{"data": {"content": "made over HTTPS"}}], "worker": WORKER}
    path = f"/runs/{claimed['run']['id']}"
    beat = await person.rest.post(f"{path}/beat", headers=bearer, json={"worker": WORKER})
    assert (beat.status_code, beat.json()["status"]) == (200, "running")
    done = await person.rest.post(f"{path}/complete", headers=bearer, json=outcome)
    assert (done.status_code, done.json()["status"]) == (200, "completed"), done.text


async def test_runs_that_wait_are_at_work_or_end_survive_kill_9_of_their_service(
    application: Application, ana: Person
) -> None:
    patient, device = PatientProcessor("patient-of-service"), await ana.device()
    async with running_worker(application, patient.processor, parallel=2, patience=REDELIVERY_SECONDS):
        runs = await request_runs(ana, device, patient.processor.registration.id, 8)
        for _ in range(2):
            await patient.started.get()
        claimed = await claim_own_run(ana, device, "own-of-service")
        await kill_service(application, "processors")
        await complete(ana, claimed)
        patient.open()  # from now on they end as soon as they start: some are completing when it is killed again
        await device.wait_for("processor.completed")
        await kill_service(application, "processors")
        for run in await wait_until_ended(ana, [*runs, claimed["run"]]):
            made = await ana.all("/blobs", parent_id=run["blob_id"])
            assert (run["status"], [blob["id"] for blob in made]) == ("completed", run["output_blob_ids"])
            assert len(made) == 1
        assert await ana.all("/dead") == []


async def kill_nats(nats: Nats) -> None:
    assert nats.process.pid
    os.kill(nats.process.pid, signal.SIGKILL)
    await nats.stop()
    await nats.start()


async def test_runs_that_wait_or_are_at_work_survive_kill_9_of_nats(application: Application, ana: Person) -> None:
    assert application.nats is not None
    patient, device = PatientProcessor("patient-of-nats"), await ana.device()
    async with running_worker(application, patient.processor, parallel=1, patience=REDELIVERY_SECONDS):
        runs = await request_runs(ana, device, patient.processor.registration.id, 5)
        await patient.started.get()
        await kill_nats(application.nats)
        patient.open()
        await check_each_completed_once(ana, device, runs)
    assert patient.started.qsize() == len(runs) - 1


async def test_of_two_workers_that_race_each_run_is_done_by_one(application: Application, ana: Person) -> None:
    patient, device = PatientProcessor("patient-of-two"), await ana.device()
    patient.open()
    first = running_worker(application, patient.processor, patience=REDELIVERY_SECONDS)
    second = running_worker(application, patient.processor, patience=REDELIVERY_SECONDS)
    async with first, second:
        runs = await request_runs(ana, device, patient.processor.registration.id, 20)
        await check_each_completed_once(ana, device, runs)
    assert patient.started.qsize() == len(runs)


async def test_the_result_of_an_older_revision_that_comes_last_is_stale(application: Application, ana: Person) -> None:
    patient, device = PatientProcessor("patient-of-revisions"), await ana.device()
    note = await device.write_note("The first text")
    body = {"processor_id": patient.processor.registration.id, "blob_ids": [note["id"]]}
    async with running_worker(application, patient.processor, parallel=2):
        (older,) = (await ana.post("/runs", body))["items"]
        assert await patient.started.get() == (note["id"], 1)
        await device.do("update_blob", blob_id=note["id"], data={"content": "The second text"}, base_revision=1)
        (newer,) = (await ana.post("/runs", body))["items"]
        assert await patient.started.get() == (note["id"], 2)
        patient.open(2)
        await device.wait_for("processor.completed", run_id=newer["id"])
        patient.open(1)
        await device.wait_for("processor.completed", run_id=older["id"])
    made = {blob["data"]["content"]: blob for blob in await ana.all("/blobs", parent_id=note["id"])}
    assert {text: (blob["parent_revision"], blob["stale"]) for text, blob in made.items()} == {
        "made of revision 1": (1, True),
        "made of revision 2": (2, False),
    }
