"""The parts of a DOCX file beside its text: content types, relations, header, settings and properties."""

from collections.abc import Iterable
from datetime import UTC
from html import escape
from typing import Final

from reyna.library.book_compiler.renderers.docx.relations import Relation
from reyna.library.book_compiler.renderers.docx.xml import DOCUMENT_NAMESPACES, WORD, XML_HEADER, run
from reyna.library.book_compiler.renderers.edition import Edition

DOCUMENT_NAME: Final = "word/document.xml"
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006"
WORD_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TYPES: Final = {
    "/word/document.xml": f"{WORD_TYPE}.document.main+xml",
    "/word/styles.xml": f"{WORD_TYPE}.styles+xml",
    "/word/settings.xml": f"{WORD_TYPE}.settings+xml",
    "/word/numbering.xml": f"{WORD_TYPE}.numbering+xml",
    "/word/footnotes.xml": f"{WORD_TYPE}.footnotes+xml",
    "/word/fontTable.xml": f"{WORD_TYPE}.fontTable+xml",
    "/word/header1.xml": f"{WORD_TYPE}.header+xml",
    "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "/docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
}
ENDINGS: Final = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "xml": "application/xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
}
PACKAGE_RELATIONS: Final = (
    Relation("rId1", f"{OFFICE}/relationships/officeDocument", DOCUMENT_NAME),
    Relation("rId2", f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
    Relation("rId3", f"{OFFICE}/relationships/extended-properties", "docProps/app.xml"),
)
COMPATIBILITY: Final = (
    '<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/>'
)


def fixed_parts() -> dict[str, str]:
    """Returns the parts that are the same in every document."""
    defaults = "".join(f'<Default Extension="{ending}" ContentType="{type}"/>' for ending, type in ENDINGS.items())
    overrides = "".join(f'<Override PartName="{name}" ContentType="{type}"/>' for name, type in TYPES.items())
    return {
        "[Content_Types].xml": f'{XML_HEADER}<Types xmlns="{PACKAGE}/content-types">{defaults}{overrides}</Types>',
        "_rels/.rels": relationships(PACKAGE_RELATIONS),
        "docProps/app.xml": f'{XML_HEADER}<Properties xmlns="{OFFICE}/extended-properties">'
        "<Application>ReYNa Studio</Application></Properties>",
        "word/settings.xml": f'{XML_HEADER}<w:settings xmlns:w="{WORD}"><w:footnotePr><w:footnote w:id="-1"/>'
        f'<w:footnote w:id="0"/></w:footnotePr><w:compat>{COMPATIBILITY}</w:compat></w:settings>',
        "word/fontTable.xml": f'{XML_HEADER}<w:fonts xmlns:w="{WORD}"><w:font w:name="Times New Roman"/>'
        '<w:font w:name="Courier New"/></w:fonts>',
    }


def relationships(relations: Iterable[Relation]) -> str:
    listed = "".join(
        f'<Relationship Id="{one.id}" Type="{one.type}" Target="{escape(one.target)}"'
        + (' TargetMode="External"/>' if one.is_external else "/>")
        for one in relations
    )
    return f'{XML_HEADER}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def header(edition: Edition, text: str) -> str:
    """Returns the header of every page but the first: the text, then the number of the page."""
    field = "".join(
        f"<w:r>{content}</w:r>"
        for content in (
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>2</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    return (
        f'{XML_HEADER}<w:hdr {DOCUMENT_NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Header"/></w:pPr>'
        f"{run(text)}{field}</w:p></w:hdr>"
    )


def document_properties(edition: Edition) -> str:
    book = edition.book
    moment = f"{book.modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    author = f"<dc:creator>{escape(book.author)}</dc:creator>" if book.author else ""
    return (
        f'{XML_HEADER}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(book.title)}</dc:title>{author}<dc:language>{escape(book.language)}</dc:language>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{moment}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{moment}</dcterms:modified></cp:coreProperties>'
    )
