"""Outputs of a run are there together, on PostgreSQL and from two processes at once."""

import asyncio

from msgspec.structs import replace

from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller
from reyna.domain.processing.run import derived_blob_id
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder

OUTPUTS = 40


async def test_outputs_in_one_bucket_are_stored_once_by_two_processes_at_once(
    processes: list[State], ana: Caller
) -> None:
    here, there = processes
    content = ContentBuilder(here, ana)
    chapter = await content.bucket()
    source = await content.note("x", chapter.id)
    worker = replace(ana, kind="processor", processor_id="shouting", run_id="run-1")
    new = [
        NewBlob(
            processor_id="shouting",
            schema_id="text-input-v1",
            data={"content": f"Part {number}"},
            bucket_ids=(chapter.id,),
            parent_id=source.id,
        )
        for number in range(OUTPUTS)
    ]
    ids = [derived_blob_id("run-1", number) for number in range(OUTPUTS)]
    await asyncio.gather(*(state.blobs.create_all(worker, new, ids, parent_revision=1) for state in (here, there)))
    page = await there.blobs.list(ana, bucket_id=chapter.id, processor_id="shouting", limit=200)
    assert [(blob.id, blob.data["content"]) for blob in page.items] == [
        (id, one.data["content"]) for id, one in zip(ids, new, strict=True)
    ]
    assert (await here.quota.usage(ana)).used["blobs"] == OUTPUTS + 1
