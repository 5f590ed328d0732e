"""The page of a pitch as DOCX: a document with headings and lists, to go on working with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Final, Literal

from reyna.library.book_compiler.renderers.archive import build_archive
from reyna.library.book_compiler.renderers.docx.xml import (
    DOCUMENT_NAMESPACES,
    WORD,
    XML_HEADER,
    RunStyle,
    paragraph,
    run,
)
from reyna.library.pitch.export.page import PageItem, PitchPage

PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
PAPER_TWIPS: Final = {"letter": (12_240, 15_840), "a4": (11_906, 16_838)}
MARGIN_TWIPS: Final = 1_134  # 2 cm
FULL_PAGE_CHARACTERS: Final = 3_300  # which a page of 11 points holds with its headings
LARGE_HALF_POINTS: Final = 22
SMALL_HALF_POINTS: Final = 18
FONT: Final = "Times New Roman"
BULLET: Final = "\u2022\t"
CONTENT_TYPES: Final = (
    f'{XML_HEADER}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{WORD_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{WORD_TYPE}.styles+xml"/>'
    '<Override PartName="/docProps/core.xml" '
    'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
)
RELATIONS: Final = (
    f'{XML_HEADER}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    f'<Relationship Id="rId2" Type="{PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
    "</Relationships>"
)
DOCUMENT_RELATIONS: Final = (
    f'{XML_HEADER}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
)


def render(page: PitchPage, paper: Literal["a4", "letter"], moment: datetime) -> bytes:
    """Returns the file. Its type is smaller where the page is full; a word processor decides where a page ends."""
    parts = {
        "_rels/.rels": RELATIONS,
        "docProps/core.xml": _properties(page.title, moment),
        "word/_rels/document.xml.rels": DOCUMENT_RELATIONS,
        "word/document.xml": _document(page, paper),
        "word/styles.xml": _styles(_half_points(page)),
    }
    entries = [(name, content.encode()) for name, content in parts.items()]
    return build_archive(entries, first=("[Content_Types].xml", CONTENT_TYPES.encode()))


def _document(page: PitchPage, paper: Literal["a4", "letter"]) -> str:
    width, height = PAPER_TWIPS[paper]
    sides = " ".join(f'w:{side}="{MARGIN_TWIPS}"' for side in ("top", "right", "bottom", "left"))
    section = (
        f'<w:sectPr><w:pgSz w:w="{width}" w:h="{height}"/><w:pgMar {sides} w:header="567" w:footer="567" '
        'w:gutter="0"/></w:sectPr>'
    )
    body = "".join(_paragraphs(page))
    return f"{XML_HEADER}<w:document {DOCUMENT_NAMESPACES}><w:body>{body}{section}</w:body></w:document>"


def _paragraphs(page: PitchPage) -> Iterator[str]:
    is_turned = page.direction == "rtl"
    direction = "<w:bidi/>" if is_turned else ""

    def text(content: str, *, bold: bool = False, italic: bool = False) -> str:
        return run(content, RunStyle(bold=bold, italic=italic, right_to_left=is_turned))

    def item(listed: PageItem) -> str:
        name = text(listed.name, bold=True) + text(": " if listed.text else "") if listed.name else ""
        return paragraph("ListParagraph", text(BULLET) + name + text(listed.text), direction)

    yield paragraph("Title", text(page.title), direction)
    if page.genre:
        yield paragraph("Subtitle", text(page.genre), direction)
    if page.logline:
        yield paragraph("Logline", text(page.logline, italic=True), direction)
    for section in page.sections:
        heading = f"{section.heading} ({section.remark})" if section.remark else section.heading
        yield paragraph("Heading1", text(heading), direction)
        yield from (paragraph("Normal", text(one), direction) for one in section.paragraphs)
        yield from (item(one) for one in section.items)


def _styles(size: int) -> str:
    listed = [
        _style("Normal", "Normal", '<w:spacing w:after="100" w:line="264" w:lineRule="auto"/>', "", is_default=True),
        _style("Title", "Title", '<w:spacing w:after="40"/>', f'<w:b/><w:sz w:val="{2 * size - 4}"/>'),
        _style("Subtitle", "Subtitle", '<w:spacing w:after="80"/>', '<w:color w:val="595959"/>'),
        _style("Logline", "Logline", '<w:spacing w:before="80" w:after="160"/>', f'<w:sz w:val="{size + 2}"/>'),
        _style(
            "Heading1",
            "heading 1",
            '<w:keepNext/><w:spacing w:before="180" w:after="60"/><w:outlineLvl w:val="0"/>',
            "<w:b/>",
        ),
        _style(
            "ListParagraph",
            "List Paragraph",
            '<w:tabs><w:tab w:val="left" w:pos="284"/></w:tabs><w:spacing w:after="40"/>'
            '<w:ind w:left="284" w:hanging="284"/>',
            "",
        ),
    ]
    fonts = f'<w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:eastAsia="{FONT}" w:cs="{FONT}"/>'
    defaults = f'<w:rPr>{fonts}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>'
    return (
        f'{XML_HEADER}<w:styles xmlns:w="{WORD}"><w:docDefaults><w:rPrDefault>{defaults}</w:rPrDefault>'
        f"</w:docDefaults>{''.join(listed)}</w:styles>"
    )


def _style(id: str, name: str, properties: str, looks: str, *, is_default: bool = False) -> str:
    default = ' w:default="1"' if is_default else ""
    base = "" if is_default else '<w:basedOn w:val="Normal"/>'
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{id}"><w:name w:val="{name}"/>{base}<w:qFormat/>'
        f"<w:pPr>{properties}</w:pPr><w:rPr>{looks}</w:rPr></w:style>"
    )


def _half_points(page: PitchPage) -> int:
    texts = [page.logline, *(text for section in page.sections for text in section.paragraphs)]
    texts += [item.name + item.text for section in page.sections for item in section.items]
    return LARGE_HALF_POINTS if sum(map(len, texts)) <= FULL_PAGE_CHARACTERS else SMALL_HALF_POINTS


def _properties(title: str, moment: datetime) -> str:
    time = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return (
        f'{XML_HEADER}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{escape(title)}</dc:title>'
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{time}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{time}</dcterms:modified></cp:coreProperties>'
    )
