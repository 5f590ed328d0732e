"""The trash is emptied, and every device knows; cut off in the middle, the house finishes by itself."""

import asyncio

import httpx
import msgspec
import pytest

from tests.journeys.conftest import Builds
from tests.journeys.house import House
from tests.journeys.people import Person, of, rest

NOTES, KILLED_AT = 2500, 300


async def used(person: Person) -> dict[str, int]:
    usage = (await person.get("/me"))["usage"]
    return {name: usage[name] for name in ("blobs", "bytes", "buckets")}


async def test_the_second_device_hears_what_is_purged_and_the_quota_is_free_again(house: House, ana: Person) -> None:
    here, there = await ana.device(), await ana.device()
    before = await used(ana)
    book = (await here.do("create_bucket", name="Book", type="draft"))["bucket"]
    chapter = (await here.do("create_bucket", name="Chapter", type="draft", parent_bucket_id=book["id"]))["bucket"]
    notes = [await here.write(f"note {number}", bucket_ids=[chapter["id"]]) for number in range(3)]
    single = await here.write("by itself")
    await here.do("trash_bucket", bucket_id=book["id"])
    await here.do("trash_blob", blob_id=single["id"])
    assert (await used(ana))["blobs"] == before["blobs"] + 4
    gone = of(await ana.rest.delete(f"/trash/{book['id']}"))
    assert gone == {"units": 1, "blobs": 3, "buckets": 2}
    heard = await there.until(lambda frame: frame["type"] == "bucket.purged" and frame["bucket_id"] == book["id"])
    purged = [frame for frame in heard if frame["type"].endswith(".purged")]
    assert {frame["blob_id"] for frame in purged[:3]} == {note["id"] for note in notes}
    assert [frame["bucket_id"] for frame in purged[3:]] == [chapter["id"], book["id"]]
    assert purged[0]["bucket_ids"] == [chapter["id"]]
    assert [item["id"] for item in (await ana.get("/trash"))["items"]] == [single["id"]]
    assert (await ana.rest.delete(f"/trash/{book['id']}")).status_code == 404
    assert of(await ana.rest.delete("/trash")) == {"units": 1, "blobs": 1, "buckets": 0}
    assert await used(ana) == before
    assert (await ana.rest.get(f"/blobs/{notes[0]['id']}/revisions")).status_code == 404
    refused = await here.ask("undo")
    assert refused["code"] == "conflict" and "nothing" in refused["detail"]


async def test_a_purge_that_was_killed_is_finished_when_the_house_is_back(built: Builds) -> None:
    house = built()
    await house.start()
    ana = await house.person("ana")
    device = await ana.device()
    lines = b"\n".join(msgspec.json.encode({"id": n, "content": "x" * 200, "book_id": "b"}) for n in range(NOTES))
    async with rest(f"{house.address}/api", ana.token) as asking:
        of(await asking.post("/migrate/legacy", content=lines))
    (book,) = (await ana.get("/buckets"))["items"]
    of(await ana.rest.delete(f"/buckets/{book['id']}"))
    purging = asyncio.create_task(ana.rest.delete("/trash"))
    for _ in range(KILLED_AT):
        await device.hears("blob.purged")
    await house.kill()
    with pytest.raises(httpx.HTTPError):
        await purging
    await house.start()
    back = await ana.device()
    await back.ask("resume", cursor=device.hello["cursor"])
    await back.hears("bucket.purged", bucket_id=book["id"])
    assert await used(ana) == {"blobs": 0, "bytes": 0, "buckets": 0}
    assert (await ana.get("/trash"))["items"] == []
    assert of(await ana.rest.delete("/trash")) == {"units": 0, "blobs": 0, "buckets": 0}
    await ana.leave()
