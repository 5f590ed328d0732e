"""Live events: a change on one device reaches all others, and NATS."""

import asyncio

import msgspec
from nats.aio.client import Client

from tests.journeys.people import NOTE, Person, sequence_of

CONTENT = "The ship sailed into the storm."


async def test_a_note_i_write_here_appears_over_there(ana: Person) -> None:
    here, there = await ana.device(), await ana.device()
    bucket = (await here.do("create_bucket", name="Chapter 1", type="scene"))["bucket"]
    note = await here.write_note(CONTENT, bucket_ids=[bucket["id"]])
    event = await there.wait_for("blob.created", blob_id=note["id"])
    assert event["bucket_ids"] == [bucket["id"]]
    assert (event["schema_id"], event["processor"], event["revision"]) == (NOTE, "user-input", 1)
    assert sequence_of(event["cursor"]) > sequence_of(there.hello["cursor"])
    assert (await ana.get(f"/blobs/{note['id']}"))["data"] == {"content": CONTENT}


async def test_only_the_device_that_wrote_a_note_is_told_which_request_it_was(ana: Person) -> None:
    here, there = await ana.device(), await ana.device()
    answer = await here.do("create_blob", schema_id=NOTE, data={"content": CONTENT})
    echo, news = await asyncio.gather(here.wait_for("blob.created"), there.wait_for("blob.created"))
    assert echo["origin"] == answer["request_id"]
    assert "origin" not in news
    assert echo["event_id"] == news["event_id"]


async def test_a_note_written_over_rest_appears_on_every_device(ana: Person) -> None:
    devices = [await ana.device() for _ in range(3)]
    note = await ana.post("/blobs", {"schema_id": NOTE, "data": {"content": CONTENT}})
    frames = await asyncio.gather(*(device.wait_for("blob.created", blob_id=note["id"]) for device in devices))
    assert len({event["event_id"] for event in frames}) == 1


async def test_news_says_what_happened_and_never_what_was_written(ana: Person, nats_client: Client) -> None:
    device = await ana.device()
    live = await nats_client.subscribe(f"reyna.live.{ana.id}.>")
    await nats_client.flush()
    note = await device.write_note(CONTENT)
    event = await device.wait_for("blob.created", blob_id=note["id"])
    message = await live.next_msg(timeout=60)
    assert message.subject == f"reyna.live.{ana.id}.blob.created.{NOTE}"
    assert message.headers and int(message.headers["Nats-Sequence"]) == sequence_of(event["cursor"])
    stored = await nats_client.jetstream().get_msg("EVENTS", sequence_of(event["cursor"]))
    assert stored.subject == f"reyna.event.{ana.id}.blob.created.{NOTE}"
    assert stored.data == message.data
    for payload in (message.data, msgspec.json.encode(event)):
        assert b"ship" not in payload
    cloud_event = msgspec.json.decode(message.data)
    assert cloud_event["specversion"] == "1.0"
    assert cloud_event["id"] == event["event_id"]
    assert cloud_event["type"] == f"blob.created.{NOTE}"
    assert cloud_event["data"]["blob_id"] == note["id"]


async def test_every_change_i_make_here_is_heard_over_there(ana: Person) -> None:
    here, there = await ana.device(), await ana.device()
    book = (await here.do("create_bucket", name="Novel", type="novel"))["bucket"]
    part = (await here.do("create_bucket", name="Part 1", type="part"))["bucket"]
    note = await here.write_note(CONTENT)
    await here.do("update_blob", blob_id=note["id"], data={"content": "Calm."}, base_revision=1)
    await here.do("place_blob", bucket_id=book["id"], blob_id=note["id"])
    await here.do("place_blob", bucket_id=book["id"], blob_id=note["id"], after=None)
    await here.do("take_out_blob", bucket_id=book["id"], blob_id=note["id"])
    await here.do("update_bucket", bucket_id=book["id"], name="The Novel", base_revision=1)
    await here.do("move_bucket", bucket_id=part["id"], parent_bucket_id=book["id"])
    await here.do("trash_blob", blob_id=note["id"])
    frames = await there.receive_until(lambda frame: frame["type"] == "blob.trashed")
    assert [frame["type"] for frame in frames] == [
        "bucket.created",
        "bucket.created",
        "blob.created",
        "blob.updated",
        "bucket.blob.added",
        "bucket.blob.moved",
        "bucket.blob.removed",
        "bucket.updated",
        "bucket.moved",
        "blob.trashed",
    ]
    assert [sequence_of(frame["cursor"]) for frame in frames] == sorted(
        sequence_of(frame["cursor"]) for frame in frames
    )


async def test_a_device_that_asked_for_one_bucket_hears_of_no_other(ana: Person) -> None:
    here, there = await ana.device(), await ana.device()
    mine, other = [(await here.do("create_bucket", name=name, type="scene"))["bucket"] for name in ("One", "Two")]
    await there.wait_for("bucket.created", bucket_id=other["id"])
    await there.do("subscribe", buckets=[mine["id"]], types=["blob.*"])
    await here.write_note("elsewhere", bucket_ids=[other["id"]])
    wanted = await here.write_note("here", bucket_ids=[mine["id"]])
    frames = await there.receive_until(lambda frame: True)
    assert [frame["blob_id"] for frame in frames] == [wanted["id"]]
