"""arXiv by its API, which answers Atom. https://info.arxiv.org/help/api/user-manual.html"""

import re
from typing import Final
from xml.etree import ElementTree  # a DOCTYPE, by which entities come in, is refused below

from reyna.library.research_assistant.sources.adapter import (
    SourceAdapter,
    SourceFault,
    SourceSearch,
    number_sources,
)
from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource, make_source

ATOM: Final = "{http://www.w3.org/2005/Atom}"
ARXIV: Final = "{http://arxiv.org/schemas/atom}"
ERROR_PATH: Final = "/api/errors"
LICENCE: Final = "abstract: CC0 1.0; the licence of the paper is on its page"
WORD: Final = re.compile(r"\w+")
NOT_ATOM: Final = "arXiv answered something else than its interface says."


def parameters(search: SourceSearch) -> dict[str, str]:
    words = [part for word in search.words for part in WORD.findall(word)]
    return {
        "search_query": " OR ".join(f"all:{word}" for word in words),
        "start": "0",
        "max_results": str(search.limit),
        "sortBy": "relevance",
        "sortOrder": "descending",
    }


def read(body: bytes) -> list[FoundSource]:
    """Returns the papers. Raises SourceFault for an answer that is no Atom, and for the entry that tells an error."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise SourceFault(NOT_ATOM)
    try:
        feed = ElementTree.fromstring(body)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except ElementTree.ParseError as error:
        raise SourceFault(NOT_ATOM) from error
    if feed.tag != f"{ATOM}feed":
        raise SourceFault(NOT_ATOM)
    return number_sources([_source_of(entry) for entry in feed.findall(f"{ATOM}entry")])


def _source_of(entry: ElementTree.Element) -> FoundSource | None:
    id, summary = _text(entry, f"{ATOM}id"), " ".join(_text(entry, f"{ATOM}summary").split())
    if ERROR_PATH in id:
        raise SourceFault(f"arXiv refused the search: {summary}")
    names = [" ".join((name.text or "").split()) for name in entry.findall(f"{ATOM}author/{ATOM}name")]
    return make_source(
        "arxiv",
        title=_text(entry, f"{ATOM}title"),
        text=summary,
        url=id.replace("http://", "https://", 1),
        authors=tuple(name_of(name) for name in names),
        published=_text(entry, f"{ATOM}published"),
        container=_text(entry, f"{ARXIV}journal_ref") or None,
        publisher="arXiv",
        doi=_text(entry, f"{ARXIV}doi"),
        arxiv_id=id,
        type="article",
        licence=LICENCE,
    )


def name_of(name: str) -> AuthorName:
    """Returns the parts of a name that is written as people say it: the last word is the family's, with what goes
    before it in small letters (`van der Berg`). A single word, and the name of a group, stay whole."""
    words = name.split()
    if len(words) < 2 or any(word.casefold() in {"collaboration", "team", "group", "consortium"} for word in words):
        return AuthorName(literal=name)
    start = len(words) - 1
    while start > 1 and words[start - 1].islower():
        start -= 1
    return AuthorName(family=" ".join(words[start:]), given=" ".join(words[:start]))


def _text(entry: ElementTree.Element, tag: str) -> str:
    return (entry.findtext(tag) or "").strip()


ARXIV_PAPERS: Final = SourceAdapter(
    name="arxiv",
    title="arXiv",
    default_url="https://export.arxiv.org",
    path="/api/query",
    pause_seconds=3.0,  # which arXiv asks for
    parameters=parameters,
    read=read,
)
