"""Converts HTML into Markdown: headings, paragraphs, emphasis, lists, quotations, links and images."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final, NamedTuple

HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
SKIPPED: Final = frozenset({"script", "style", "template", "noscript", "svg", "math", "head", "iframe", "object"})
BLOCKS: Final = frozenset({
    "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "figure", "figcaption", "ul", "ol",
    "li", "blockquote", "table", "tr", "pre", "hr", "dl", "dt", "dd", "body", *HEADINGS,
})  # fmt: skip
MARKS: Final = {"em": "*", "i": "*", "cite": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~", "code": "`"}
VOID: Final = frozenset({"br", "hr", "img", "meta", "link", "input", "wbr", "col", "area", "base", "source", "track"})
ESCAPED: Final = re.compile(r"([\\*_`\[\]])")
SPACES: Final = re.compile(r"[ \t\n\r\f]+")
MAX_DEPTH: Final = 500  # of open elements that are remembered


class TextBlock(NamedTuple):
    """A block of Markdown; `level` is that of a heading, whose text it then is, else 0."""

    level: int
    text: str


def convert_html(html: str, link_image: Callable[[str], str | None] = lambda source: None) -> list[TextBlock]:
    """Returns the blocks of a document; `link_image` returns the address of an image by its source, None to leave it
    out."""
    converter = _Converter(link_image)
    converter.feed(html)
    converter.close()
    return converter.finish()


def join_blocks(blocks: list[TextBlock]) -> str:
    """Returns the blocks as one text of Markdown."""
    return "\n\n".join(f"{'#' * block.level} {block.text}" if block.level else block.text for block in blocks)


class _Converter(HTMLParser):
    """Collects blocks while the document is read."""

    def __init__(self, link_image: Callable[[str], str | None]) -> None:
        super().__init__(convert_charrefs=True)
        self._link_image = link_image
        self._blocks: list[TextBlock] = []
        self._text: list[str] = []
        self._open: list[str] = []
        self._skipping = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in VOID:
            self._handle_void(tag, values)
            return
        if tag in SKIPPED:
            self._skipping += 1
        if tag in BLOCKS:
            self._end_block()
        if len(self._open) < MAX_DEPTH:
            self._open.append(tag)
        if tag in MARKS and not self._skipping:
            self._text.append(MARKS[tag])
        if tag == "a":
            self._links.append(values.get("href") or "")
            self._text.append("[")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if tag in SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        if tag in MARKS and not self._skipping:
            self._close_mark(MARKS[tag])
        if tag == "a" and self._links:
            self._close_link(self._links.pop())
        if tag in BLOCKS:
            self._end_block(closing=tag)
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if "pre" in self._open:
            self._text.append(data)
        else:
            self._text.append(ESCAPED.sub(r"\\\1", SPACES.sub(" ", data)))

    def finish(self) -> list[TextBlock]:
        """Returns the blocks."""
        self._end_block()
        return self._blocks

    def _handle_void(self, tag: str, values: dict[str, str | None]) -> None:
        if self._skipping:
            return
        if tag == "br":
            self._text.append("\\\n")
        elif tag == "hr":
            self._end_block()
            self._blocks.append(TextBlock(0, "* * *"))
        elif tag == "img" and (address := self._link_image(values.get("src") or "")) is not None:
            self._text.append(f"![{values.get('alt') or ''}]({address})")

    def _close_mark(self, mark: str) -> None:
        """Ends an emphasis, without space inside of it, or drops an empty one."""
        if mark not in self._text:
            return
        start = len(self._text) - 1 - self._text[::-1].index(mark)
        inner = "".join(self._text[start + 1 :])
        del self._text[start:]
        if not inner.strip():
            self._text.append(inner)
            return
        before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
        self._text.append(f"{before}{mark}{inner.strip()}{mark}{after}")

    def _close_link(self, address: str) -> None:
        if "[" not in self._text:
            return
        start = len(self._text) - 1 - self._text[::-1].index("[")
        inner = "".join(self._text[start + 1 :])
        del self._text[start:]
        is_kept = address.startswith(("http://", "https://", "mailto:")) and inner.strip()
        self._text.append(f"[{inner}]({address})" if is_kept else inner)

    def _end_block(self, closing: str = "") -> None:
        raw, self._text = "".join(self._text), []
        if "pre" in self._open:
            if raw.strip("\n"):
                self._blocks.append(TextBlock(0, f"```\n{raw.strip(chr(10))}\n```"))
            return
        text = re.sub(r"[ ]*\n[ ]*", "\n", re.sub(r"  +", " ", raw)).strip().removesuffix("\\").strip()
        if not text:
            return
        level = next((HEADINGS[tag] for tag in reversed(self._open) if tag in HEADINGS), 0)
        if level:
            self._blocks.append(TextBlock(level, text.replace("\\\n", " ")))
            return
        self._blocks.append(TextBlock(0, self._in_context(text)))

    def _in_context(self, text: str) -> str:
        """Returns a paragraph as an item of a list or as a quotation, where it is in one."""
        lists = [tag for tag in self._open if tag in ("ul", "ol")]
        if "li" in self._open and lists:
            mark = "1." if lists[-1] == "ol" else "-"
            text = f"{'  ' * (len(lists) - 1)}{mark} {text}"
        quotes = self._open.count("blockquote")
        return "\n".join(f"{'> ' * quotes}{line}" for line in text.split("\n")) if quotes else text
