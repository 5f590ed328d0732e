"""Two devices that edit the same note: no text is lost, and the slower one learns what is stored."""

import asyncio
from typing import Any

from tests.journeys.people import Person


def texts(revisions: dict[str, Any]) -> list[tuple[str, bool]]:
    """What each revision says, and whether it lost a race; newest first."""
    return [(revision["data"]["content"], revision["conflict"]) for revision in revisions["items"]]


async def test_the_slower_of_two_devices_is_told_what_is_there_and_its_text_is_kept(ana: Person) -> None:
    phone, desk = await ana.device(), await ana.device()
    note = await phone.write_note("The ship.")
    await phone.do("update_blob", blob_id=note["id"], data={"content": "The ship sailed."}, base_revision=1)
    refused = await desk.request("update_blob", blob_id=note["id"], data={"content": "The ship sank."}, base_revision=1)
    assert (refused["type"], refused["code"], refused["reason"]) == ("error", "conflict", "stale_revision")
    assert refused["current"]["data"] == {"content": "The ship sailed."}
    assert refused["current"]["revision"] == 2
    assert texts(await ana.get(f"/blobs/{note['id']}/revisions")) == [
        ("The ship sailed.", False),
        ("The ship sank.", True),
        ("The ship.", False),
    ]


async def test_of_two_devices_that_save_at_the_same_moment_exactly_one_wins(ana: Person) -> None:
    devices = [await ana.device() for _ in range(2)]
    note = await devices[0].write_note("0")
    for revision in range(1, 11):
        answers = await asyncio.gather(
            *(
                device.request(
                    "update_blob",
                    blob_id=note["id"],
                    data={"content": f"{revision} on device {number}"},
                    base_revision=revision,
                )
                for number, device in enumerate(devices)
            )
        )
        assert sorted(answer["type"] for answer in answers) == ["error", "ok"]
    revisions = texts(await ana.get(f"/blobs/{note['id']}/revisions"))
    assert len([text for text, conflict in revisions if not conflict]) == 11
    assert {text for text, _ in revisions} == {"0"} | {f"{n} on device {d}" for n in range(1, 11) for d in (0, 1)}


async def test_the_slower_device_can_save_on_top_of_what_it_was_shown(ana: Person) -> None:
    phone, desk = await ana.device(), await ana.device()
    note = await phone.write_note("The ship.")
    await phone.do("update_blob", blob_id=note["id"], data={"content": "The ship sailed."}, base_revision=1)
    refused = await desk.request("update_blob", blob_id=note["id"], data={"content": "The ship sank."}, base_revision=1)
    merged = {"content": "The ship sailed, then sank."}
    base = refused["current"]["revision"]
    saved = await desk.do("update_blob", blob_id=note["id"], data=merged, base_revision=base)
    assert saved["blob"]["revision"] == 3
    news = await phone.wait_for("blob.updated", blob_id=note["id"], revision=3)
    assert "origin" not in news


async def test_over_rest_the_slower_one_gets_409_with_what_is_there(ana: Person) -> None:
    note = await ana.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": "one"}})
    change = {"data": {"content": "two"}, "base_revision": 1}
    assert (await ana.rest.patch(f"/blobs/{note['id']}", json=change)).status_code == 200
    refused = await ana.rest.patch(f"/blobs/{note['id']}", json=change | {"data": {"content": "three"}})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["current"]["data"] == {"content": "two"}
