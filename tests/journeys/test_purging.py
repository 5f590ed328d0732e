"""Purging the trash: every device hears of it, and an interrupted purge is finished after the next start."""

import asyncio

import httpx
import msgspec
import pytest

from tests.journeys.application import Application
from tests.journeys.conftest import Builder
from tests.journeys.people import Person, body_of, rest

NOTES, KILLED_AT = 2500, 300


async def used(person: Person) -> dict[str, int]:
    usage = (await person.get("/me"))["usage"]
    return {name: usage[name] for name in ("blobs", "bytes", "buckets")}


async def test_the_second_device_hears_what_is_purged_and_the_quota_is_free_again(
    application: Application, ana: Person
) -> None:
    here, there = await ana.device(), await ana.device()
    before = await used(ana)
    book = (await here.do("create_bucket", name="Book", type="draft"))["bucket"]
    chapter = (await here.do("create_bucket", name="Chapter", type="draft", parent_bucket_id=book["id"]))["bucket"]
    notes = [await here.write_note(f"note {number}", bucket_ids=[chapter["id"]]) for number in range(3)]
    single = await here.write_note("by itself")
    await here.do("trash_bucket", bucket_id=book["id"])
    await here.do("trash_blob", blob_id=single["id"])
    assert (await used(ana))["blobs"] == before["blobs"] + 4
    gone = body_of(await ana.rest.delete(f"/trash/{book['id']}"))
    assert gone == {"units": 1, "blobs": 3, "buckets": 2}
    frames = await there.receive_until(
        lambda frame: frame["type"] == "bucket.purged" and frame["bucket_id"] == book["id"]
    )
    purged = [frame for frame in frames if frame["type"].endswith(".purged")]
    assert {frame["blob_id"] for frame in purged[:3]} == {note["id"] for note in notes}
    assert [frame["bucket_id"] for frame in purged[3:]] == [chapter["id"], book["id"]]
    assert purged[0]["bucket_ids"] == [chapter["id"]]
    assert [item["id"] for item in (await ana.get("/trash"))["items"]] == [single["id"]]
    assert (await ana.rest.delete(f"/trash/{book['id']}")).status_code == 404
    assert body_of(await ana.rest.delete("/trash")) == {"units": 1, "blobs": 1, "buckets": 0}
    assert await used(ana) == before
    assert (await ana.rest.get(f"/blobs/{notes[0]['id']}/revisions")).status_code == 404
    refused = await here.request("undo")
    assert refused["code"] == "conflict" and "nothing" in refused["detail"]


async def test_a_purge_that_was_killed_is_finished_when_the_application_is_back(
    build_application: Builder,
) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    device = await ana.device()
    lines = b"\n".join(msgspec.json.encode({"id": n, "content": "x" * 200, "book_id": "b"}) for n in range(NOTES))
    async with rest(f"{application.address}/api", ana.token) as asking:
        body_of(await asking.post("/migrate/legacy", content=lines))
    (book,) = (await ana.get("/buckets"))["items"]
    body_of(await ana.rest.delete(f"/buckets/{book['id']}"))
    purging = asyncio.create_task(ana.rest.delete("/trash"))
    for _ in range(KILLED_AT):
        await device.wait_for("blob.purged")
    await application.kill()
    with pytest.raises(httpx.HTTPError):
        await purging
    await application.start()
    back = await ana.device()
    await back.request("resume", cursor=device.hello["cursor"])
    await back.wait_for("bucket.purged", bucket_id=book["id"])
    assert await used(ana) == {"blobs": 0, "bytes": 0, "buckets": 0}
    assert (await ana.get("/trash"))["items"] == []
    assert body_of(await ana.rest.delete("/trash")) == {"units": 0, "blobs": 0, "buckets": 0}
    await ana.leave()
