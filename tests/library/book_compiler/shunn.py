"""A linter for standard manuscript format (https://www.shunn.net/format/novel/), which reads DOCX with python-docx."""

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from docx import Document
from docx.shared import Inches, Pt

FONTS: Final = {"Times New Roman", "Courier New"}
INDENTED: Final = "Normal"
CENTERED: Final = {"Title", "Author", "Scene Break", "Heading 1", "Heading 2"}
WORD_COUNT: Final = re.compile(r"\t.*\d")  # about 100 words
UNTITLED: Final = "Chapter Opening"


def lint_manuscript(docx: bytes) -> list[str]:
    """Returns the rules that the manuscript breaks."""
    document = Document(io.BytesIO(docx))
    return [*_page_faults(document), *_header_faults(document), *_style_faults(document), *_text_faults(document)]


def _page_faults(document: Any) -> Iterator[str]:
    (section,) = document.sections
    if {section.left_margin, section.right_margin, section.top_margin, section.bottom_margin} != {Inches(1)}:
        yield "The margins are an inch on each side."
    if not section.different_first_page_header_footer or section.first_page_header.paragraphs[0].text:
        yield "There is no header on the title page."


def _header_faults(document: Any) -> Iterator[str]:
    header = document.sections[0].header.paragraphs[0]
    author = document.core_properties.author.split()[-1:]
    words = header.text.split(" / ")
    if author and words[0] != author[0]:
        yield "The header begins with the surname."
    if words[-2] != words[-2].upper() or "PAGE" not in header._p.xml:
        yield "The header has the title in capitals and the number of the page."


def _style_faults(document: Any) -> Iterator[str]:
    normal, defaults = document.styles[INDENTED], document.styles.element.xml
    if not any(f'w:ascii="{font}"' in defaults for font in FONTS) or '<w:sz w:val="24"/>' not in defaults:
        yield "The type is Times New Roman or Courier New of 12 points."
    if normal.paragraph_format.line_spacing != 2.0:
        yield "The text is double spaced."
    if (normal.paragraph_format.space_before, normal.paragraph_format.space_after) != (Pt(0), Pt(0)):
        yield "There is no space between paragraphs."
    if normal.paragraph_format.first_line_indent != Inches(0.5):
        yield "First lines are indented by half an inch."
    if str(normal.paragraph_format.alignment) != "LEFT (0)" or normal.paragraph_format.widow_control:
        yield "The right edge is ragged, and lines are not moved for widows."
    third = Inches(11) // 3 - Inches(1)
    for name in ("Heading 1", "Heading 2", UNTITLED):
        before = document.styles[name].paragraph_format.space_before
        if abs(before - third) > Pt(6):
            yield f"A chapter begins a third of the page down ({name})."
    for name in CENTERED:
        if str(document.styles[name].paragraph_format.alignment) != "CENTER (1)":
            yield f"{name} is centered."


def _text_faults(document: Any) -> Iterator[str]:
    paragraphs = document.paragraphs
    if not WORD_COUNT.search(paragraphs[0].text) or paragraphs[0].style.name != "Contact":
        yield "The first line has the contact on the left, and the word count on the right."
    for before, one in pairwise(paragraphs):
        if one.style.name == "Scene Break" and one.text != "#":
            yield "A scene break is a #."
        if one.style.name in {"Heading 1", "Heading 2", UNTITLED} and not one.paragraph_format.page_break_before:
            yield f"A chapter begins a page: {one.text}"
        if not one.text and one.style.name == "Normal" and not before.text:
            yield "There are no empty lines."
