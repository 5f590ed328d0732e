"""All formats: the same bytes for the same book, names for every file system, and large books."""

import pytest

from reyna.library.book_compiler.renderers.formats import FORMATS, file_name, render_book
from reyna.library.book_compiler.settings import BOOK_FORMATS, BookFormat, BookSettings
from tests.library.book_compiler.books import SENTENCE, a_bucket, a_novel, an_edition
from tests.library.book_compiler.gallery import BOOKS


@pytest.mark.parametrize("format", BOOK_FORMATS)
def test_an_unchanged_book_is_the_same_bytes(format: BookFormat) -> None:
    assert render_book(an_edition(a_novel()), format) == render_book(an_edition(a_novel()), format)


@pytest.mark.parametrize("format", BOOK_FORMATS)
def test_a_thousand_chapters_are_a_book(format: BookFormat) -> None:
    chapters = [a_bucket(f"Chapter {number}", "chapter", SENTENCE) for number in range(1, 1_001)]
    assert len(render_book(an_edition(a_bucket("Long", "book", children=chapters)), format)) > 5_000


def test_a_page_runs_no_script_and_loads_nothing() -> None:
    page = render_book(BOOKS["hostile"](), "html").decode()
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "src=" not in page.replace("img-src", "").replace("default-src", "")


def test_a_page_holds_its_images() -> None:
    assert 'src="data:image/png;base64,' in render_book(BOOKS["images"](), "html").decode()


def test_markdown_has_parts_chapters_and_notes_by_chapter() -> None:
    text = render_book(an_edition(a_novel()), "markdown").decode()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# The Light at Sørvær",
        "## The Hungry Month",
        "### The North Wind",
        "### The Second Bowl",
        "#### What the Journal Says",
        "## The Quiet Month",
        "### The Fourth Volume",
        "## Afterword",
    ]
    labels = [line.split("]")[0] for line in text.splitlines() if line.startswith("[^")]
    assert len(labels) == len(set(labels)) == 3


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Light", "The Light.epub"),
        ('a/b\\c:d*e?"<>|', "a b c d e.epub"),
        ("../../etc", "etc.epub"),
        ("...", "Book.epub"),
        ("אור", "אור.epub"),
        ("x" * 300, "x" * 80 + ".epub"),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title, "epub") == name


def test_a_preset_chooses_formats_and_named_ones_come_first() -> None:
    assert BookSettings().wanted_formats == ("docx", "epub", "pdf")
    assert BookSettings(preset="web").wanted_formats == ("html", "pdf")
    assert BookSettings(preset="web", formats=("epub", "epub")).wanted_formats == ("epub",)
    assert {*FORMATS} == {*BOOK_FORMATS}
