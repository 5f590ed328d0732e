"""A book out of buckets: its parts and chapters, the versions of its texts, and what is left out."""

from typing import Any

from reyna.library.book_compiler.book.building import build_book
from reyna.library.book_compiler.book.model import Book
from reyna.library.book_compiler.book.sources import BookBucket
from reyna.library.book_compiler.compiled_data import compiled_data
from reyna.library.book_compiler.renderers.markdown import chapter_markdown
from reyna.library.book_compiler.settings import BookSettings
from reyna.library.book_compiler.text.blocks import Heading, SceneBreak
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.book_compiler.books import WRITTEN_AT, a_bucket, a_novel, a_text


def build(root: BookBucket, **settings: Any) -> Book:
    return build_book(root, BookSettings(**settings))


def texts_of(book: Book) -> list[tuple[str | None, str]]:
    return [(chapter.title, chapter_markdown(chapter)) for chapter in book.chapters]


def test_a_novel_has_its_parts_chapters_and_matter_in_order() -> None:
    book = build(a_novel())
    assert (book.title, book.subtitle, book.author) == ("The Light at Sørvær", "A Winter's Tale", "Ana Reyes")
    assert [(part.title, [chapter.title for chapter in part.chapters]) for part in book.parts] == [
        ("The Hungry Month", ["The North Wind", "The Second Bowl"]),
        ("The Quiet Month", ["The Fourth Volume"]),
    ]
    assert [piece.title for piece in (*book.front, *book.back)] == [None, "Afterword"]
    assert book.identifier == "urn:isbn:9783161484100"
    assert "Keeper, forty-one" not in repr(book), "characters are no part of the book"


def test_a_heading_that_repeats_the_title_of_its_chapter_is_left_out() -> None:
    first = build(a_novel()).chapters[0]
    assert not any(isinstance(block, Heading) for block in first.blocks)


def test_the_newest_version_of_each_text_counts_at_the_place_of_the_first() -> None:
    note = a_text("Short.", "blob-note")
    second = a_text("Second.", "blob-second")
    expanded = a_text("Long.", "blob-long", hours=1, schema_id="expanded-text-v1", parent_id="blob-note")
    edited = a_text("Edited.", "blob-edited", hours=2, schema_id="edited-text-v1", parent_id="blob-long")
    root = a_bucket("Book", "book", children=[a_bucket("One", "chapter", note, second, expanded, edited)])

    def content(**settings: Any) -> str:
        return texts_of(build(root, **settings))[0][1].replace("\n\n* * *\n\n", " ")

    assert content() == "Edited. Second."
    assert content(version="original") == "Short. Second."
    assert content(version="expanded") == "Long. Second."
    assert content(choices={"blob-edited": "original"}) == "Short. Second."
    assert content(choices={"blob-note": "blob-long"}) == "Long. Second."
    assert content(choices={"bucket-one": "expanded"}) == "Long. Second."
    assert build(root).modified == edited.updated_at


def test_a_text_that_was_changed_after_its_expansion_is_the_newest() -> None:
    note = a_text("Rewritten.", "blob-note", hours=3)
    expanded = a_text("Long.", "blob-long", hours=1, schema_id="expanded-text-v1", parent_id="blob-note")
    assert texts_of(build(a_bucket("One", "chapter", note, expanded))) == [("One", "Rewritten.")]


def test_scenes_are_parted_by_breaks_and_keep_the_order_of_texts_and_buckets() -> None:
    chapter = a_bucket(
        "One", "chapter", "A.", children=[a_bucket("Scene", "scene", "B."), a_bucket("Next", "section", "C.")]
    )
    assert texts_of(build(chapter))[0][1] == "A.\n\n* * *\n\nB.\n\n## Next\n\nC."


def test_texts_follow_each_other_without_breaks_when_asked() -> None:
    assert texts_of(build(a_bucket("One", "chapter", "A.", "B."), scene_breaks=False))[0][1] == "A.\n\nB."


def test_texts_between_chapters_stay_where_they_are() -> None:
    root = BookBucket(
        id="bucket-b",
        name="Book",
        type="book",
        items=(
            a_text("Loose.", "blob-1"),
            a_bucket("One", "chapter", "A."),
            a_text("Between.", "blob-2", title="Interlude"),
            a_text("More.", "blob-3"),
        ),
    )
    assert texts_of(build(root)) == [
        (None, "Loose."),
        ("One", "A."),
        ("Interlude", "Between.\n\n* * *\n\nMore."),
    ]


def test_a_chapter_after_the_parts_is_in_none() -> None:
    part = a_bucket("Part", "book-part", children=[a_bucket("One", "chapter", "A.")])
    book = build(a_bucket("Book", "book", children=[part, a_bucket("Epilogue", "chapter", "B.")]))
    assert [(part.title, len(part.chapters)) for part in book.parts] == [("Part", 1), (None, 1)]


def test_types_of_ones_own_go_by_their_place() -> None:
    season = a_bucket("Spring", "season", children=[a_bucket("March", "chapter", "A.")])
    book = build(a_bucket("Year", "almanac", children=[season, a_bucket("Afterthought", "musing", "B.")]))
    assert [part.title for part in book.parts] == ["Spring", None]
    assert [chapter.title for chapter in book.chapters] == ["March", "Afterthought"]


def test_single_buckets_can_be_chosen_and_left_out() -> None:
    novel = a_novel()
    assert [one.title for one in build(novel, buckets=("bucket-the-second-bowl",)).pieces] == ["The Second Bowl"]
    assert [one.title for one in build(novel, leave_out_buckets=("bucket-the-hungry-month",)).chapters] == [
        "The Fourth Volume"
    ]
    assert "Marit" in [
        one.title for one in build(a_bucket("Cast", "characters", children=[a_bucket("Marit", "x", "A.")])).chapters
    ]


def test_chapters_without_a_text_are_named() -> None:
    root = a_bucket("Book", "book", children=[a_bucket("Empty", "chapter", "  \n"), a_bucket("None", "book-part")])
    book = build(root)
    assert (book.pieces, book.missing) == ((), ("Empty", "None"))


def test_notes_of_several_texts_count_through_the_chapter() -> None:
    (chapter,) = build(a_bucket("One", "chapter", "a[^1]\n\n[^1]: x", "b[^1]\n\n[^1]: y")).chapters
    assert [note.number for note in chapter.notes] == [1, 2]


def test_breaks_at_the_ends_of_a_text_part_nothing() -> None:
    (chapter,) = build(a_bucket("One", "chapter", "***\n\nA.\n\n***\n\n***\n\nB.\n\n***")).chapters
    assert sum(isinstance(block, SceneBreak) for block in chapter.blocks) == 1


def test_the_settings_come_before_the_metadata() -> None:
    book = build(a_novel(), title="Another", author="Bo", language="de", isbn="3-598-21508-8")
    assert (book.title, book.author, book.language) == ("Another", "Bo", "de")
    assert book.identifier == "urn:isbn:3598215088"


def test_an_isbn_or_a_language_that_is_none_is_not_taken() -> None:
    book = build(a_bucket("Book", "book", "A.", isbn="978-3-16-148410-1", language="English, mostly"))
    assert (book.isbn, book.language) == (None, "en")
    assert book.identifier.startswith("urn:uuid:")


def test_the_compiled_book_fits_its_schema() -> None:
    (schema,) = [new.json_schema for new in system_schemas() if new.name == "compiled-book"]
    book = build(a_novel())
    data = compiled_data(book)
    assert Validator(schema).errors(data) == ()
    assert data["words"] == sum(chapter["words"] for chapter in data["chapters"])
    assert data["parts"][1] == {"title": "The Quiet Month", "first_chapter": 2, "chapters": 1}
    assert data["front_matter"] == "*For those who keep the light.*"
    assert build(a_novel()).modified == WRITTEN_AT


def test_a_book_too_large_for_a_blob_is_described_without_its_texts() -> None:
    data = compiled_data(build(a_novel()), max_bytes=1_000)
    assert data["texts_left_out"]
    assert [chapter["content"] for chapter in data["chapters"]] == ["", "", ""]
    assert data["words"] > 1_000
