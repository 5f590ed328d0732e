"""The application with MongoDB below the state service."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from secantus import SecantusDBServer

from tests.journeys.application import Application
from tests.journeys.concurrent_writers import AcknowledgedNotes, check_nothing_is_lost


async def test_what_was_acknowledged_is_in_mongodb_after_kill_9_of_the_application(
    build_application: Callable[..., Application], mongo_url: str
) -> None:
    application = build_application(REYNA_STATE_URL=mongo_url)
    await application.start()
    ana = await application.person("ana")
    desk, phone = await ana.device(), await ana.device()
    book = (await desk.do("create_bucket", name="The Storm", type="book"))["bucket"]
    chapter = (await desk.do("create_bucket", name="One", type="chapter", parent_bucket_id=book["id"]))["bucket"]
    note = await desk.write_note("The ship sailed.", bucket_ids=[chapter["id"]])
    event = await phone.wait_for("blob.created", blob_id=note["id"])
    assert event["bucket_ids"] == [chapter["id"]]

    writing = AcknowledgedNotes()
    work = asyncio.create_task(writing.write_notes(desk, "desk", 40))
    await writing.wait_for_count(15)
    await application.kill()
    await work
    await application.start()
    await check_nothing_is_lost(ana, writing)
    tree = await ana.get(f"/buckets/{book['id']}/tree")
    assert [child["id"] for child in tree["children"]] == [chapter["id"]]
    assert (await ana.get(f"/blobs/{note['id']}"))["bucket_ids"] == [chapter["id"]]
    await ana.leave()
    await application.stop()


async def test_a_mongodb_that_runs_alone_stops_the_start_with_one_line(
    build_application: Callable[..., Application], tmp_path: Path
) -> None:
    with SecantusDBServer(storage_path=str(tmp_path / "alone"), replica_set_name=None) as server:
        application = build_application(REYNA_STATE_URL=server.uri)
        with pytest.raises(AssertionError):
            await application.start()
        await application.process_for("up").wait()
        output = [line for line in application.process_for("up").log.read_text().splitlines() if "replicaSet=" in line]
        assert len(output) == 1
        assert "Traceback" not in application.process_for("up").log.read_text()
