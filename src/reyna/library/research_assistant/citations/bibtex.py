"""BibTeX: the facts of a source as LaTeX reads them, in UTF-8, with its special characters escaped."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from anyascii import anyascii

from reyna.library.research_assistant.question import STOP_WORDS
from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource

ENTRY_TYPES: Final = {"article-journal": "article", "book": "book", "chapter": "incollection"}
CONTAINER_FIELDS: Final = {"article": "journal", "incollection": "booktitle", "misc": "howpublished"}
# A brace that is escaped by a backslash still counts where BibTeX looks for the end of a value, so it has a name.
ESCAPES: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
    }
)
VERBATIM_ESCAPES: Final = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20"})
KEY_WORD: Final = re.compile(r"[a-z0-9]+")
MAX_KEY_PART_CHARACTERS: Final = 20


def citation_keys(sources: Iterable[FoundSource]) -> list[str]:
    """Returns a key for each source: `berg2019tides`, and `berg2019tidesb` for the next that would have the same."""
    keys: list[str] = []
    for source in sources:
        key, number = _plain_key(source), 1
        while (shown := key if number == 1 else f"{key}{_letters(number)}") in keys:
            number += 1
        keys.append(shown)
    return keys


def bibtex(sources: Mapping[str, FoundSource]) -> str:
    """Returns one entry for each source, under its key."""
    return "\n".join(bibtex_entry(key, source) for key, source in sources.items())


def bibtex_entry(key: str, source: FoundSource) -> str:
    kind = ENTRY_TYPES.get(source.type, "misc")
    fields = {
        "author": " and ".join(_name(author) for author in source.authors),
        "title": f"{{{escape(source.title)}}}",  # in braces of its own, so that no style changes its capitals
        CONTAINER_FIELDS.get(kind, "series"): escape(source.container or ""),
        "publisher": escape(source.publisher or ""),
        "year": (source.published or "")[:4],
        "month": str(int(source.published[5:7])) if source.published and source.published[5:7] else "",
        "volume": escape(source.volume or ""),
        "number": escape(source.issue or ""),
        "pages": re.sub(r"(?<=\w)[-\u2010-\u2013](?=\w)", "--", escape(source.pages or "")),
        "doi": (source.doi or "").translate(VERBATIM_ESCAPES),
        "eprint": source.arxiv_id or "",
        "archiveprefix": "arXiv" if source.arxiv_id else "",
        "url": (source.url or "").translate(VERBATIM_ESCAPES),
        "urldate": (source.retrieved_at or "")[:10] if source.url else "",
    }
    lines = (f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{''.join(lines)}}}\n"


def escape(text: str) -> str:
    """Returns the text with what LaTeX would take for a command escaped."""
    return text.translate(ESCAPES)


def _name(author: AuthorName) -> str:
    """Returns `Berg, Ada`; a name that stays whole is in braces, since an `and` in it would make two of it."""
    if author.literal or not author.family:
        return f"{{{escape(author.full_name)}}}"
    parts = [escape(part) for part in (author.family, author.given) if part]
    return ", ".join(f"{{{part}}}" if " and " in f" {part} " or "," in part else part for part in parts)


def _plain_key(source: FoundSource) -> str:
    author = source.authors[0] if source.authors else None
    name = _ascii_words(author.family or author.full_name if author else source.origin)
    title = [word for word in _ascii_words(source.title) if word not in STOP_WORDS] or ["untitled"]
    year = (source.published or "")[:4]
    author_part, title_part = "".join(name)[:MAX_KEY_PART_CHARACTERS], title[0][:MAX_KEY_PART_CHARACTERS]
    return f"{author_part or source.origin}{year}{title_part}"


def _ascii_words(text: str) -> list[str]:
    return KEY_WORD.findall(anyascii(text).lower())


def _letters(number: int) -> str:
    """Returns b for the second, c for the third, up to z, and numbers beyond."""
    return chr(ord("a") + number - 1) if number <= 26 else f"-{number}"
