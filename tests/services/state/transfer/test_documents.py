"""Documents of Word, e-books and web pages become books of chapters."""

import io

import docx
import pytest

from reyna.domain.caller import Caller
from reyna.services.state.service import State
from reyna.services.state.transfer.reading.html_text import convert_html, join_blocks
from tests.services.state.transfer.importing import attempt_import, import_archive, zip_of
from tests.services.state.transfer.test_markdown import PNG, blob_titled, tree_of

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>Storms</dc:title><dc:creator>Ana</dc:creator><dc:language>en</dc:language></metadata><manifest>"
    '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    '<item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="map" href="img/map.png" media-type="image/png"/>'
    '<item id="cover" href="img/cover.png" media-type="image/png"/></manifest>'
    '<spine><itemref idref="nav"/><itemref idref="one"/><itemref idref="two"/></spine></package>'
)
EPUB: dict[str, bytes | str] = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/nav.xhtml": "<nav>Contents</nav>",
    "OPS/one.xhtml": "<html><head><title>x</title></head><body><h1>The Sea</h1><p>It was <em>calm </em>then.</p>",
    "OPS/two.xhtml": '<h1>The Storm</h1><p>See <img src="img/map.png" alt="map"/></p><h2>Night</h2><p>Dark.</p>',
    "OPS/img/map.png": PNG,
    "OPS/img/cover.png": PNG + b"2",
}


def document() -> bytes:
    made = docx.Document()
    made.core_properties.title, made.core_properties.author = "Storms", "Ana"
    made.add_paragraph("A dedication.")
    made.add_heading("The Sea", 1)
    paragraph = made.add_paragraph("It was ")
    paragraph.add_run("calm").bold = True
    paragraph.add_run(" then.")
    made.add_heading("Night", 2)
    made.add_paragraph("One", style="List Bullet")
    made.add_heading("The Storm", 1)
    table = made.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "a", "b|c"
    sink = io.BytesIO()
    made.save(sink)
    return sink.getvalue()


async def test_a_document_of_word_is_split_at_its_headings(state: State, ana: Caller) -> None:
    report = await import_archive(state, ana, document(), "draft.docx")
    assert (report.format, report.left_out) == ("docx", 0)
    assert await tree_of(state, ana, report.bucket_ids[0]) == [
        *((0, "Storms/"), (1, "Opening/"), (2, "Opening"), (1, "The Sea/"), (2, "The Sea")),
        *((1, "The Storm/"), (2, "The Storm")),
    ]
    assert (await state.buckets.get(ana, report.bucket_ids[0])).metadata == {"author": "Ana"}
    sea, storm = await blob_titled(state, ana, "The Sea"), await blob_titled(state, ana, "The Storm")
    assert sea.data["content"] == "It was **calm** then.\n\n## Night\n\n- One"
    assert storm.data["content"].startswith("| a | b\\|c |\n| --- | --- |")


async def test_an_e_book_comes_in_reading_order_with_its_images(state: State, ana: Caller) -> None:
    report = await import_archive(state, ana, zip_of(EPUB), "storms.epub")
    assert (report.format, report.files, report.left_out) == ("epub", 2, 0)
    assert await tree_of(state, ana, report.bucket_ids[0]) == [
        *((0, "Storms/"), (1, "The Sea/"), (2, "The Sea"), (1, "The Storm/"), (2, "The Storm"), (1, "cover.png")),
    ]
    assert (await blob_titled(state, ana, "The Sea")).data["content"] == "It was *calm* then."
    storm = (await blob_titled(state, ana, "The Storm")).data["content"]
    assert storm.startswith("See ![map](/api/files/file-") and storm.endswith("## Night\n\nDark.")


async def test_a_web_page_is_split_at_its_headings(state: State, ana: Caller) -> None:
    page = b"<title>Storms &amp; seas</title><p>Before</p><h2>One</h2><p>1</p><h2>Two</h2><p>2<script>x</script></p>"
    report = await import_archive(state, ana, page, "page.html")
    assert await tree_of(state, ana, report.bucket_ids[0]) == [
        *((0, "Storms & seas/"), (1, "Opening/"), (2, "Opening"), (1, "One/"), (2, "One"), (1, "Two/"), (2, "Two")),
    ]
    assert (await blob_titled(state, ana, "Two")).data["content"] == "2"


@pytest.mark.parametrize(
    "declaration",
    ['<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'],
)
async def test_xml_that_declares_entities_is_refused(declaration: str, state: State, ana: Caller) -> None:
    hostile = EPUB | {"META-INF/container.xml": f'<?xml version="1.0"?>{declaration}<container>&a;</container>'}
    task = await attempt_import(state, ana, zip_of(hostile), "storms.epub")
    assert task.error is not None and "declares the entity" in task.error


def test_html_becomes_markdown() -> None:
    html = (
        "<h1>A <b>b</b></h1><p>x * y<br>z <a href='https://a.test/'>l</a> <a href='javascript:x'>m</a></p>"
        "<ul><li>one</li><li>two<ol><li>in</li></ol></li></ul><blockquote><p>q</p></blockquote><pre>a  b\nc</pre><hr>"
    )
    assert join_blocks(convert_html(html)) == (
        "# A **b**\n\nx \\* y\\\nz [l](https://a.test/) m\n\n- one\n\n- two\n\n  1. in\n\n> q\n\n"
        "```\na  b\nc\n```\n\n* * *"
    )


def test_html_that_never_ends_is_read_all_the_same() -> None:
    assert join_blocks(convert_html("<div>" * 5000 + "deep")) == "deep"
