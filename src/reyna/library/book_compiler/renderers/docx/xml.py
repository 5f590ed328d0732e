"""The XML of WordprocessingML: elements, runs and their properties, in the order that the schema asks for."""

from html import escape
from typing import Final

import msgspec

WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONSHIPS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DOCUMENT_NAMESPACES: Final = (
    f'xmlns:w="{WORD}" xmlns:r="{RELATIONSHIPS}" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
XML_HEADER: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class RunStyle(msgspec.Struct, frozen=True):
    """The looks of a run of text."""

    style: str | None = None
    bold: bool = False
    italic: bool = False
    struck: bool = False
    right_to_left: bool = False

    def properties(self) -> str:
        """Returns `w:rPr`, or nothing when there is none."""
        found = f'<w:rStyle w:val="{self.style}"/>' if self.style else ""
        if self.bold:
            found += "<w:b/><w:bCs/>"
        if self.italic:
            found += "<w:i/><w:iCs/>"
        if self.struck:
            found += "<w:strike/>"
        if self.right_to_left:
            found += "<w:rtl/>"
        return f"<w:rPr>{found}</w:rPr>" if found else ""


PLAIN: Final = RunStyle()


def run(text: str, style: RunStyle = PLAIN) -> str:
    """Returns a run; line ends and tabs in the text are those of the document."""
    content = ""
    for number, line in enumerate(text.split("\n")):
        content += "<w:br/>" if number else ""
        for place, part in enumerate(line.split("\t")):
            content += "<w:tab/>" if place else ""
            content += f'<w:t xml:space="preserve">{escape(part, quote=False)}</w:t>' if part else ""
    return f"<w:r>{style.properties()}{content}</w:r>" if content else ""


def paragraph(style: str, content: str, properties: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{properties}</w:pPr>{content}</w:p>'


def element(name: str, value: str | int | None = None) -> str:
    return f"<w:{name}/>" if value is None else f'<w:{name} w:val="{value}"/>'
