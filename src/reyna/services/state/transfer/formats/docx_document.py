"""Reads documents of Word (Office Open XML), whose headings begin chapters."""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from reyna.services.state.transfer.reading.chapters import book_bucket, plan_chapters, split_chapters
from reyna.services.state.transfer.reading.draft_tree import FILE_LINK, DraftTree, stem
from reyna.services.state.transfer.reading.html_text import TextBlock
from reyna.services.state.transfer.reading.items import IncomingFile, IncomingItem, TakeNote
from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive
from reyna.services.state.transfer.reading.relative_paths import resolve_path
from reyna.services.state.transfer.reading.safe_xml import local_name, parse_xml

DOCUMENT: Final = "word/document.xml"
STYLES: Final = "word/styles.xml"
RELATIONS: Final = "word/_rels/document.xml.rels"
FOOTNOTES: Final = "word/footnotes.xml"
PROPERTIES: Final = "docProps/core.xml"
HEADING: Final = re.compile(r"heading\s*([1-9])|title", re.IGNORECASE)
UNREAD_PARTS: Final = {
    "word/comments.xml": "Comments are left out.",
    "word/endnotes.xml": "Endnotes are left out.",
    "word/vbaProject.bin": "Macros are left out.",
}
MAX_LEVEL: Final = 6


def is_docx(archive: OpenedArchive) -> bool:
    """Tells whether an archive is a document of Word."""
    return archive.is_zip and DOCUMENT in archive


def read_docx_document(archive: OpenedArchive, name: str, note: TakeNote) -> Iterator[IncomingItem]:
    """Yields a book with a chapter for each heading, and the images in it."""
    if not is_docx(archive):
        raise BadArchive("This is no document of Word: it has no word/document.xml.")
    tree = DraftTree(archive, f"docx\x1f{stem(name)}")
    body = _Body(archive, tree, note)
    blocks = body.read()
    title, author = _properties(archive)
    yield book_bucket(tree, title or stem(name), author=author)
    for path in dict.fromkeys(body.images):
        yield IncomingFile(path=path, name=path.rpartition("/")[2])
    yield from plan_chapters(tree, "", split_chapters(blocks), DOCUMENT)
    for path, reason in UNREAD_PARTS.items():
        if path in archive and (not path.endswith(".xml") or len(parse_xml(archive, path)) > 2):
            note(path, "not_understood", reason)


class _Body:
    """Turns the paragraphs of a document into Markdown."""

    def __init__(self, archive: OpenedArchive, tree: DraftTree, note: TakeNote) -> None:
        self._archive, self._tree, self._note = archive, tree, note
        self._levels, self._list_styles = _heading_levels(archive), _list_styles(archive)
        self._targets = _relations(archive)
        self._footnotes = self._read_footnotes()
        self._used_notes: list[str] = []
        self.images: list[str] = []

    def read(self) -> list[TextBlock]:
        """Returns the blocks of the document."""
        body = next((one for one in parse_xml(self._archive, DOCUMENT).iter() if local_name(one) == "body"), None)
        if body is None:
            raise BadArchive("The document has no text.")
        blocks = [block for element in body for block in self._blocks_of(element)]
        numbered = enumerate(self._used_notes, 1)
        return [*blocks, *(TextBlock(0, f"[^{number}]: {self._footnotes.get(id, '')}") for number, id in numbered)]

    def _blocks_of(self, element: Element) -> Iterator[TextBlock]:
        match local_name(element):
            case "p":
                yield from self._paragraph(element)
            case "tbl":
                yield TextBlock(0, "\n".join(self._table(element)))
            case "sdt" | "sdtContent" | "ins" | "customXml" | "smartTag":
                for child in element:
                    yield from self._blocks_of(child)

    def _paragraph(self, element: Element) -> Iterator[TextBlock]:
        text = re.sub(r"(\*{2,})(\s*)\1", r"\2", self._inline(element)).strip()
        style, is_item, depth = _paragraph_style(element)
        level = self._levels.get(style, 0)
        if not text:
            return
        if level:
            yield TextBlock(min(level, MAX_LEVEL), text.replace("\n", " "))
        elif is_item or style in self._list_styles:
            yield TextBlock(0, f"{'  ' * depth}- {text}")
        else:
            yield TextBlock(0, text)

    def _inline(self, element: Element) -> str:
        parts: list[str] = []
        for child in element:
            match local_name(child):
                case "r":
                    parts.append(self._run(child))
                case "hyperlink":
                    address = self._targets.get(_attribute(child, "id"), "")
                    text = self._inline(child)
                    is_outside = address.startswith(("http://", "https://", "mailto:"))
                    parts.append(f"[{text}]({address})" if is_outside and text else text)
                case "ins" | "smartTag" | "sdt" | "sdtContent" | "fldSimple" | "moveTo":
                    parts.append(self._inline(child))
                case "del" | "moveFrom":
                    self._note(DOCUMENT, "not_understood", "Text that was struck by a tracked change is left out.")
        return "".join(parts)

    def _run(self, run: Element) -> str:
        text, mark = "", ""
        for child in run:
            match local_name(child):
                case "rPr":
                    mark = _mark_of(child)
                case "t":
                    text += child.text or ""
                case "tab":
                    text += "\t"
                case "br" | "cr":
                    text += "\n"
                case "noBreakHyphen":
                    text += "\u2011"
                case "footnoteReference":
                    self._used_notes.append(_attribute(child, "id"))
                    text += f"[^{len(self._used_notes)}]"
                case "drawing" | "pict" | "object":
                    text += self._image(child)
        if not mark or not text.strip():
            return text
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}{mark}{text.strip()}{mark}{after}"

    def _image(self, element: Element) -> str:
        for one in element.iter():
            if local_name(one) in ("blip", "imagedata"):
                path = self._targets.get(_attribute(one, "embed") or _attribute(one, "id"), "")
                if path in self._archive:
                    self.images.append(path)
                    return f"![]({FILE_LINK}{self._tree.file_id(path)})"
        self._note(DOCUMENT, "not_understood", "A drawing that is no image is left out.")
        return ""

    def _table(self, table: Element) -> Iterator[str]:
        rows = [row for row in table if local_name(row) == "tr"]
        for number, row in enumerate(rows):
            cells = [
                " ".join(block.text for part in cell for block in self._blocks_of(part)).replace("\n", " ")
                for cell in row
                if local_name(cell) == "tc"
            ]
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
            if number == 0:
                yield "|" + " --- |" * len(cells)

    def _read_footnotes(self) -> dict[str, str]:
        if FOOTNOTES not in self._archive:
            return {}
        self._footnotes, self._used_notes = {}, []
        found: dict[str, str] = {}
        for element in parse_xml(self._archive, FOOTNOTES):
            paragraphs = [self._inline(one).strip() for one in element if local_name(one) == "p"]
            found[_attribute(element, "id")] = " ".join(filter(None, paragraphs))
        return found


def _heading_levels(archive: OpenedArchive) -> dict[str, int]:
    """Returns the level of each style of headings, by its id: its name, or its level in the outline, says so."""
    levels = {f"Heading{level}": level for level in range(1, 10)} | {"Title": 1}
    if STYLES not in archive:
        return levels
    for style in parse_xml(archive, STYLES):
        if local_name(style) != "style":
            continue
        id = _attribute(style, "styleId")
        for one in style.iter():
            if local_name(one) == "name" and (found := HEADING.fullmatch(_attribute(one, "val"))):
                levels[id] = int(found[1] or 1)
            elif local_name(one) == "outlineLvl" and _attribute(one, "val").isdigit() and id not in levels:
                level = int(_attribute(one, "val")) + 1
                if level <= MAX_LEVEL:
                    levels[id] = level
    return levels


def _list_styles(archive: OpenedArchive) -> frozenset[str]:
    """Returns the ids of the styles whose paragraphs are items of a list."""
    if STYLES not in archive:
        return frozenset()
    styles = [one for one in parse_xml(archive, STYLES) if local_name(one) == "style"]
    return frozenset(
        _attribute(style, "styleId") for style in styles if any(local_name(one) == "numPr" for one in style.iter())
    )


def _relations(archive: OpenedArchive) -> dict[str, str]:
    """Returns the targets of relations by id: paths of the archive, or addresses."""
    if RELATIONS not in archive:
        return {}
    found: dict[str, str] = {}
    for one in parse_xml(archive, RELATIONS):
        target = one.get("Target", "")
        found[one.get("Id", "")] = target if one.get("TargetMode") == "External" else resolve_path(DOCUMENT, target)
    return found


def _properties(archive: OpenedArchive) -> tuple[str, str]:
    """Returns the title and the author of a document."""
    if PROPERTIES not in archive:
        return "", ""
    values = {local_name(one): (one.text or "").strip() for one in parse_xml(archive, PROPERTIES)}
    return values.get("title", ""), values.get("creator", "")


def _paragraph_style(paragraph: Element) -> tuple[str, bool, int]:
    """Returns the style of a paragraph, whether it is an item of a list, and how deep."""
    style, is_item, depth = "", False, 0
    for properties in paragraph:
        if local_name(properties) != "pPr":
            continue
        for one in properties.iter():
            match local_name(one):
                case "pStyle":
                    style = _attribute(one, "val")
                case "numPr":
                    is_item = True
                case "ilvl" if _attribute(one, "val").isdigit():
                    depth = min(int(_attribute(one, "val")), 8)
    return style, is_item, depth


def _mark_of(properties: Element) -> str:
    """Returns the marks of Markdown around a run: emphasis and strong emphasis."""
    on = {local_name(one) for one in properties if _attribute(one, "val") not in ("0", "false", "none")}
    return ("**" if "b" in on else "") + ("*" if "i" in on else "")


def _attribute(element: Element, name: str) -> str:
    """Returns the attribute with this name, whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
