"""Search: what was written a moment ago is found with its places, and what was purged is not."""

import asyncio
from typing import Any, Final

from tests.journeys.people import TIMEOUT_SECONDS, Person, body_of

STORM: Final = "The Störm rose over the lighthouse, and the sailors prayed."


async def hits(person: Person, q: str, **more: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await person.get("/search", q=q, **more))["items"]
    return items


async def wait_until_found(person: Person, q: str, *ids: str, **more: Any) -> list[dict[str, Any]]:
    """Returns the hits as soon as they are these, in any order."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            found = await hits(person, q, **more)
            if sorted(hit["id"] for hit in found) == sorted(ids):
                return found


async def test_a_note_is_found_with_all_its_paths_and_a_snippet_until_it_is_purged(ana: Person, bo: Person) -> None:
    book = await ana.post("/buckets", {"name": "Novel", "type": "book"})
    part = await ana.post("/buckets", {"name": "Part", "type": "part", "parent_bucket_id": book["id"]})
    ideas = await ana.post("/buckets", {"name": "Ideas", "type": "topic"})
    note = await ana.post(
        "/blobs", {"schema_id": "text-input-v1", "data": {"content": STORM}, "bucket_ids": [part["id"], ideas["id"]]}
    )
    (hit,) = await wait_until_found(ana, "strom lighthuose", note["id"])  # both misspelt
    assert hit["found_by"] == ["typo"]
    assert sorted([bucket["name"] for bucket in path] for path in hit["paths"]) == [["Ideas"], ["Novel", "Part"]]
    assert [part["text"] for part in hit["snippet"] if part["match"]] == ["Störm", "lighthouse"]
    assert await hits(bo, "storm") == []
    assert [hit["id"] for hit in await hits(ana, "sailor ", bucket_id=book["id"])] == [note["id"]]  # by its stem
    await wait_until_found(ana, "novel", book["id"])

    body_of(await ana.rest.delete(f"/buckets/{book['id']}"))  # the note is in another bucket, too
    await wait_until_found(ana, "novel")
    await wait_until_found(ana, "part ", part["id"], trashed=True)
    await wait_until_found(ana, "storm", note["id"], bucket_id=ideas["id"])
    await ana.post(f"/buckets/{book['id']}/restore")
    await wait_until_found(ana, "storm", note["id"], bucket_id=part["id"])

    body_of(await ana.rest.patch(f"/blobs/{note['id']}", json={"data": {"content": "Calm."}, "base_revision": 1}))
    await wait_until_found(ana, "storm")
    await wait_until_found(ana, "calm", note["id"])
    body_of(await ana.rest.delete(f"/blobs/{note['id']}"))
    await wait_until_found(ana, "calm", note["id"], trashed=True)
    assert await hits(ana, "calm") == []
    body_of(await ana.rest.delete(f"/trash/{note['id']}"))
    await wait_until_found(ana, "calm", trashed=True)
