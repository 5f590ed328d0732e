"""DOCX: standard manuscript format, and what is left of a book when another program reads it."""

import io
import re
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypandoc
import pytest
from docx import Document

from reyna.library.book_compiler.renderers.docx.manuscript import header_text, render, rounded_words
from reyna.library.book_compiler.renderers.edition import Edition
from tests.library.book_compiler.books import a_bucket, a_novel, an_edition
from tests.library.book_compiler.gallery import BOOKS
from tests.library.book_compiler.shunn import lint_manuscript

CONTACT = ("Ana Reyes", "12 Harbour Road", "ana@example.org")


def paragraphs_of(edition: Edition) -> list[tuple[str, str]]:
    return [(one.style.name, one.text) for one in _open(render(edition)).paragraphs]


def _open(docx: bytes) -> Any:
    return Document(io.BytesIO(docx))


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_every_book_is_a_manuscript_by_the_rules(name: str) -> None:
    assert lint_manuscript(render(BOOKS[name]())) == []


def test_the_linter_finds_what_is_wrong() -> None:
    buffer = io.BytesIO()
    document = _open(render(an_edition(a_novel())))
    document.styles["Normal"].paragraph_format.line_spacing = 1.0
    document.paragraphs[0].text = "Nothing"
    document.save(buffer)
    assert len(lint_manuscript(buffer.getvalue())) == 2


def test_the_title_page_has_contact_words_title_and_author() -> None:
    lines = paragraphs_of(an_edition(a_novel(), contact=CONTACT))[:6]
    assert lines == [
        ("Contact", "Ana Reyes\tabout 1,000 words"),
        ("Contact", "12 Harbour Road"),
        ("Contact", "ana@example.org"),
        ("Title", "The Light at Sørvær"),
        ("Subtitle", "A Winter's Tale"),
        ("Author", "by Ana Reyes"),
    ]


def test_words_are_rounded_as_editors_round() -> None:
    counts = [0, 7, 149, 150, 4_449, 17_499, 17_500, 89_499, 89_500]
    assert [rounded_words(count) for count in counts] == [0, 100, 100, 200, 4_400, 17_500, 18_000, 89_000, 90_000]


def test_the_header_leaves_out_the_article_and_the_end_of_a_long_title() -> None:
    assert header_text(an_edition(a_novel())) == "Reyes / LIGHT AT SØRVÆR / "
    long = a_bucket("A Very Long Title That Goes On and On Until It Ends", "book", "x")
    assert header_text(an_edition(long)) == "VERY LONG TITLE THAT GOES ON AND ON / "


def test_the_type_and_the_paper_are_as_asked() -> None:
    document = _open(render(an_edition(a_novel(), manuscript_font="Courier New", paper="a4")))
    assert 'w:ascii="Courier New"' in document.styles.element.xml
    assert document.sections[0].page_height.mm == pytest.approx(297, abs=0.5)


def test_headings_and_order_survive_another_program(tmp_path: Path) -> None:
    path = tmp_path / "novel.docx"
    path.write_bytes(render(an_edition(a_novel())))
    text = pypandoc.convert_file(str(path), "markdown", extra_args=["--wrap=none"])
    assert re.findall(r"^#+ .+$", text, re.MULTILINE) == [
        "# The Hungry Month",
        "## The North Wind",
        "## The Second Bowl",
        "### What the Journal Says",
        "# The Quiet Month",
        "## The Fourth Volume",
        "# Afterword",
    ]
    order = [
        "The wind came round",
        "It was a boy",
        "He ate four bowls",
        "The light goes out",
        "Marit washed",
        "no light",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert len(re.findall(r"^\[\^\d+\]: ", text, re.MULTILINE)) == 3, "footnotes are footnotes"
    assert "*he was dry*" in text
    assert "3.  a tin box" in text


def test_notes_links_images_and_directions_are_those_of_the_format() -> None:
    with ZipFile(io.BytesIO(render(BOOKS["images"]()))) as archive:
        parts = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    document = parts["word/document.xml"]
    assert document.count("<w:footnoteReference") == 1, "a note stands once"
    assert document.count("<w:drawing>") == 2
    assert {"word/media/image1.png", "word/media/image2.jpg"} <= parts.keys()
    assert "https://example.org/?a=1&amp;b=2" in parts["word/_rels/document.xml.rels"]
    with ZipFile(io.BytesIO(render(BOOKS["hebrew"]()))) as archive:
        hebrew = archive.read("word/document.xml").decode()
    assert "<w:rtl/>" in hebrew
    assert '<w:bidi w:val="0"/>' in hebrew
