"""A chapter and what a writer does to it, in real sentences: those of the project's own pages."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parents[3] / "docs"


@cache
def words() -> tuple[str, ...]:
    pages = sorted(PAGES.rglob("*.md"))
    return tuple(word for page in pages for word in page.read_text(encoding="utf-8").split())


def chapter(characters: int, seed: int = 1) -> str:
    """So many characters of prose."""
    start = random.Random(seed).randrange(len(words()) // 4)
    text = " ".join(words()[start:])
    while len(text) < characters:
        text += " ".join(words())
    return text[:characters]


def drafts(text: str, count: int, seed: int = 1) -> Iterator[str]:
    """The text as it is after each of so many saves: something is written, written anew or deleted somewhere."""
    chance = random.Random(seed)
    longest = len(text) + 2_000
    for _ in range(count):
        at = text.find(" ", chance.randrange(len(text) * 9 // 10))
        start = chance.randrange(len(words()) - 40)
        sentence = " ".join(words()[start : start + chance.randrange(1, 25)])
        kind = chance.random()
        if kind < 0.5:
            text = f"{text[:at]} {sentence}{text[at:]}"
        elif kind < 0.8:
            text = f"{text[:at]} {sentence}{text[at + len(sentence) :]}"
        else:
            text = text[:at] + text[at + chance.randrange(1, 200) :]
        if len(text) > longest:
            text = text[: longest - 2_000]
        yield text
