"""SearXNG, a search engine that one runs oneself, by its JSON. https://docs.searxng.org/dev/search_api.html"""

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
from reyna.library.research_assistant.sources.found_source import (
    FoundSource,
    make_source,
    strip_markup,
    web_address,
)


class SearxngResult(msgspec.Struct, rename={"published": "publishedDate"}):
    url: str
    title: str
    content: str | None = None
    published: str | None = None


class SearxngAnswer(msgspec.Struct):
    results: list[Any]
    unresponsive_engines: list[Any] = []


def parameters(search: SourceSearch) -> dict[str, str]:
    return {"q": search.text, "format": "json", "language": search.language, "pageno": "1"}


def read(body: bytes) -> list[FoundSource]:
    """Returns the results. Raises SourceFault when there are none because no engine answered."""
    answer = decode_answer(body, SearxngAnswer, "SearXNG")
    if not answer.results and answer.unresponsive_engines:
        raise SourceFault("SearXNG got no answer from its search engines.")
    return number_sources([_source_of(one) for one in convert_items(answer.results, SearxngResult)])


def _source_of(result: SearxngResult) -> FoundSource | None:
    if web_address(result.url) is None:
        return None
    return make_source(
        "searxng",
        title=strip_markup(result.title),
        text=strip_markup(result.content or ""),
        url=result.url,
        published=result.published,
        type="webpage",
    )


SEARXNG: Final = SourceAdapter(
    name="searxng",
    title="SearXNG",
    default_url=None,
    path="/search",
    pause_seconds=1.0,
    parameters=parameters,
    read=read,
)
