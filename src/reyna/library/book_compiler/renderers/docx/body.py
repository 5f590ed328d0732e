"""The text of a manuscript as WordprocessingML: paragraphs, lists, notes and images."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from reyna.library.book_compiler.book.model import BookChapter
from reyna.library.book_compiler.renderers.docx.lists import ListNumbers
from reyna.library.book_compiler.renderers.docx.relations import PartName, Relations
from reyna.library.book_compiler.renderers.docx.runs import RunWriter
from reyna.library.book_compiler.renderers.docx.styles import INDENT_TWIPS
from reyna.library.book_compiler.renderers.docx.xml import (
    DOCUMENT_NAMESPACES,
    PLAIN,
    XML_HEADER,
    RunStyle,
    paragraph,
    run,
)
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.text.blocks import (
    Block,
    BookNote,
    CodeBlock,
    Figure,
    Heading,
    Inline,
    ItemList,
    Paragraph,
    Poem,
    Quote,
    SceneBreak,
    TextDirection,
)
from reyna.library.book_compiler.text.direction import direction_of_text

SCENE_BREAK: Final = "#"
DEEPEST_HEADING: Final = 6
TWIPS_PER_SPACE: Final = 120
MAX_INDENT_SPACES: Final = 40
MAX_LIST_DEPTH: Final = 8
SEPARATORS: Final = (
    '<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
    '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>'
)
NOTE_MARK: Final = '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'


class BodyWriter:
    """Writes the paragraphs of a document, and collects its footnotes and lists."""

    def __init__(self, edition: Edition, relations: Relations) -> None:
        self._edition, self._relations = edition, relations
        self._direction = edition.book.direction
        self._lists = ListNumbers()
        self._notes: list[str] = []
        self._written_notes = 0

    def line(self, style: str, text: str, *, page_break: bool = False, first: bool = False) -> str:
        """Returns a paragraph of plain text; a page break stands before it."""
        direction = direction_of_text(text, self._direction)
        properties = ("<w:pageBreakBefore/>" if page_break else "") + self._direction_property(direction)
        return paragraph(style, run(text, self._run_style(direction)), properties)

    def chapter(self, chapter: BookChapter, level: int) -> Iterator[str]:
        """Yields the paragraphs below the title of the chapter, which has this level."""
        notes = {note.number: note for note in chapter.notes}
        for number, section in enumerate(chapter.sections):
            if section.title:
                yield self.line(f"Heading{max(3, level + 1)}", section.title)
            elif number:
                yield self._scene_break()
            yield from self._blocks(section.blocks, "Normal", "document", notes, 0)

    def footnotes(self) -> str:
        return f"{XML_HEADER}<w:footnotes {DOCUMENT_NAMESPACES}>{SEPARATORS}{''.join(self._notes)}</w:footnotes>"

    def numbering(self) -> str:
        return self._lists.numbering()

    def _blocks(
        self, blocks: Iterable[Block], style: str, part: PartName, notes: dict[int, BookNote], depth: int
    ) -> Iterator[str]:
        for block in blocks:
            match block:
                case Paragraph(content, direction):
                    yield self._paragraph(style, content, direction, part, notes)
                case Heading(level, content, direction):
                    heading = f"Heading{min(2 + level, DEEPEST_HEADING)}"
                    yield self._paragraph(heading, content, direction, part, notes)
                case Quote(inner):
                    yield from self._blocks(inner, "BlockText", part, notes, depth)
                case ItemList():
                    yield from self._list(block, part, notes, depth)
                case Poem():
                    yield from self._poem(block, part, notes)
                case SceneBreak():
                    yield self._scene_break()
                case CodeBlock(text):
                    yield paragraph("Code", run(text))
                case Figure(source, alternative):
                    yield paragraph("Figure", self._run_writer(part, notes).image(source, alternative))

    def _paragraph(
        self,
        style: str,
        content: tuple[Inline, ...],
        direction: TextDirection,
        part: PartName,
        notes: dict[int, BookNote],
        properties: str = "",
    ) -> str:
        runs = self._run_writer(part, notes).runs(content, self._run_style(direction))
        return paragraph(style, runs, properties + self._direction_property(direction))

    def _list(self, items: ItemList, part: PartName, notes: dict[int, BookNote], depth: int) -> Iterator[str]:
        number = self._lists.add(items.start)
        level = min(depth, MAX_LIST_DEPTH)
        for item in items.items:
            for place, block in enumerate(item):
                if place == 0 and isinstance(block, Paragraph):
                    mark = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
                    yield self._paragraph("ListParagraph", block.content, block.direction, part, notes, mark)
                else:
                    yield from self._blocks((block,), "BlockText", part, notes, depth + 1)

    def _poem(self, poem: Poem, part: PartName, notes: dict[int, BookNote]) -> Iterator[str]:
        for number, stanza in enumerate(poem.stanzas):
            if number:
                yield paragraph("Poem", "")
            for line in stanza:
                left = 2 * INDENT_TWIPS + min(line.indent, MAX_INDENT_SPACES) * TWIPS_PER_SPACE
                runs = self._run_writer(part, notes).runs(line.content, self._run_style(poem.direction))
                indent = f'<w:ind w:left="{left}" w:hanging="{INDENT_TWIPS}"/>' if line.indent else ""
                yield paragraph("Poem", runs, self._direction_property(poem.direction) + indent)

    def _scene_break(self) -> str:
        return paragraph("SceneBreak", run(SCENE_BREAK))

    def _run_writer(self, part: PartName, notes: dict[int, BookNote]) -> RunWriter:
        return RunWriter(
            self._relations, part, self._edition.labels.image, lambda number: self._add_note(notes.get(number))
        )

    def _add_note(self, note: BookNote | None) -> int | None:
        """Writes the footnote and returns its id, which counts through the whole document."""
        if note is None:
            return None
        self._written_notes += 1
        id = self._written_notes
        body = "".join(self._blocks(note.blocks, "FootnoteText", "footnotes", {}, 0)) or paragraph("FootnoteText", "")
        marked = body.replace("</w:pPr>", f"</w:pPr>{NOTE_MARK}{run(' ')}", 1)
        self._notes.append(f'<w:footnote w:id="{id}">{marked}</w:footnote>')
        return id

    def _direction_property(self, direction: TextDirection) -> str:
        if direction == self._direction:
            return ""
        return "<w:bidi/>" if direction == "rtl" else '<w:bidi w:val="0"/>'

    def _run_style(self, direction: TextDirection) -> RunStyle:
        return replace(PLAIN, right_to_left=True) if direction == "rtl" else PLAIN
