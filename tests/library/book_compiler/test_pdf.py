"""PDF: the size of the page, embedded fonts, the order of the text, and pages where printers expect them."""

import pypdfium2
import pytest

from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.renderers.pdf import paper, screen
from reyna.library.book_compiler.renderers.pdf.paper import inner_margin_inches
from tests.library.book_compiler.books import a_bucket, a_novel, an_edition
from tests.library.book_compiler.gallery import BOOKS


def pages_of(pdf: bytes) -> list[str]:
    """Returns the text of each page, in the order of the file."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def sizes_of(pdf: bytes) -> set[tuple[float, float]]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return {tuple(round(side, 1) for side in page.get_size()) for page in document}
    finally:
        document.close()


@pytest.fixture(scope="module")
def printed() -> bytes:
    return paper.render(an_edition(a_novel()))


@pytest.fixture(scope="module")
def pages(printed: bytes) -> list[str]:
    return pages_of(printed)


def page_with(pages: list[str], words: str) -> int:
    """Returns the number of the page, from 1; the last one, since the contents name chapters too."""
    return max(number for number, text in enumerate(pages, 1) if words in text)


def test_every_page_has_the_trim_size(printed: bytes) -> None:
    assert sizes_of(printed) == {(360.0, 576.0)}
    assert sizes_of(paper.render(an_edition(a_bucket("One", "chapter", "A."), trim="6x9"))) == {(432.0, 648.0)}


def test_the_text_stands_in_its_order(pages: list[str]) -> None:
    whole = " ".join(pages)
    order = ["The Light at Sørvær", "Contents", "For those who keep", "The wind came round", "He ate four bowls"]
    order += ["finds the dark instead", "In the morning he was gone", "went to put the soup on", "There is no light"]
    places = [whole.index(words) for words in order]
    assert places == sorted(places)


def test_chapters_and_parts_begin_on_the_right(pages: list[str]) -> None:
    for opening in ("The wind came round", "He ate four bowls", "In the morning he was gone", "There is no light"):
        assert page_with(pages, opening) % 2 == 1, opening
    assert pages[1].startswith("© 2026 Ana Reyes")


def test_pages_before_an_opening_are_blank_and_openings_have_no_running_head(pages: list[str]) -> None:
    opening = page_with(pages, "The wind came round")
    assert pages[opening - 2] == ""
    assert pages[opening - 1].startswith("The North Wind The wind came round")
    assert pages[opening].endswith("4 Ana Reyes"), "the folio and the head of a left page"


def test_the_contents_have_the_numbers_of_the_pages(pages: list[str]) -> None:
    contents = next(text for text in pages if text.startswith("Contents"))
    first = page_with(pages, "The wind came round")
    assert contents.split("The North Wind")[1].replace(".", " ").split()[0] == pages[first - 1].split()[-1] == "3"


def test_fonts_are_embedded(printed: bytes) -> None:
    document = pypdfium2.PdfDocument(printed)
    try:
        fonts = {
            (text.get_font().get_base_name(), text.get_font().is_embedded)
            for page in document
            for text in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT])
        }
    finally:
        document.close()
    assert {name.split("+")[-1] for name, _ in fonts} >= {"LibertinusSerif-Regular", "LibertinusSerif-Italic"}
    assert all(is_embedded for _, is_embedded in fonts)


def test_a_screen_has_bookmarks_and_no_blank_pages() -> None:
    pdf = screen.render(an_edition(a_novel()))
    assert "" not in pages_of(pdf)
    document = pypdfium2.PdfDocument(pdf)
    try:
        titles = [one.get_title() for one in document.get_toc()]
    finally:
        document.close()
    assert titles[:2] == ["The Hungry Month", "The North Wind"]


def test_nothing_of_a_text_is_code(pages: list[str]) -> None:
    whole = " ".join(pages_of(paper.render(BOOKS["hostile"]())))
    assert '#panic("x")' in whole
    assert "#set page(width: 1pt)" in whole
    assert "@label" in whole


def test_an_image_that_cannot_be_read_is_described() -> None:
    edition = BOOKS["images"]()
    broken = {
        name: type(image)(media_type=image.media_type, width=30, height=20, data=image.data[:40])
        for name, image in edition.images.items()
    }
    whole = " ".join(pages_of(paper.render(Edition(edition.book, edition.settings, broken))))
    assert "[Image: A picture]" in whole


def test_a_thicker_book_has_a_wider_inner_margin() -> None:
    assert [inner_margin_inches(pages) for pages in (100, 200, 400, 600, 900)] == [0.5, 0.625, 0.75, 0.875, 1.0]
