"""Reads the inline content of Markdown: emphasis, links, images, notes and line breaks."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from markdown_it.tree import SyntaxTreeNode

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
    plain_text,
)

SAFE_URL: Final = re.compile(r"^(?:https?://|mailto:)[^\s<>\"{}|\\^`]+$", re.IGNORECASE)
MAX_URL_CHARACTERS: Final = 2_000
ELEMENTS: Final[dict[str, Callable[[tuple[Inline, ...]], Inline]]] = {
    "em": Emphasis,
    "strong": StrongText,
    "s": StruckText,
}


class InlineReader:
    """Reads inline nodes of one text; soft breaks are `PlainText("\\n")`."""

    def __init__(self, first_note: int, *, in_note: bool = False) -> None:
        self._first_note, self._in_note = first_note, in_note

    def read(self, nodes: Sequence[SyntaxTreeNode]) -> tuple[Inline, ...]:
        found: list[Inline] = []
        for node in nodes:
            for inline in self._read_node(node):
                append_inline(found, inline)
        return tuple(found)

    def _read_node(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        match node.type:
            case "text" | "text_special":
                return (PlainText(node.content),) if node.content else ()
            case "softbreak":
                return (PlainText("\n"),)
            case "hardbreak":
                return (LineBreak(),)
            case "code_inline":
                return (CodeText(node.content),)
            case "em" | "strong" | "s":
                return (ELEMENTS[node.type](self._read_inside(node)),)
            case "image":
                return (InlineImage(str(node.attrs.get("src", "")), plain_text(self.read(node.children))),)
            case "link":
                return self._read_link(node)
            case "footnote_ref":
                return (self._read_reference(node),)
            case _:
                return ()

    def _read_reference(self, node: SyntaxTreeNode) -> Inline:
        number = self._first_note + int(node.meta["id"])
        is_first = node.meta.get("subId", 0) == 0
        return PlainText(f"[{number}]") if self._in_note else NoteReference(number, is_first)

    def _read_inside(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        """Returns the content of an element, with spaces for soft breaks."""
        found: list[Inline] = []
        for inline in self.read(node.children):
            append_inline(found, PlainText(" ") if inline == PlainText("\n") else inline)
        return tuple(found)

    def _read_link(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        url, content = str(node.attrs.get("href", "")), self._read_inside(node)
        if len(url) > MAX_URL_CHARACTERS or not SAFE_URL.match(url) or not plain_text(content).strip():
            return content  # the words of the link stay
        return (Hyperlink(url, content),)


def append_inline(found: list[Inline], inline: Inline) -> None:
    """Appends it, and joins it with plain text before it; a soft break stays on its own."""
    last = found[-1] if found else None
    if isinstance(inline, PlainText) and isinstance(last, PlainText) and "\n" not in (inline.text, last.text):
        found[-1] = PlainText(last.text + inline.text)
        return
    found.append(inline)
