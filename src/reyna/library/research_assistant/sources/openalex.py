"""OpenAlex by its API: works of research with their abstracts. https://docs.openalex.org/api-entities/works"""

from typing import Any, Final

import msgspec

from reyna.library.research_assistant.sources.adapter import (
    SourceAdapter,
    SourceSearch,
    convert_items,
    decode_answer,
    number_sources,
)
from reyna.library.research_assistant.sources.arxiv import name_of
from reyna.library.research_assistant.sources.found_source import CitationType, FoundSource, make_source, strip_markup

FIELDS: Final = "id,doi,display_name,publication_date,authorships,primary_location,abstract_inverted_index,type,biblio"
LICENCE: Final = "unknown; the facts about the work are CC0 1.0"
MAX_ABSTRACT_WORDS: Final = 5_000
TYPES: Final[dict[str, CitationType]] = {
    "article": "article-journal",
    "review": "article-journal",
    "preprint": "article",
    "book": "book",
    "book-chapter": "chapter",
}


class OpenAlexAuthor(msgspec.Struct):
    display_name: str | None = None


class OpenAlexAuthorship(msgspec.Struct):
    author: OpenAlexAuthor | None = None


class OpenAlexVenue(msgspec.Struct):
    display_name: str | None = None
    host_organization_name: str | None = None


class OpenAlexLocation(msgspec.Struct):
    landing_page_url: str | None = None
    license: str | None = None
    source: OpenAlexVenue | None = None


class OpenAlexPlace(msgspec.Struct):
    volume: str | None = None
    issue: str | None = None
    first_page: str | None = None
    last_page: str | None = None


class OpenAlexWork(msgspec.Struct):
    id: str
    display_name: str | None = None
    doi: str | None = None
    publication_date: str | None = None
    authorships: list[OpenAlexAuthorship] = []
    primary_location: OpenAlexLocation | None = None
    abstract_inverted_index: dict[str, list[int]] | None = None
    type: str | None = None
    biblio: OpenAlexPlace | None = None


class OpenAlexAnswer(msgspec.Struct):
    results: list[Any]


def parameters(search: SourceSearch) -> dict[str, str]:
    query = {"search": search.text, "per-page": str(search.limit), "select": FIELDS}
    return query | ({"mailto": search.contact} if search.contact else {})


def read(body: bytes) -> list[FoundSource]:
    answer = decode_answer(body, OpenAlexAnswer, "OpenAlex")
    return number_sources([_source_of(work) for work in convert_items(answer.results, OpenAlexWork)])


def _source_of(work: OpenAlexWork) -> FoundSource | None:
    location = work.primary_location or OpenAlexLocation()
    venue, place = location.source or OpenAlexVenue(), work.biblio or OpenAlexPlace()
    names = [one.author.display_name for one in work.authorships if one.author and one.author.display_name]
    return make_source(
        "openalex",
        title=strip_markup(work.display_name or ""),
        text=abstract_of(work.abstract_inverted_index or {}),
        url=location.landing_page_url or work.doi or work.id,
        authors=tuple(name_of(name) for name in names),
        published=work.publication_date,
        container=venue.display_name,
        publisher=venue.host_organization_name,
        volume=place.volume,
        issue=place.issue,
        pages="-".join(dict.fromkeys(page for page in (place.first_page, place.last_page) if page)) or None,
        doi=work.doi,
        arxiv_id=location.landing_page_url if "arxiv.org/" in (location.landing_page_url or "") else None,
        type=TYPES.get(work.type or "", "article"),
        licence=location.license or LICENCE,
    )


def abstract_of(places: dict[str, list[int]]) -> str:
    """Returns the text of an inverted index, which says at which places each word stands."""
    ordered = sorted((place, word) for word, at in places.items() for place in at)
    return strip_markup(" ".join(word for _, word in ordered[:MAX_ABSTRACT_WORDS]))


OPENALEX: Final = SourceAdapter(
    name="openalex",
    title="OpenAlex",
    default_url="https://api.openalex.org",
    path="/works",
    pause_seconds=0.2,
    parameters=parameters,
    read=read,
)
