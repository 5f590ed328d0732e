"""The page of a pitch as PDF and DOCX: what stands on it, on how many pages, and the same bytes again."""

import hashlib
import io
from datetime import UTC, datetime
from typing import Any, Final
from zipfile import ZipFile

import docx
import pypdfium2
import pytest

from reyna.library.pitch.export import pitch_export
from reyna.sdk import Refuse
from reyna.sdk.files.memory_files import SavedFiles
from reyna.sdk.testing import a_blob, run
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.pitch.writing_model import LOGLINE, words

NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)
(DOCUMENT,) = (new for new in system_schemas() if new.name == "exported-document")
PITCH: Final[dict[str, Any]] = {
    "title": "The Light: Book <1>",
    "genre": "Ghost story",
    "logline": LOGLINE,
    "synopsis_short": words(80),
    "synopsis_long": "Not on the page.",
    "audience": "Readers of the sea.",
    "suggested_comparables": [{"work": f"Work {number}", "reason": "A coast."} for number in range(5)],
    "characters": [{"name": "Ilse", "description": "The keeper."}],
    "selling_points": ["A coast.", "#set page(fill: red)"],
}


async def export(data: dict[str, Any], **settings: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Returns the document, and its files by their formats."""
    files = SavedFiles()
    ran = await run(pitch_export, a_blob("pitch-v1", data, updated_at=NOW), files=files, settings=settings)
    assert Validator(DOCUMENT.json_schema).errors(ran.data) == ()
    return ran.data, {file["format"]: files.contents[file["file_id"]] for file in ran.data["files"]}


def text_of(pdf: bytes) -> list[str]:
    """Returns the text of each page, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


async def test_a_pitch_is_one_page_as_pdf() -> None:
    data, files = await export(PITCH)
    (page,) = text_of(files["pdf"])
    assert page.startswith("The Light: Book <1> Ghost story When the boat")
    assert "Comparable titles (suggested by the model, to be checked)" in page
    assert "Work 2: A coast." in page
    assert "#set page(fill: red)" in page
    assert "Work 3" not in page
    assert "Not on the page" not in page
    pdf = data["files"][0]
    assert (pdf["name"], pdf["sha256"]) == ("The Light Book 1.pdf", hashlib.sha256(files["pdf"]).hexdigest())


async def test_more_text_has_smaller_type_on_the_same_page() -> None:
    _, files = await export(PITCH | {"synopsis_short": words(420)}, formats=["pdf"], paper="letter")
    assert len(text_of(files["pdf"])) == 1
    assert pypdfium2.PdfDocument(files["pdf"])[0].get_size() == (612.0, 792.0)


async def test_the_docx_has_headings_and_lists_to_go_on_with() -> None:
    data, files = await export(PITCH, formats=["docx"])
    document = docx.Document(io.BytesIO(files["docx"]))
    styled = [(one.style.name, one.text) for one in document.paragraphs if one.style is not None]
    assert styled[0] == ("Title", "The Light: Book <1>")
    assert [text for name, text in styled if name == "Heading 1"] == [
        "In short",
        "Readers",
        "Comparable titles (suggested by the model, to be checked)",
        "Characters",
        "Why publish it",
    ]
    assert ("List Paragraph", "\u2022\tIlse: The keeper.") in styled
    assert document.core_properties.title == "The Light: Book <1>"
    assert [file["format"] for file in data["files"]] == ["docx"]


async def test_the_same_pitch_makes_the_same_bytes() -> None:
    assert (await export(PITCH))[1] == (await export(PITCH))[1]


async def test_a_pitch_from_right_to_left_is_set_so() -> None:
    _, files = await export({"title": "\u05d4\u05d0\u05d5\u05e8", "synopsis_short": "\u05d4\u05d0\u05d5\u05e8."})
    assert b"<w:bidi/>" in ZipFile(io.BytesIO(files["docx"])).read("word/document.xml")
    assert len(text_of(files["pdf"])) == 1


async def test_a_pitch_with_nothing_to_show_is_refused() -> None:
    with pytest.raises(Refuse, match="nothing in this pitch"):
        await export({"title": "The Light", "synopsis_long": "Long."})
