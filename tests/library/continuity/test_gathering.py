"""What goes along with a note from its book: the texts around it, the chapter before, and whom it names."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from reyna.library.continuity.background import NO_BACKGROUND, BookBackground
from reyna.library.continuity.gathering import gather_background
from reyna.library.continuity.texts import beginning_of, end_of, title_of, writings_in
from reyna.library.text_expansion import text_expansion
from reyna.sdk import Blob, Bucket, Conflict, Context, Processor, TreeItem
from reyna.sdk.testing import a_blob, rehearse, run

SOURCES = ("codex", "chapter before", "text before", "text after")
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def a_bucket(id: str, type: str, parent: str | None = None, rank: str = "m", **fields: Any) -> Bucket:
    given: dict[str, Any] = {"name": fields.pop("name", id), "created_at": NOW, "updated_at": NOW} | fields
    return Bucket(id=id, user_id="user-ana", type=type, parent_bucket_id=parent, rank=rank, **given)


def a_text(content: str, *buckets: str, schema: str = "text-input-v1", **fields: Any) -> Blob:
    field = "expanded" if schema == "expanded-text-v1" else "content"
    data = {field: content} | fields.pop("data", {})
    return a_blob(schema, data, bucket_ids=buckets, **fields)


BUCKETS = [
    a_bucket("book", "book"),
    a_bucket("one", "chapter", "book", "a", name="The Storm"),
    a_bucket("two", "chapter", "book", "b", name="The Letter"),
    a_bucket("people", "characters", "book", "c", name="People"),
    a_bucket("port", "place", "book", "d", name="Port Ellen", metadata={"aliases": ["the harbour"]}),
    a_bucket("inn", "place", "book", "e", name="The Anchor"),
    a_bucket("other", "characters", None, "f"),
]
STORM_END = a_text("The mast broke. Nobody screamed.", "one")
BEFORE = a_text("Morning came.", "two")
BEFORE_LONG = a_text(
    "Morning came, grey and slow, over the roofs.",
    "two",
    schema="expanded-text-v1",
    parent_id=BEFORE.id,
    updated_at=NOW + timedelta(days=1),
)
NOTE = a_text("Mara walked down to the harbour with the letter.", "two")
AFTER = a_text("The ferry was late. It rained.", "two")
MARA = a_text("A pilot of forty with a scar on her chin.", "people", data={"title": "Mara Quill", "aliases": "Mara, Q"})
TOM = a_text("Tom: the cook.", "people")
PORT = a_text("Eight houses around a stone pier.", "port")
INN = a_text("A bar with six tables.", "inn")
STRANGER = a_text("Of another book.", "other", data={"title": "Mara"})
BLOBS = [STORM_END, BEFORE, NOTE, AFTER, BEFORE_LONG, MARA, TOM, PORT, INN, STRANGER]


async def background_of(note: Blob, budget: int = 1_000) -> BookBackground:
    found: list[BookBackground] = []
    gatherer: Processor[None] = Processor("gatherer", takes="text-input-v1", makes="edited-text-v1")

    @gatherer
    async def gather(blob: Blob, context: Context[None]) -> list[Any]:
        found.append(await gather_background(blob, blob.data["content"], context, budget))
        return []

    await run(gatherer, note, blobs=BLOBS, buckets=BUCKETS)
    return found[0]


async def test_the_newest_form_of_the_text_before_and_the_text_after_go_along() -> None:
    background = await background_of(NOTE)
    before, after = background.before[0], background.after[0]
    assert (before.source, before.text, before.blob_id) == ("text before", BEFORE_LONG.data["expanded"], BEFORE_LONG.id)
    assert (after.source, after.text, after.blob_id) == ("text after", "The ferry was late. It rained.", AFTER.id)


async def test_neighbours_chapter_end_and_codex_are_found_with_their_sources() -> None:
    background = await background_of(NOTE)
    assert [(one.source, one.blob_id, one.bucket_id) for one in background.codex] == [
        ("codex", PORT.id, "port"),
        ("codex", MARA.id, "people"),
    ]
    assert [one.text for one in background.before if one.source == "chapter before"] == [STORM_END.data["content"]]
    assert background.before[-1].bucket_id == "one"


async def test_a_note_that_stands_nowhere_and_a_budget_of_nothing_read_nothing() -> None:
    assert await background_of(a_text("Mara waited.")) is NO_BACKGROUND
    assert await background_of(NOTE, 0) is NO_BACKGROUND
    assert await background_of(a_text("Mara waited.", "gone")) is NO_BACKGROUND


async def test_the_budget_is_kept_and_the_nearest_text_goes_first() -> None:
    background = await background_of(NOTE)
    for budget in (0, 30, 60, 120, 1_000):
        parts = BookBackground(
            before=background.before, after=background.after, codex=background.codex, budget_tokens=budget
        ).parts_for(NOTE.data["content"], begins=True, ends=True)
        assert sum(len(part.text) for part in parts) / 4 <= budget + len(parts)


async def test_a_passage_gets_the_entries_of_whom_it_names_alone() -> None:
    background = await background_of(NOTE)
    middle = background.parts_for("Mara laughed.", begins=False, ends=False)
    assert [part.blob_id for part in middle] == [None, MARA.id]
    assert background.parts_for("Nobody laughed.", begins=False, ends=False) == []
    assert background.parts_for("Maraschino cherries.", begins=False, ends=False) == []


async def test_the_prompt_shows_every_part_with_its_source_and_its_reason() -> None:
    report = await rehearse(text_expansion, NOTE, blobs=BLOBS, buckets=BUCKETS)
    parts = {part.blob_id: part for part in report.prompts[0].parts if part.source in SOURCES}
    assert parts.keys() == {MARA.id, PORT.id, STORM_END.id, BEFORE_LONG.id, AFTER.id}
    assert parts[PORT.id].reason == "The text names Port Ellen (place)."
    assert parts[PORT.id].bucket_id == "port"
    assert all(part.tokens > 0 for part in parts.values())


class MovedBook:
    """The calls of a context whose book is moved while it is read."""

    async def bucket(self, id: str) -> Bucket:
        return BUCKETS[0]

    async def blobs(self, *, bucket: str) -> AsyncIterator[Blob]:
        yield BEFORE

    async def tree(self, bucket_id: str, *, kind: str) -> AsyncIterator[TreeItem]:
        yield TreeItem(depth=0, bucket=BUCKETS[0])
        raise Conflict("A bucket was moved.")


async def test_a_book_that_is_moved_meanwhile_gives_no_background() -> None:
    context: Any = MovedBook()
    assert await gather_background(NOTE, "Mara walked.", context, 1_000) == NO_BACKGROUND


def test_what_was_derived_stands_for_its_source() -> None:
    (writing, last) = writings_in([BEFORE, AFTER, BEFORE_LONG])
    assert (writing.blob, writing.newest, last.newest) == (BEFORE, BEFORE_LONG, AFTER)


def test_excerpts_are_whole_sentences_within_their_tokens() -> None:
    text = "One came. Two came.\n\nThree came. Four came."
    assert end_of(text, 6) == "Three came. Four came."
    assert end_of(text, 100) == text.replace("\n\n", "\n")
    assert beginning_of(text, 5) == "One came. Two came."
    assert title_of(TOM) == "Tom"
