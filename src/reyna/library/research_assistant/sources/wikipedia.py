"""Wikipedia by the action API of MediaWiki: a search whose pages come with the introduction of each article.

https://www.mediawiki.org/wiki/API:Search and https://www.mediawiki.org/wiki/Extension:TextExtracts
"""

from typing import Any, Final

import msgspec

from reyna.library.research_assistant.sources.adapter import (
    SourceAdapter,
    SourceFault,
    SourceSearch,
    convert_items,
    decode_answer,
    number_sources,
)
from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource, make_source

LICENCE: Final = "CC BY-SA 4.0"  # of the texts of all languages
MAX_EXTRACTS: Final = 20  # that the API gives at once


class WikipediaPage(msgspec.Struct):
    title: str
    index: int = 0  # its place in the search
    extract: str | None = None
    fullurl: str | None = None


class WikipediaPages(msgspec.Struct):
    pages: list[Any] = []


class WikipediaError(msgspec.Struct):
    code: str = ""
    info: str = ""


class WikipediaAnswer(msgspec.Struct):
    query: WikipediaPages | None = None
    error: WikipediaError | None = None


def parameters(search: SourceSearch) -> dict[str, str]:
    return {
        "action": "query",
        "format": "json",
        "formatversion": "2",
        "maxlag": "5",
        "generator": "search",
        "gsrsearch": search.text,
        "gsrlimit": str(min(search.limit, MAX_EXTRACTS)),
        "prop": "extracts|info",
        "inprop": "url",
        "exintro": "1",
        "explaintext": "1",
        "exlimit": "max",
    }


def read(body: bytes) -> list[FoundSource]:
    """Returns the articles in the order of the search; no `query` in the answer means that there are none."""
    answer = decode_answer(body, WikipediaAnswer, "Wikipedia")
    if answer.error is not None:
        raise SourceFault(f"Wikipedia refused the search: {answer.error.info or answer.error.code}")
    pages = convert_items(answer.query.pages, WikipediaPage) if answer.query else []
    return number_sources([_source_of(page) for page in sorted(pages, key=lambda page: page.index)])


def _source_of(page: WikipediaPage) -> FoundSource | None:
    return make_source(
        "wikipedia",
        title=page.title,
        text=page.extract,
        url=page.fullurl,
        container="Wikipedia",
        publisher="Wikimedia Foundation",
        authors=(AuthorName(literal="Wikipedia contributors"),),
        type="entry-encyclopedia",
        licence=LICENCE,
    )


WIKIPEDIA: Final = SourceAdapter(
    name="wikipedia",
    title="Wikipedia",
    default_url="https://{language}.wikipedia.org",
    path="/w/api.php",
    pause_seconds=0.5,
    parameters=parameters,
    read=read,
)
