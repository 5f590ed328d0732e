"""The user's own library is searched within a budget, and the best extracts are found in it."""

from typing import Any

from reyna.library.research_assistant.extracts import best_extract
from reyna.library.research_assistant.question import terms_of, words_to_search
from reyna.library.research_assistant.sources.own_library import text_of
from reyna.sdk import Blob
from tests.library.research_assistant.researching import bucket, note, research


async def test_the_best_texts_come_first_with_their_best_part() -> None:
    chapter = note("The mill stood still. " * 200 + "The tides of the enclosed sea were small. " + "Crows flew. " * 200)
    brief = note("The sea was grey, and the sea was cold.")
    other = note("A letter about money.")
    data = await research("How do tides form in an enclosed sea?", blobs=[other, brief, chapter])
    assert [source["blob_id"] for source in data["sources"]] == [chapter.id, brief.id]
    assert "The tides of the enclosed sea were small." in data["sources"][0]["extract"]
    assert len(data["sources"][0]["extract"]) <= 2_000
    assert data["sources"][0]["licence"] == "your own"


async def test_of_a_note_and_what_was_made_of_it_one_counts() -> None:
    draft = note("The tides rose.")
    expanded = note("The tides rose and the tides fell.", parent_id=draft.id)
    data = await research("tides", blobs=[draft, expanded])
    assert len(data["sources"]) == 1


async def test_results_of_processors_are_no_sources() -> None:
    made = Blob(**{**_fields(note("The tides rose.")), "schema_id": "research-results-v1"})
    assert (await research("tides", blobs=[made]))["status"] == "not_found"


async def test_a_large_library_is_read_in_part() -> None:
    notes = [note(f"Tide number {number}.") for number in range(30)]
    data = await research("tide", blobs=notes, max_blobs=10)
    assert len(data["sources"]) == 10


async def test_what_is_beyond_the_budget_is_found_by_search() -> None:
    notes = [*(note(f"A letter of number {number}.") for number in range(30)), note("The tides of the enclosed sea.")]
    data = await research("How do tides form in an enclosed sea?", blobs=notes, max_blobs=10)
    assert [source["blob_id"] for source in data["sources"]] == [notes[-1].id]
    assert any("10 of its texts were read" in one["reason"] for one in data["not_available"])


async def test_one_bucket_with_all_below_it() -> None:
    inside = note("The tides rose.", bucket_ids=["bucket-chapter"])
    outside = note("The tides fell.", bucket_ids=["bucket-other"])
    buckets = [
        bucket("bucket-book", child_bucket_ids=("bucket-chapter",)),
        bucket("bucket-chapter", parent_bucket_id="bucket-book", blob_ids=(inside.id,)),
    ]
    data = await research("tides", blobs=[inside, outside], buckets=buckets, bucket_id="bucket-book")
    assert [source["blob_id"] for source in data["sources"]] == [inside.id]


def test_the_text_of_any_schema_is_found() -> None:
    assert text_of({"title": "Ana", "facts": [{"eyes": "grey"}, {"age": 7}]}) == "grey"
    assert text_of({"original": "short", "expanded": "long"}) == "long"
    assert text_of(["one", {"two": "two words"}]) == "one\ntwo words"
    assert text_of(5) == ""


def test_an_extract_is_exactly_what_is_written() -> None:
    text = "First  line.\n\n" + "Filler. " * 50 + "The  tide\nturned. Here. " + "Filler. " * 50
    assert best_extract(text, terms_of("tide turned"), 60) in text


def test_the_words_that_matter_are_searched_for() -> None:
    assert words_to_search("How do Tides form in an enclosed sea?") == ("Tides", "form", "enclosed", "sea")
    assert words_to_search("Wie entstehen die Gezeiten?") == ("entstehen", "Gezeiten")
    assert words_to_search("What is it?") == ("What", "is", "it")
    assert words_to_search("潮汐とは") == ("潮", "汐", "と", "は")
    assert terms_of("Tides, cities, glass and GAS") == ("tide", "city", "glass", "and", "gas")


def _fields(blob: Blob) -> dict[str, Any]:
    return {name: getattr(blob, name) for name in blob.__struct_fields__}
