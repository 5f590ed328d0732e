"""The house whose state service keeps its records in MongoDB."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from secantus import SecantusDBServer

from tests.journeys.house import House
from tests.journeys.writing import Writing, check_nothing_is_lost


async def test_what_was_acknowledged_is_in_mongodb_after_kill_9_of_the_house(
    built: Callable[..., House], mongo_url: str
) -> None:
    house = built(REYNA_STATE_URL=mongo_url)
    await house.start()
    ana = await house.person("ana")
    desk, phone = await ana.device(), await ana.device()
    book = (await desk.do("create_bucket", name="The Storm", type="book"))["bucket"]
    chapter = (await desk.do("create_bucket", name="One", type="chapter", parent_bucket_id=book["id"]))["bucket"]
    note = await desk.write("The ship sailed.", bucket_ids=[chapter["id"]])
    told = await phone.hears("blob.created", blob_id=note["id"])
    assert told["bucket_ids"] == [chapter["id"]]

    writing = Writing()
    work = asyncio.create_task(writing.go_on(desk, "desk", 40))
    await writing.has_reached(15)
    await house.kill()
    await work
    await house.start()
    await check_nothing_is_lost(ana, writing)
    tree = await ana.get(f"/buckets/{book['id']}/tree")
    assert [child["id"] for child in tree["children"]] == [chapter["id"]]
    assert (await ana.get(f"/blobs/{note['id']}"))["bucket_ids"] == [chapter["id"]]
    await ana.leave()
    await house.stop()


async def test_a_mongodb_that_runs_alone_stops_the_start_with_one_line(
    built: Callable[..., House], tmp_path: Path
) -> None:
    with SecantusDBServer(storage_path=str(tmp_path / "alone"), replica_set_name=None) as server:
        house = built(REYNA_STATE_URL=server.uri)
        with pytest.raises(AssertionError):
            await house.start()
        await house.part("up").ended()
        said = [line for line in house.part("up").log.read_text().splitlines() if "replicaSet=" in line]
        assert len(said) == 1
        assert "Traceback" not in house.part("up").log.read_text()
