"""The text of a book: its blocks, and the inline content of which they consist."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

TextDirection = Literal["ltr", "rtl"]


class PlainText(msgspec.Struct, frozen=True, tag="text"):
    text: str


class Emphasis(msgspec.Struct, frozen=True, tag="emphasis"):
    content: tuple["Inline", ...]


class StrongText(msgspec.Struct, frozen=True, tag="strong"):
    content: tuple["Inline", ...]


class StruckText(msgspec.Struct, frozen=True, tag="struck"):
    content: tuple["Inline", ...]


class CodeText(msgspec.Struct, frozen=True, tag="code"):
    text: str


class Hyperlink(msgspec.Struct, frozen=True, tag="link"):
    """`url` begins with http:, https: or mailto:."""

    url: str
    content: tuple["Inline", ...]


class LineBreak(msgspec.Struct, frozen=True, tag="line_break"):
    pass


class InlineImage(msgspec.Struct, frozen=True, tag="image"):
    """`source` names a file; where it is absent, `alternative` stands in its place."""

    source: str
    alternative: str = ""


class NoteReference(msgspec.Struct, frozen=True, tag="note"):
    """`number` is that of a note of the chapter; `is_first` is the place where the note itself belongs."""

    number: int
    is_first: bool = True


Inline: TypeAlias = (
    PlainText | Emphasis | StrongText | StruckText | CodeText | Hyperlink | LineBreak | InlineImage | NoteReference
)


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    content: tuple[Inline, ...]
    direction: TextDirection = "ltr"


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A heading inside of a chapter; `level` 1 is the one below the title of the chapter."""

    level: int
    content: tuple[Inline, ...]
    direction: TextDirection = "ltr"


class Quote(msgspec.Struct, frozen=True, tag="quote"):
    blocks: tuple["Block", ...]


class ItemList(msgspec.Struct, frozen=True, tag="list"):
    """`start` is the number of the first item, and None for a list without numbers."""

    items: tuple[tuple["Block", ...], ...]
    start: int | None = None


class PoemLine(msgspec.Struct, frozen=True):
    """`indent` counts the spaces before the line."""

    content: tuple[Inline, ...]
    indent: int = 0


class Poem(msgspec.Struct, frozen=True, tag="poem"):
    stanzas: tuple[tuple[PoemLine, ...], ...]
    direction: TextDirection = "ltr"


class SceneBreak(msgspec.Struct, frozen=True, tag="scene_break"):
    pass


class CodeBlock(msgspec.Struct, frozen=True, tag="code_block"):
    text: str


class Figure(msgspec.Struct, frozen=True, tag="figure"):
    """An image that stands alone."""

    source: str
    alternative: str = ""


Block: TypeAlias = Paragraph | Heading | Quote | ItemList | Poem | SceneBreak | CodeBlock | Figure


class BookNote(msgspec.Struct, frozen=True):
    """A footnote; numbers begin with 1 in each chapter."""

    number: int
    blocks: tuple[Block, ...]


def plain_text(content: tuple[Inline, ...]) -> str:
    """Returns the text alone, with spaces for line breaks."""
    return "".join(_plain_parts(content))


def _plain_parts(content: tuple[Inline, ...]) -> Iterator[str]:
    for inline in content:
        match inline:
            case PlainText(text) | CodeText(text):
                yield text
            case LineBreak():
                yield " "
            case InlineImage(alternative=alternative):
                yield alternative
            case Emphasis(inner) | StrongText(inner) | StruckText(inner) | Hyperlink(content=inner):
                yield from _plain_parts(inner)


def image_sources(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Yields the files that these blocks show, in their order."""
    for block in blocks:
        match block:
            case Figure(source=source):
                yield source
            case Paragraph(content=content) | Heading(content=content):
                yield from _inline_sources(content)
            case Quote(inner):
                yield from image_sources(inner)
            case ItemList(items=items):
                for item in items:
                    yield from image_sources(item)
            case Poem(stanzas=stanzas):
                for stanza in stanzas:
                    for line in stanza:
                        yield from _inline_sources(line.content)


def _inline_sources(content: tuple[Inline, ...]) -> Iterator[str]:
    for inline in content:
        match inline:
            case InlineImage(source=source):
                yield source
            case Emphasis(inner) | StrongText(inner) | StruckText(inner) | Hyperlink(content=inner):
                yield from _inline_sources(inner)
