"""Crossref by its REST API: what publishers have registered of their works. https://api.crossref.org/swagger-ui/"""

import re
from typing import Any, Final

import msgspec

from reyna.library.research_assistant.sources.adapter import (
    SourceAdapter,
    SourceSearch,
    convert_items,
    decode_answer,
    number_sources,
)
from reyna.library.research_assistant.sources.found_source import (
    AuthorName,
    CitationType,
    FoundSource,
    make_source,
    strip_markup,
)

FIELDS: Final = "DOI,title,author,issued,container-title,publisher,URL,abstract,type,license,volume,issue,page"
LICENCE: Final = "unknown; the facts about the work are free"
HEADING: Final = re.compile(r"<jats:title>[^<]{0,200}</jats:title>")  # "Abstract", and those of its parts
TYPES: Final[dict[str, CitationType]] = {
    "journal-article": "article-journal",
    "proceedings-article": "article-journal",
    "posted-content": "article",
    "book": "book",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "book-chapter": "chapter",
}


class CrossrefAuthor(msgspec.Struct):
    family: str | None = None
    given: str | None = None
    name: str | None = None  # of an organisation


class CrossrefDate(msgspec.Struct, rename={"date_parts": "date-parts"}):
    date_parts: list[list[int | None]] = []


class CrossrefLicence(msgspec.Struct):
    url: str = msgspec.field(name="URL", default="")


class CrossrefWork(msgspec.Struct, rename={"doi": "DOI", "url": "URL", "container": "container-title"}):
    doi: str | None = None
    title: list[str] = []
    author: list[CrossrefAuthor] = []
    issued: CrossrefDate | None = None
    container: list[str] = []
    publisher: str | None = None
    url: str | None = None
    abstract: str | None = None
    type: str | None = None
    license: list[CrossrefLicence] = []
    volume: str | None = None
    issue: str | None = None
    page: str | None = None


class CrossrefMessage(msgspec.Struct):
    items: list[Any] = []


class CrossrefAnswer(msgspec.Struct):
    message: CrossrefMessage


def parameters(search: SourceSearch) -> dict[str, str]:
    query = {"query.bibliographic": search.text, "rows": str(search.limit), "select": FIELDS}
    return query | ({"mailto": search.contact} if search.contact else {})


def read(body: bytes) -> list[FoundSource]:
    answer = decode_answer(body, CrossrefAnswer, "Crossref")
    return number_sources([_source_of(work) for work in convert_items(answer.message.items, CrossrefWork)])


def _source_of(work: CrossrefWork) -> FoundSource | None:
    return make_source(
        "crossref",
        title=strip_markup(" ".join(work.title[:1])),
        text=strip_markup(HEADING.sub(" ", work.abstract or "")),
        url=work.url,
        authors=tuple(AuthorName(one.family, one.given, one.name) for one in work.author),
        published=_date_of(work.issued),
        container=next(iter(work.container), None),
        publisher=work.publisher,
        volume=work.volume,
        issue=work.issue,
        pages=work.page,
        doi=work.doi,
        arxiv_id=_arxiv_id_of(work.doi),
        type=TYPES.get(work.type or "", "article"),
        licence=next((licence.url for licence in work.license if licence.url), LICENCE),
    )


def _date_of(date: CrossrefDate | None) -> str | None:
    """Returns `[[2019, 4, 2]]` as `2019-04-02`; a work without a date has `[[null]]`."""
    parts = date.date_parts[0] if date and date.date_parts else []
    known = [part for part in parts[:3] if part is not None]
    return "-".join(f"{part:04d}" if place == 0 else f"{part:02d}" for place, part in enumerate(known)) or None


def _arxiv_id_of(doi: str | None) -> str | None:
    """Returns the id of a preprint whose DOI is one of arXiv's."""
    before, mark, id = (doi or "").lower().partition("10.48550/arxiv.")
    return id if mark and not before else None


CROSSREF: Final = SourceAdapter(
    name="crossref",
    title="Crossref",
    default_url="https://api.crossref.org",
    path="/works",
    pause_seconds=0.5,
    parameters=parameters,
    read=read,
)
