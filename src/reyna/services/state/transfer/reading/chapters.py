"""Splits a document into chapters by its headings."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from reyna.services.state.transfer.reading.draft_tree import DraftTree
from reyna.services.state.transfer.reading.html_text import TextBlock, join_blocks
from reyna.services.state.transfer.reading.items import IncomingItem

BOOK_TYPE: Final = "book"
CHAPTER_TYPE: Final = "chapter"
OPENING: Final = "Opening"
MAX_NAME_CHARACTERS: Final = 200


class Chapter(NamedTuple):
    """A chapter: its title, and the text behind it."""

    title: str
    text: str


def split_chapters(blocks: Iterable[TextBlock]) -> list[Chapter]:
    """Returns the chapters of a document, split at the highest level that has several headings; else it is one. What
    stands before the first of them is a chapter of its own."""
    blocks = list(blocks)
    counts = Counter(block.level for block in blocks if block.level)
    levels = [level for level in sorted(counts) if counts[level] > 1] or sorted(counts)[-1:]
    if not levels:
        return [Chapter(OPENING, join_blocks(blocks))] if blocks else []
    chapters: list[Chapter] = []
    title, held = OPENING, list[TextBlock]()
    for block in blocks:
        if block.level == 0 or block.level > levels[0]:
            held.append(block)
            continue
        if held or title != OPENING:
            chapters.append(Chapter(title, join_blocks(held)))
        title, held = plain_title(block.text), []
    return [*chapters, Chapter(title, join_blocks(held))]


def plain_title(text: str) -> str:
    """Returns the text of a heading without the marks of Markdown."""
    return text.replace("*", "").replace("`", "").replace("\\", "")[:MAX_NAME_CHARACTERS].strip() or OPENING


def plan_chapters(
    tree: DraftTree, parent: str, chapters: Iterable[Chapter], path: str, *, first_number: int = 1
) -> Iterator[IncomingItem]:
    """Yields a bucket with its text for each chapter."""
    for number, chapter in enumerate(chapters, first_number):
        key = f"{path}\x1fchapter\x1f{number}"
        yield tree.bucket(key, parent, chapter.title, CHAPTER_TYPE)
        yield from tree.texts(f"{key}\x1ftext", key, chapter.text, path="", title=chapter.title, rest={"source": path})


def book_bucket(tree: DraftTree, name: str, **metadata: Any) -> IncomingItem:
    """Returns the bucket of the whole document, under the empty key."""
    return tree.bucket("", None, name, BOOK_TYPE, **metadata)
