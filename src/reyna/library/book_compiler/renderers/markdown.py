"""Renders a book as Markdown, which parses to the same blocks again."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from reyna.library.book_compiler.book.model import BookChapter
from reyna.library.book_compiler.renderers.edition import Edition
from reyna.library.book_compiler.text.blocks import (
    Block,
    CodeBlock,
    CodeText,
    Emphasis,
    Figure,
    Heading,
    Hyperlink,
    Inline,
    InlineImage,
    ItemList,
    LineBreak,
    NoteReference,
    Paragraph,
    PlainText,
    Poem,
    PoemLine,
    Quote,
    SceneBreak,
    StrongText,
    StruckText,
)

SPECIAL: Final = re.compile(r"([\\`*_\[\]<>&~|^!])")
SPECIAL_AT_START: Final = re.compile(r"^(\s*)([#+=-])")
NUMBER_AT_START: Final = re.compile(r"^(\s*\d+)([.)])")
BACKTICKS: Final = re.compile("`+")
SCENE_BREAK: Final = "* * *"
DEEPEST_HEADING: Final = 6


def render(edition: Edition) -> bytes:
    """Returns the book with its title at level 1, parts at level 2, and chapters below their part."""
    return ("\n\n".join(_book_blocks(edition)) + "\n").encode()


def _book_blocks(edition: Edition) -> Iterator[str]:
    book = edition.book
    yield f"# {escape(book.title)}"
    if book.subtitle:
        yield f"*{escape(book.subtitle)}*"
    if book.author:
        yield escape(f"{edition.labels.by} {book.author}")
    for piece in book.front:
        yield from _piece_blocks(piece, 2)
    for part in book.parts:
        if part.title:
            yield f"## {escape(part.title)}"
        for chapter in part.chapters:
            yield from _piece_blocks(chapter, 3 if part.title else 2)
    for piece in book.back:
        yield from _piece_blocks(piece, 2)


def _piece_blocks(piece: BookChapter, level: int) -> Iterator[str]:
    yield f"{'#' * level} {escape(piece.title)}" if piece.title else SCENE_BREAK
    if text := chapter_markdown(piece, level=level):
        yield text


def chapter_markdown(chapter: BookChapter, *, level: int = 1) -> str:
    """Returns the text of a chapter without its title; headings in it begin below `level`."""
    writer = MarkdownWriter(note_prefix=f"{chapter.id}-", level=level)
    blocks: list[str] = []
    for number, section in enumerate(chapter.sections):
        if section.title:
            blocks.append(writer.heading(1, escape(section.title)))
        elif number:
            blocks.append(SCENE_BREAK)
        blocks += writer.blocks(section.blocks)
    for note in chapter.notes:
        body = _indent("\n\n".join(writer.blocks(note.blocks)), "    ")
        blocks.append(f"[^{chapter.id}-{note.number}]: {body}")
    return "\n\n".join(blocks)


class MarkdownWriter(msgspec.Struct, frozen=True):
    """Writes blocks as Markdown: `level` is that of the heading above them."""

    note_prefix: str = ""
    level: int = 1

    def heading(self, level: int, text: str) -> str:
        return f"{'#' * min(self.level + level, DEEPEST_HEADING)} {text}"

    def blocks(self, blocks: Iterable[Block]) -> list[str]:
        return [self._block(block) for block in blocks]

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(content):
                return _escape_start(self._inline(content))
            case Heading(level, content):
                return self.heading(level, self._inline(content).replace("\n", " "))
            case Quote(blocks):
                return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(self.blocks(blocks)).split("\n"))
            case ItemList(items, start):
                return "\n".join(self._item(item, start, number) for number, item in enumerate(items))
            case Poem(stanzas):
                lines = (
                    "\n".join(f"| {' ' * line.indent}{self._inline(line.content)}" for line in stanza)
                    for stanza in stanzas
                )
                return "\n|\n".join(lines)
            case SceneBreak():
                return SCENE_BREAK
            case CodeBlock(text):
                fence = "`" * max(3, 1 + max((len(run) for run in BACKTICKS.findall(text)), default=0))
                return f"{fence}\n{text}\n{fence}"
            case Figure(source, alternative):
                return _image(source, alternative)

    def _poem_line(self, line: PoemLine) -> str:
        return f"| {' ' * line.indent}{self._inline(line.content)}"

    def _item(self, item: tuple[Block, ...], start: int | None, number: int) -> str:
        mark = "- " if start is None else f"{start + number}. "
        return mark + _indent("\n\n".join(self.blocks(item)), " " * len(mark))

    def _inline(self, content: Iterable[Inline]) -> str:
        return "".join(map(self._one_inline, content))

    def _one_inline(self, inline: Inline) -> str:
        match inline:
            case PlainText(text):
                return escape(text)
            case Emphasis(content):
                return f"*{self._inline(content)}*"
            case StrongText(content):
                return f"**{self._inline(content)}**"
            case StruckText(content):
                return f"~~{self._inline(content)}~~"
            case CodeText(text):
                fence = "`" * (1 + max((len(run) for run in BACKTICKS.findall(text)), default=0))
                space = " " if text.startswith("`") or text.endswith("`") else ""
                return f"{fence}{space}{text}{space}{fence}"
            case Hyperlink(url, content):
                return f"[{self._inline(content)}](<{url}>)"
            case LineBreak():
                return "\\\n"
            case InlineImage(source, alternative):
                return _image(source, alternative)
            case NoteReference(number):
                return f"[^{self.note_prefix}{number}]"


def escape(text: str) -> str:
    """Returns the text so that nothing in it is Markdown."""
    return SPECIAL.sub(r"\\\1", text)


def _escape_start(text: str) -> str:
    return NUMBER_AT_START.sub(r"\1\\\2", SPECIAL_AT_START.sub(r"\1\\\2", text))


def _image(source: str, alternative: str) -> str:
    return f"![{escape(alternative)}](<{source.replace('<', '%3C').replace('>', '%3E')}>)"


def _indent(text: str, indent: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(indent + line if line else "" for line in rest)])
