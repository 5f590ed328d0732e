"""The inline content of a manuscript as runs."""

from collections.abc import Callable, Iterable
from html import escape
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.library.book_compiler.images import BookImage
from reyna.library.book_compiler.renderers.docx.relations import PartName, Relations
from reyna.library.book_compiler.renderers.docx.xml import RunStyle, run
from reyna.library.book_compiler.text.blocks import (
    CodeText,
    Emphasis,
    Hyperlink,
    Inline,
    InlineImage,
    LineBreak,
    NoteReference,
    PlainText,
    StrongText,
    StruckText,
)

EMU_PER_PIXEL: Final = 9_525 * 96 // 150  # at 150 pixels per inch
WIDEST_EMU: Final = 5_486_400  # six inches
TALLEST_EMU: Final = 6_858_000
REFERENCE: Final = RunStyle("FootnoteReference")
PICTURE: Final = "http://schemas.openxmlformats.org/drawingml/2006/picture"


class RunWriter(msgspec.Struct, frozen=True):
    """Writes inline content of one part of the document; `add_note` writes a note and returns its id."""

    relations: Relations
    part: PartName
    image_label: str
    add_note: Callable[[int], int | None]

    def runs(self, content: Iterable[Inline], style: RunStyle) -> str:
        return "".join(self._run(inline, style) for inline in content)

    def image(self, source: str, alternative: str) -> str:
        """Returns the image, or its description where it is absent."""
        found = self.relations.image(self.part, source)
        if found is None:
            label = f"{self.image_label}: {alternative}" if alternative else self.image_label
            return run(f"[{label}]", RunStyle(italic=True))
        return _drawing(found[0], found[1], alternative)

    def _run(self, inline: Inline, style: RunStyle) -> str:
        match inline:
            case PlainText(text):
                return run(text.replace("\n", " "), style)
            case Emphasis(content):
                return self.runs(content, replace(style, italic=not style.italic))
            case StrongText(content):
                return self.runs(content, replace(style, bold=True))
            case StruckText(content):
                return self.runs(content, replace(style, struck=True))
            case CodeText(text):
                return run(text, style)
            case Hyperlink(url, content):
                return self._link(url, content, style)
            case LineBreak():
                return "<w:r><w:br/></w:r>"
            case InlineImage(source, alternative):
                return self.image(source, alternative)
            case NoteReference():
                return self._reference(inline)

    def _link(self, url: str, content: tuple[Inline, ...], style: RunStyle) -> str:
        id = self.relations.link(self.part, url)
        return f'<w:hyperlink r:id="{id}">{self.runs(content, replace(style, style="Hyperlink"))}</w:hyperlink>'

    def _reference(self, reference: NoteReference) -> str:
        id = self.add_note(reference.number) if reference.is_first else None
        if id is None:
            return run(str(reference.number), REFERENCE)
        return f'<w:r>{REFERENCE.properties()}<w:footnoteReference w:id="{id}"/></w:r>'


def _drawing(id: str, image: BookImage, alternative: str) -> str:
    """Returns an inline drawing (ECMA-376 part 1, 20.4.2.8) that fits on the page."""
    natural = image.width * EMU_PER_PIXEL, image.height * EMU_PER_PIXEL
    scale = min(1.0, WIDEST_EMU / natural[0], TALLEST_EMU / natural[1])
    width, height = (max(1, int(side * scale)) for side in natural)
    number = int(id.removeprefix("rId"))
    properties = f'id="{number}" name="{escape(id)}" descr="{escape(alternative)}"'
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
        f'<wp:docPr {properties}/><a:graphic><a:graphicData uri="{PICTURE}"><pic:pic>'
        f"<pic:nvPicPr><pic:cNvPr {properties}/><pic:cNvPicPr/></pic:nvPicPr>"
        f'<pic:blipFill><a:blip r:embed="{id}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )
