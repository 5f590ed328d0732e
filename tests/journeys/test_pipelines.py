"""Pipelines: on a bucket, with a condition, through a `kill -9` of the processor service in the middle of it."""

import asyncio
import signal
from typing import Any, Final

import pytest

from reyna.sdk import Blob, Context, Processor
from tests.journeys.application import Application
from tests.journeys.people import Person
from tests.journeys.processors import running_worker

NOTES: Final = 8
KILLED_AT: Final = 3  # runs of the second stage that have started
REDELIVERY_SECONDS: Final = 3.0  # of a run whose end the service did not hear of; a test has no time for the usual 30
STAGES: Final = [
    {"processor_id": "halving"},
    {"processor_id": "polishing", "when": 'starts_with(content, "first") and words(content) < 100'},
]


class Chain:
    """Two processors: one makes two halves of a note, the other polishes a half once the test lets it."""

    def __init__(self) -> None:
        self.first: Processor[None] = Processor(
            "halving", takes="text-input-v1", makes="edited-text-v1", trigger="manual"
        )
        self.second: Processor[None] = Processor(
            "polishing", takes="edited-text-v*", makes="edited-text-v1", trigger="manual"
        )
        self.first(self._halve)
        self.second(self._polish)
        self.started: asyncio.Queue[str] = asyncio.Queue()
        self.may_go_on = asyncio.Event()

    async def _halve(self, blob: Blob, context: Context[None]) -> list[dict[str, Any]]:
        return [{"content": f"{half} half of {blob.data['content']}"} for half in ("first", "second")]

    async def _polish(self, blob: Blob, context: Context[None]) -> dict[str, Any]:
        self.started.put_nowait(blob.id)
        await self.may_go_on.wait()
        return {"content": blob.data["content"].upper()}


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_a_pipeline_on_a_bucket_survives_kill_9_and_does_everything_once(
    application: Application, ana: Person, bo: Person
) -> None:
    chain, device = Chain(), await ana.device()
    book = await ana.post("/buckets", {"name": "Book", "type": "book"})
    chapter = await ana.post("/buckets", {"name": "One", "type": "chapter", "parent_bucket_id": book["id"]})
    buckets = [book["id"], chapter["id"]]
    notes = [await device.write_note(f"note {number}", bucket_ids=[buckets[number % 2]]) for number in range(NOTES)]
    async with (
        running_worker(application, chain.first, patience=REDELIVERY_SECONDS),
        running_worker(application, chain.second, patience=REDELIVERY_SECONDS),
    ):
        pipeline = await ana.post("/pipelines", {"name": "Polish", "stages": STAGES})
        requested = await ana.post("/runs", {"pipeline_id": pipeline["id"], "bucket_id": book["id"]})
        batch_id = requested["batch_id"]
        assert {run["blob_id"] for run in requested["items"]} == {note["id"] for note in notes}
        for _ in range(KILLED_AT):
            await chain.started.get()

        application.processes["processors"].send(signal.SIGKILL)
        await application.processes["processors"].wait()
        chain.may_go_on.set()
        await application.processes["processors"].start()
        await device.wait_for("batch.completed", batch_id=batch_id)

    batch = await ana.get(f"/batches/{batch_id}")
    halved, polished = batch["progress"]["stages"]
    assert (batch["status"], batch["progress"]["fraction"]) == ("completed", 1.0)
    assert (halved["completed"], polished["completed"], polished["skipped"]) == (NOTES, NOTES, NOTES)
    assert len(await ana.all("/runs", batch_id=batch_id)) == 2 * NOTES
    assert len(await ana.all(f"/batches/{batch_id}/skipped")) == NOTES
    for note in notes:
        lineage = await ana.get(f"/blobs/{note['id']}/lineage")
        made = [(kin["distance"], kin["processor_id"]) for kin in lineage["descendants"]]
        assert sorted(made) == [(1, "halving"), (1, "halving"), (2, "polishing")]
    assert (await bo.rest.get(f"/batches/{batch_id}")).status_code == 404


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_processors_that_do_not_fit_are_refused_before_anything_starts(
    application: Application, ana: Person
) -> None:
    note = await (await ana.device()).write_note("A ship.")
    new = {"pipeline": ["text-expansion", "text-expansion"], "blob_ids": [note["id"]]}
    answer = await ana.rest.post("/runs", json=new)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "/pipeline/1"
    assert "text-input-v1" in error["message"]
    assert "expanded-text-v1" in error["message"]
    assert await ana.all("/runs") == await ana.all("/batches") == []
