"""EPUB: twenty books without an error of EPUBCheck, and what readers and shops ask for beyond it."""

import io
import re
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from reyna.library.book_compiler.renderers.epub.publication import render
from tests.library.book_compiler.books import a_bucket, a_novel, an_edition
from tests.library.book_compiler.epub_check import check_files
from tests.library.book_compiler.gallery import BOOKS


def files_of(epub: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(epub)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if not name.endswith((".png", ".jpg"))}


def test_twenty_books_have_no_error(tmp_path: Path) -> None:
    paths = []
    for name, build in BOOKS.items():
        paths.append(tmp_path / f"{name}.epub")
        paths[-1].write_bytes(render(build()))
    broken = tmp_path / "broken.epub"
    broken.write_bytes(render(BOOKS["plain"]()).replace(b"application/epub+zip", b"application/epub+zap"))
    found = check_files([*paths, broken])
    assert found.pop("broken.epub"), "the check itself finds errors"
    assert found == {path.name: [] for path in paths}
    assert len(found) == 20


def test_the_first_file_says_what_it_is_uncompressed() -> None:
    with ZipFile(io.BytesIO(render(BOOKS["plain"]()))) as archive:
        first, *others = archive.infolist()
    assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)
    assert [one.filename for one in others] == sorted(one.filename for one in others)


def test_the_book_says_how_it_can_be_read() -> None:
    package = files_of(render(an_edition(a_novel())))["EPUB/package.opf"]
    facts = dict(re.findall(r'property="(?:schema|dcterms):(\w+)">([^<]+)<', package))
    assert facts["accessMode"] == facts["accessModeSufficient"] == "textual"
    assert facts["accessibilityHazard"] == "none"
    assert facts["modified"] == "2026-05-01T12:30:00Z"
    assert "tableOfContents" in package
    assert "alternativeText" not in package, "an image that is absent is no image"
    assert 'properties="cover-image"' in package


def test_the_navigation_leads_to_every_chapter_in_order_and_to_the_beginning() -> None:
    navigation = files_of(render(an_edition(a_novel())))["EPUB/nav.xhtml"]
    contents, landmarks = navigation.split('epub:type="landmarks"')
    assert re.findall(r'href="[\w.-]+">([^<]+)</a>', contents) == [
        *("The Hungry Month", "The North Wind", "The Second Bowl", "The Quiet Month", "The Fourth Volume", "Afterword")
    ]
    assert re.findall(r'epub:type="(\w+)" href="([\w.#-]+)"', landmarks) == [
        ("cover", "cover.xhtml"),
        ("titlepage", "title.xhtml"),
        ("toc", "nav.xhtml#toc"),
        ("bodymatter", "chapter-3.xhtml"),
    ]


def test_a_book_from_right_to_left_turns_its_pages_so() -> None:
    files = files_of(render(BOOKS["hebrew"]()))
    assert 'page-progression-direction="rtl"' in files["EPUB/package.opf"]
    page = next(content for name, content in files.items() if "chapter" in name)
    assert 'lang="he"' in page
    assert '<p dir="ltr">A line of English.</p>' in page


def test_nothing_of_a_text_is_markup() -> None:
    page = next(content for name, content in files_of(render(BOOKS["hostile"]())).items() if "chapter" in name)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_image_that_is_absent_is_described() -> None:
    files = files_of(render(an_edition(a_bucket("One", "chapter", "![A <ship>](file-gone)"))))
    assert any("[Image: A &lt;ship&gt;]" in content for content in files.values())
