"""Workers are shared among users: whoever asks for little is not kept waiting by whoever asks for much."""

import asyncio
from typing import Any, Final

import pytest

from tests.journeys.application import Application
from tests.journeys.people import Person
from tests.journeys.processors import Gate, running_worker

ANAS_RUNS: Final = 40


async def write_notes(person: Person, count: int) -> list[str]:
    async def write(number: int) -> str:
        note = await person.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": f"Note {number}"}})
        return str(note["id"])

    return [await write(number) for number in range(count)]


async def request_runs(person: Person, gate: Gate, blob_ids: list[str]) -> list[dict[str, Any]]:
    answer = await person.post("/runs", {"processor_id": gate.processor.registration.id, "blob_ids": blob_ids})
    runs: list[dict[str, Any]] = answer["items"]
    return runs


@pytest.mark.parametrize("parallel", [1, 3])
async def test_bo_waits_for_one_run_of_ana_and_not_for_all(
    application: Application, ana: Person, bo: Person, parallel: int
) -> None:
    gate = Gate(f"gate-{parallel}")
    anas, (bos,) = await write_notes(ana, ANAS_RUNS), await write_notes(bo, 1)
    async with asyncio.timeout(120), running_worker(application, gate.processor, parallel=parallel):
        device = await ana.device()
        runs = await request_runs(ana, gate, anas)
        assert sum(run["held"] for run in runs) >= ANAS_RUNS - 2 * parallel
        assert {run["priority"] for run in runs} == {"bulk"}
        at_work = [await gate.started.get() for _ in range(parallel)]
        assert set(at_work) <= set(anas)

        (run,) = await request_runs(bo, gate, [bos])
        assert run["priority"] == "interactive"
        gate.let_through()
        next_started = [await gate.started.get()]
        while len(next_started) <= parallel and bos not in next_started:  # what was handed out before bo came
            gate.let_through()
            next_started.append(await gate.started.get())
        assert bos in next_started

        gate.let_through(ANAS_RUNS)
        ended = {run["id"] for run in runs}
        while ended:
            frame = await device.wait_for("processor.completed")
            ended.discard(frame["run_id"])
        listed = await ana.all("/runs", processor_id=gate.processor.registration.id)
        assert [(run["status"], run["attempt"], run["held"]) for run in listed] == [("completed", 1, False)] * ANAS_RUNS


async def test_a_note_that_changed_is_processed_as_it_is_now(application: Application, ana: Person) -> None:
    gate = Gate("gate-of-revisions")
    other, note = await write_notes(ana, 2)
    async with asyncio.timeout(120), running_worker(application, gate.processor, parallel=1):
        device = await ana.device()
        await request_runs(ana, gate, [other])
        await gate.started.get()
        (older,) = await request_runs(ana, gate, [note])
        await device.do("update_blob", blob_id=note, data={"content": "Another text"}, base_revision=1)
        (newer,) = await request_runs(ana, gate, [note])
        cancelled = await device.wait_for("processor.cancelled", run_id=older["id"])
        assert "Revision 2" in cancelled["error"]
        gate.let_through(2)
        await device.wait_for("processor.completed", run_id=newer["id"])
        assert (await ana.get(f"/runs/{newer['id']}"))["blob_revision"] == 2
