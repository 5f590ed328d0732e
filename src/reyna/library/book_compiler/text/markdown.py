"""Parses the Markdown of a text into blocks and notes."""

# ruff: noqa: RUF001 - the dashes of scene breaks
import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.footnote import footnote_plugin

from reyna.library.book_compiler.text.blocks import (
    Block,
    BookNote,
    CodeBlock,
    Figure,
    Heading,
    Inline,
    InlineImage,
    ItemList,
    LineBreak,
    Paragraph,
    PlainText,
    Poem,
    PoemLine,
    Quote,
    SceneBreak,
    TextDirection,
    plain_text,
)
from reyna.library.book_compiler.text.direction import direction_of_text
from reyna.library.book_compiler.text.inline import InlineReader, append_inline
from reyna.library.book_compiler.text.line_blocks import LINE_NAME, add_line_blocks

# Not in XML 1.0, and the two marks that turn the direction of what follows, letter by letter (UAX #9)
UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
BREAK_LINE: Final = re.compile(r"^(?:#|⁂|❦|§|~|(?:[*#•·~—–-][ \t]*){3,})$")  # a scene break as a line of its own
MAX_NESTING: Final = 20  # of quotes and lists; a text with more is not taken as Markdown
MAX_INLINE_NESTING: Final = 12  # of emphasis and links
LONGEST_LIST_START: Final = 999  # "1984. A year ..." begins a paragraph
VERSE_FENCES: Final = frozenset({"verse", "poem", "poetry"})


class ParsedText(NamedTuple):
    blocks: tuple[Block, ...]
    notes: tuple[BookNote, ...]


def clean(text: str) -> str:
    """Returns the text without the characters that no format can hold, and with plain line ends."""
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def parse_markdown(
    text: str, *, direction: TextDirection = "ltr", first_note: int = 1, smart_quotes: str | None = None
) -> ParsedText:
    """Returns the blocks of the text and its notes, whose numbers begin with `first_note`.

    Where no blank line separates paragraphs, each line is one. HTML is text. `smart_quotes` are the four marks that
    replace straight ones.
    """
    text = clean(text)
    reader = _BlockReader(direction, first_note, lines_are_paragraphs=not BLANK_LINE.search(text.strip()))
    tokens = _parser(smart_quotes).parse(text)
    if max((token.level for token in tokens), default=0) >= MAX_NESTING - 2:
        return ParsedText(_plain_blocks(text, direction), ())
    _flatten_deep_content(tokens)
    tree = SyntaxTreeNode(tokens)
    notes = [node for node in tree.children if node.type == "footnote_block"]
    blocks = reader.read([node for node in tree.children if node.type != "footnote_block"])
    return ParsedText(blocks, tuple(reader.read_note(note) for block in notes for note in block.children))


@cache
def _parser(smart_quotes: str | None) -> MarkdownIt:
    """Returns CommonMark without HTML, indented code and underlined headings, which prose has by accident."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    parser.enable("strikethrough")
    parser.disable(["code", "lheading", "html_block", "html_inline"])
    if smart_quotes:
        parser.options["typographer"] = True
        parser.options["quotes"] = smart_quotes
        parser.enable("smartquotes")
    add_line_blocks(parser)
    return parser.use(footnote_plugin)


def _plain_blocks(text: str, direction: TextDirection) -> tuple[Block, ...]:
    """Returns the paragraphs of a text as they are written, since the parser drops what is nested too deeply."""
    paragraphs = [part.strip() for part in BLANK_LINE.split(text) if part.strip()]
    return tuple(Paragraph((PlainText(part),), direction_of_text(part, direction)) for part in paragraphs)


def _flatten_deep_content(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.children and max(child.level for child in token.children) > MAX_INLINE_NESTING:
            token.children = [Token("text", "", 0, content=token.content)]


class _BlockReader:
    def __init__(
        self, direction: TextDirection, first_note: int, *, lines_are_paragraphs: bool, in_note: bool = False
    ) -> None:
        self._direction, self._first_note = direction, first_note
        self._lines_are_paragraphs = lines_are_paragraphs
        self._inline = InlineReader(first_note, in_note=in_note)

    def read(self, nodes: Sequence[SyntaxTreeNode]) -> tuple[Block, ...]:
        return tuple(block for node in nodes for block in self._read_block(node))

    def read_note(self, node: SyntaxTreeNode) -> BookNote:
        """Returns a note; a reference to another note in it is text."""
        reader = _BlockReader(self._direction, self._first_note, in_note=True, lines_are_paragraphs=False)
        return BookNote(self._first_note + int(node.meta["id"]), reader.read(node.children))

    def _read_block(self, node: SyntaxTreeNode) -> list[Block]:
        match node.type:
            case "paragraph":
                return self._read_paragraph(self._read_inline(node))
            case "heading":
                return self._read_heading(node)
            case "blockquote":
                return [Quote(self.read(node.children))]
            case "bullet_list" | "ordered_list":
                return self._read_list(node)
            case "poem":
                return [self._read_poem(node)]
            case "hr":
                return [SceneBreak()]
            case "fence" | "code_block":
                return [self._read_fence(node)]
            case _:
                return []

    def _read_inline(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        return tuple(
            inline for child in node.children if child.type == "inline" for inline in self._inline.read(child.children)
        )

    def _read_paragraph(self, content: tuple[Inline, ...]) -> list[Block]:
        lines = _split_lines(content) if self._lines_are_paragraphs else [content]
        return [self._paragraph_of(line) for line in lines if line]

    def _paragraph_of(self, content: tuple[Inline, ...]) -> Block:
        content = _join_soft_breaks(content)
        if len(content) == 1 and isinstance(content[0], InlineImage):
            return Figure(content[0].source, content[0].alternative)
        text = plain_text(content)
        if len(text) < 20 and BREAK_LINE.match(text.strip()):
            return SceneBreak()
        return Paragraph(content, direction_of_text(text, self._direction))

    def _read_heading(self, node: SyntaxTreeNode) -> list[Block]:
        content = _join_soft_breaks(self._read_inline(node))
        text = plain_text(content)
        if not text.strip():
            return [SceneBreak()]  # `#` alone, as in a typescript
        return [Heading(int(node.tag[1]), content, direction_of_text(text, self._direction))]

    def _read_list(self, node: SyntaxTreeNode) -> list[Block]:
        start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
        items = tuple(self.read(item.children) for item in node.children)
        if len(items) == 1 and not items[0]:  # the mark alone, on a line of its own
            return [SceneBreak()] if start is None else [self._paragraph_of((PlainText(f"{start}."),))]
        if start is not None and start > LONGEST_LIST_START and len(items) == 1:
            first, *rest = items[0]
            if isinstance(first, Paragraph):
                return [Paragraph((PlainText(f"{start}. "), *first.content), first.direction), *rest]
        return [ItemList(items, start)]

    def _read_poem(self, node: SyntaxTreeNode) -> Poem:
        lines = [
            PoemLine(_join_soft_breaks(self._read_inline(line)), int(line.meta.get("indent", 0)))
            for line in node.children
            if line.type == LINE_NAME
        ]
        return self._poem_of(lines)

    def _poem_of(self, lines: list[PoemLine]) -> Poem:
        stanzas: list[list[PoemLine]] = [[]]
        for line in lines:
            if line.content:
                stanzas[-1].append(line)
            elif stanzas[-1]:
                stanzas.append([])
        text = " ".join(plain_text(line.content) for line in lines)
        return Poem(tuple(tuple(stanza) for stanza in stanzas if stanza), direction_of_text(text, self._direction))

    def _read_fence(self, node: SyntaxTreeNode) -> Block:
        if node.info.strip().lower() not in VERSE_FENCES:
            return CodeBlock(node.content.rstrip("\n"))
        return self._poem_of([_verse_of(line) for line in node.content.rstrip("\n").split("\n")])


def _verse_of(line: str) -> PoemLine:
    text = line.strip()
    return PoemLine((PlainText(text),) if text else (), len(line) - len(line.lstrip(" ")))


SOFT_BREAK: Final = PlainText("\n")


def _split_lines(content: tuple[Inline, ...]) -> list[tuple[Inline, ...]]:
    lines: list[list[Inline]] = [[]]
    for inline in content:
        if inline == SOFT_BREAK:
            lines.append([])
        else:
            lines[-1].append(inline)
    return [tuple(line) for line in lines]


def _join_soft_breaks(content: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """Returns the content with spaces for soft breaks, and no line break at its end."""
    joined: list[Inline] = []
    for inline in content:
        append_inline(joined, PlainText(" ") if inline == SOFT_BREAK else inline)
    while joined and isinstance(joined[-1], LineBreak):
        joined.pop()
    return tuple(joined)
