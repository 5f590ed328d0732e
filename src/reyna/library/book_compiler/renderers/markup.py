"""XHTML of blocks and notes, for EPUB and for pages."""

from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Final

import msgspec

from reyna.library.book_compiler.book.labels import BookLabels
from reyna.library.book_compiler.book.model import BookChapter
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
    TextDirection,
)

DEEPEST_HEADING: Final = 6
INDENT_EM: Final = 0.5  # for each space before a line of a poem
MAX_INDENT_SPACES: Final = 40
FindImage = Callable[[str], str | None]


class MarkupWriter(msgspec.Struct, frozen=True):
    """Writes the XHTML of one chapter.

    `level` is that of the heading above; `find_image` returns the address of an image, or None for one that is absent.
    `is_epub` adds the attributes that only EPUB has.
    """

    labels: BookLabels
    find_image: FindImage
    level: int = 1
    direction: TextDirection = "ltr"
    note_prefix: str = ""
    is_epub: bool = False

    def sections(self, chapter: BookChapter) -> Iterator[str]:
        """Yields the sections of the chapter, then its notes."""
        for number, section in enumerate(chapter.sections):
            if section.title:
                yield self._heading(1, escape(section.title), "ltr" if self.direction == "ltr" else "rtl")
            elif number:
                yield _scene_break()
            yield from self.blocks(section.blocks)
        if chapter.notes:
            yield from self._notes(chapter)

    def blocks(self, blocks: Iterable[Block]) -> Iterator[str]:
        """Yields each block; a paragraph that begins a passage has the class `first`."""
        begins = True
        for block in blocks:
            if isinstance(block, Paragraph):
                yield self._paragraph(block, ' class="first"' if begins else "")
            else:
                yield self._block(block)
            begins = not isinstance(block, Paragraph)

    def _paragraph(self, paragraph: Paragraph, attributes: str) -> str:
        return f"<p{attributes}{self._dir(paragraph.direction)}>{self.inline(paragraph.content)}</p>"

    def _block(self, block: Block) -> str:
        match block:
            case Heading(level, content, direction):
                return self._heading(level, self.inline(content), direction)
            case Quote(blocks):
                return f"<blockquote>{''.join(self.blocks(blocks))}</blockquote>"
            case ItemList():
                return self._list(block)
            case Poem():
                return self._poem(block)
            case CodeBlock(text):
                return f"<pre><code>{escape(text)}</code></pre>"
            case Figure(source, alternative):
                return f"<figure>{self._image(source, alternative)}</figure>"
            case Paragraph():
                return self._paragraph(block, "")
            case SceneBreak():
                return _scene_break()

    def _heading(self, level: int, content: str, direction: TextDirection) -> str:
        tag = f"h{min(self.level + level, DEEPEST_HEADING)}"
        return f"<{tag}{self._dir(direction)}>{content}</{tag}>"

    def _list(self, items: ItemList) -> str:
        tag = "ul" if items.start is None else "ol"
        start = f' start="{items.start}"' if items.start not in (None, 1) else ""
        content = "".join(f"<li>{''.join(self.blocks(item))}</li>" for item in items.items)
        return f"<{tag}{start}>{content}</{tag}>" if content else ""

    def _poem(self, poem: Poem) -> str:
        stanzas = "".join(f'<p class="stanza">{"".join(map(self._poem_line, stanza))}</p>' for stanza in poem.stanzas)
        return f'<div class="poem"{self._dir(poem.direction)}>{stanzas}</div>'

    def _poem_line(self, line: PoemLine) -> str:
        indent = min(line.indent, MAX_INDENT_SPACES) * INDENT_EM
        style = f' style="padding-inline-start:{1.5 + indent:g}em"' if indent else ""
        return f'<span class="line"{style}>{self.inline(line.content)}</span>'

    def _notes(self, chapter: BookChapter) -> Iterator[str]:
        kind = ' epub:type="footnotes"' if self.is_epub else ""
        yield f'<section class="notes"{kind} aria-label="{escape(self.labels.notes)}">'
        for note in chapter.notes:
            kind = ' epub:type="footnote"' if self.is_epub else ""
            back = (
                f'<a href="#{self.note_prefix}ref-{note.number}" role="doc-backlink" '
                f'aria-label="{escape(self.labels.back_to_text)}">{note.number}.</a>'
            )
            id = f"{self.note_prefix}note-{note.number}"
            yield f'<aside id="{id}"{kind} role="doc-footnote"><p class="number">{back}</p>'
            yield from self.blocks(note.blocks)
            yield "</aside>"
        yield "</section>"

    def inline(self, content: Iterable[Inline]) -> str:
        return "".join(map(self._one_inline, content))

    def _one_inline(self, inline: Inline) -> str:
        match inline:
            case PlainText(text):
                return escape(text)
            case Emphasis(content):
                return f"<em>{self.inline(content)}</em>"
            case StrongText(content):
                return f"<strong>{self.inline(content)}</strong>"
            case StruckText(content):
                return f"<s>{self.inline(content)}</s>"
            case CodeText(text):
                return f"<code>{escape(text)}</code>"
            case Hyperlink(url, content):
                return f'<a href="{escape(url)}">{self.inline(content)}</a>'
            case LineBreak():
                return "<br/>"
            case InlineImage(source, alternative):
                return self._image(source, alternative)
            case NoteReference():
                return self._note_reference(inline)

    def _note_reference(self, reference: NoteReference) -> str:
        kind = ' epub:type="noteref"' if self.is_epub else ""
        id = f' id="{self.note_prefix}ref-{reference.number}"' if reference.is_first else ""
        target = f"#{self.note_prefix}note-{reference.number}"
        return f'<sup><a href="{target}"{id}{kind} role="doc-noteref">{reference.number}</a></sup>'

    def _image(self, source: str, alternative: str) -> str:
        address = self.find_image(source)
        if address is None:
            label = f"{self.labels.image}: {alternative}" if alternative else self.labels.image
            return f'<span class="absent">[{escape(label)}]</span>'
        return f'<img src="{escape(address)}" alt="{escape(alternative)}"/>'

    def _dir(self, direction: TextDirection) -> str:
        return "" if direction == self.direction else f' dir="{direction}"'


def _scene_break() -> str:
    return '<hr class="scene-break"/>'
