"""Quota: a user who reaches it is refused by REST and by the socket, and every device hears of it."""

from collections.abc import Mapping
from typing import Any

from tests.journeys.conftest import Builder
from tests.journeys.people import NOTE

LIMITS = {"REYNA_QUOTA_BLOBS": "2", "REYNA_QUOTA_BUCKETS": "1", "REYNA_QUOTA_RUNS": "1"}
NO_FILES = {"files": 0, "file_bytes": 0}
ROOM = "The ship sailed into the storm, and nobody on board had slept since they had left the harbour behind."


def full(output: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(output.get(field) for field in ("code", "what", "used", "allowed"))


async def test_over_the_quota_every_door_says_no_and_every_device_hears_of_it(
    build_application: Builder,
) -> None:
    application = build_application(**LIMITS)
    await application.start()
    ana, bo = await application.person("ana"), await application.person("bo")
    phone, laptop = await ana.device(), await ana.device()
    first = await ana.post("/blobs", {"schema_id": NOTE, "data": {"content": ROOM}})
    second = await phone.write_note(ROOM)

    refused = await ana.rest.post("/blobs", json={"schema_id": NOTE, "data": {"content": ROOM}})
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert full(refused.json()) == ("too_much", "blobs", 2, 2)
    assert full(await laptop.wait_for("quota.exceeded")) == (None, "blobs", 2, 2)
    answer = await phone.request("create_blob", schema_id=NOTE, data={"content": ROOM})
    assert (answer["type"], *full(answer)) == ("error", "too_much", "blobs", 2, 2)

    await ana.post("/buckets", {"name": "Book", "type": "book"})
    answer = await phone.request("create_bucket", name="Another", type="book")
    assert (answer["type"], *full(answer)) == ("error", "too_much", "buckets", 1, 1)
    assert full(await laptop.wait_for("quota.exceeded")) == (None, "buckets", 1, 1)

    await ana.post("/runs", {"processor_id": "text-expansion", "blob_ids": [first["id"]]})
    answer = await phone.request("run_processor", processor_id="text-expansion", blob_ids=[second["id"]])
    assert (answer["type"], *full(answer)) == ("error", "too_much", "runs", 1, 1)
    assert full(await laptop.wait_for("quota.exceeded")) == (None, "runs", 1, 1)

    me = await ana.get("/me")
    assert me["usage"] == {"blobs": 2, "bytes": first["size"] + second["size"], "buckets": 1, "runs": 1} | NO_FILES
    assert me["quota"] == {"blobs": 2, "buckets": 1, "runs": 1}
    assert (await bo.get("/me"))["usage"] == {"blobs": 0, "bytes": 0, "buckets": 0, "runs": 0} | NO_FILES
    await bo.post("/blobs", {"schema_id": NOTE, "data": {"content": ROOM}})
    for person in (ana, bo):
        await person.leave()
