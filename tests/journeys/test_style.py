"""The style of a text and of a whole book: analysed where it is asked for, and seen on every device."""

from typing import Any, Final

from tests.journeys.people import Device, Person

CHAPTER: Final = "The lamp was lit by the keeper. She saw the ship, and she slowly turned away."
ANALYSIS: Final = "style-analysis-v1"


async def analyse(person: Person, device: Device, note: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """The analysis of the note, once it is complete."""
    body = {"processor_id": "style-analyzer", "blob_ids": [note["id"]], "settings": settings}
    (run,) = (await person.post("/runs", body))["items"]
    ended = await device.receive_until(
        lambda frame: (
            frame["type"] in {"processor.completed", "processor.failed", "processor.refused"}
            and frame["run_id"] == run["id"]
        )
    )
    assert ended[-1]["type"] == "processor.completed", ended[-1]
    analysis: dict[str, Any] = await person.get(f"/blobs/{ended[-1]['output_blob_ids'][0]}")
    return analysis


async def test_the_style_of_a_text_is_analysed_where_i_ask_for_it(ana: Person, bo: Person) -> None:
    device = await ana.device()
    note = await device.write_note(CHAPTER)
    analysis = await analyse(ana, device, note, {"language": "en"})
    assert (analysis["schema_id"], analysis["parent_id"]) == (ANALYSIS, note["id"])
    assert (analysis["schema_version"], analysis["data"]["metrics"]["words"]) == ("1.1.0", 16)
    marked = {finding["kind"]: CHAPTER[finding["start"] : finding["end"]] for finding in analysis["data"]["findings"]}
    assert marked == {"passive": "was lit", "filter_word": "She saw", "adverb": "slowly"}
    assert await bo.all("/blobs", schema_id=ANALYSIS) == []
    assert {one["processor_id"] for one in (await bo.get("/instances"))["items"]} <= {"text-expansion"}


async def test_a_whole_book_is_analysed_in_its_order(ana: Person) -> None:
    device = await ana.device()
    book = (await device.do("create_bucket", name="Book", type="book"))["bucket"]
    chapters = [
        (await device.do("create_bucket", name=name, type="chapter", parent_bucket_id=book["id"]))["bucket"]
        for name in ("Chapter 1", "Chapter 2")
    ]
    first, second = [await device.write_note(CHAPTER, bucket_ids=[chapter["id"]]) for chapter in chapters]
    analysis = await analyse(ana, device, second, {"bucket_id": book["id"], "findings": ["passive"]})
    assert analysis["bucket_ids"] == [book["id"]]
    assert [(text["title"], text["blob_id"]) for text in analysis["data"]["texts"]] == [
        ("Chapter 1", first["id"]),
        ("Chapter 2", second["id"]),
    ]
    assert analysis["data"]["metrics"]["words"] == 32
    assert [finding["blob_id"] for finding in analysis["data"]["findings"]] == [first["id"], second["id"]]


async def test_settings_that_do_not_fit_are_refused_at_their_place(ana: Person) -> None:
    device = await ana.device()
    note = await device.write_note(CHAPTER)
    body = {"processor_id": "style-analyzer", "blob_ids": [note["id"]], "settings": {"long_sentence_words": 3}}
    answer = await ana.rest.post("/runs", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "/settings/long_sentence_words"
