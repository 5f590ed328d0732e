"""The codex of a book is proposed from its draft, changes nothing, and is seen by its writer alone."""

from typing import Final

from tests.journeys.people import Person

CHAPTER: Final = (
    "Agnes Thorne went to Saltmere. “Come in,” said Captain Orlo. Miss Thorne did not. Agnes sat down in Saltmere."
)


async def test_the_people_of_a_book_are_proposed_and_none_enters_by_itself(ana: Person, bo: Person) -> None:
    device = await ana.device()
    book = (await device.do("create_bucket", name="Book", type="book"))["bucket"]
    note = await device.write_note(CHAPTER, bucket_ids=[book["id"]])
    buckets = len((await ana.get("/buckets"))["items"])

    body = {"processor_id": "codex-proposer", "blob_ids": [note["id"]], "settings": {"bucket_id": book["id"]}}
    (run,) = (await ana.post("/runs", body))["items"]
    ended = await device.wait_for("processor.completed", run_id=run["id"])
    proposals = await ana.get(f"/blobs/{ended['output_blob_ids'][0]}")

    assert (proposals["schema_id"], proposals["bucket_ids"]) == ("codex-proposals-v1", [book["id"]])
    found = {one["name"]: one["kind"] for one in proposals["data"]["proposals"]}
    assert found == {"Agnes Thorne": "character", "Captain Orlo": "character", "Saltmere": "place"}
    agnes = proposals["data"]["proposals"][0]
    assert {alias["name"] for alias in agnes["aliases"]} == {"Agnes", "Miss Thorne"}
    assert {passage["blob_id"] for passage in agnes["passages"]} == {note["id"]}
    assert len((await ana.get("/buckets"))["items"]) == buckets
    assert await bo.all("/blobs", schema_id="codex-proposals-v1") == []
