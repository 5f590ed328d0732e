"""Each adapter sends the request that its service documents, and reads its recorded answer."""

import msgspec
import pytest

from reyna.library.research_assistant.sources.adapter import NetworkSource, SourceFault, SourceSearch
from reyna.library.research_assistant.sources.arxiv import name_of
from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource, make_source, web_address
from reyna.library.research_assistant.sources.network import ADAPTERS, read_source_urls
from reyna.validation.validator import Validator
from tests.library.research_assistant.sources.recorded import NAMES, RecordedNetwork, recorded

SEARCH = SourceSearch(words=("tides", "enclosed", "sea"), limit=10)


async def find(name: NetworkSource) -> tuple[RecordedNetwork, list[FoundSource]]:
    network = RecordedNetwork()
    return network, await network.sources.find(name, SEARCH)


async def test_wikipedia_gives_the_introductions_in_the_order_of_its_search() -> None:
    network, found = await find("wikipedia")
    assert [(source.title, source.rank) for source in found] == [("Seiche", 0), ("Tide", 1), ("Tidal resonance", 2)]
    assert found[0].text.startswith("A seiche is a standing wave")
    assert (found[0].licence, found[0].url) == ("CC BY-SA 4.0", "https://en.wikipedia.org/wiki/Seiche")
    assert found[0].retrieved_at is not None
    query = network.requests[0].url.params
    assert (query["gsrsearch"], query["generator"], query["gsrlimit"]) == ("tides enclosed sea", "search", "10")


async def test_arxiv_gives_papers_with_their_authors() -> None:
    network, (paper, other) = await find("arxiv")
    assert paper.title == "Resonance of tides in an enclosed sea"
    assert paper.text.startswith("We show that the tide of an enclosed sea is amplified when its")
    assert (paper.arxiv_id, paper.doi, paper.published) == ("2101.00001", "10.1000/tides.2021.7", "2021-01-01")
    assert paper.authors == (AuthorName("van der Berg", "Ada"), AuthorName("Lind", "Bo"))
    assert (other.arxiv_id, other.authors) == ("astro-ph/9901001", (AuthorName(literal="The Tide Collaboration"),))
    assert network.requests[0].url.params["search_query"] == "all:tides OR all:enclosed OR all:sea"


async def test_crossref_gives_what_publishers_registered() -> None:
    network, (article, book) = await find("crossref")
    assert article.text == (
        "The tide of an enclosed sea is amplified when its natural period is close to twelve hours, and damped "
        "otherwise."
    )
    assert article.authors == (AuthorName("van der Berg", "Ada"), AuthorName(literal="The Tide & Sea Group"))
    assert (article.published, article.pages) == ("2021-04-02", "3-9")
    assert article.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert (book.type, book.published) == ("book", None)
    assert network.requests[0].url.params["mailto"] == "ana@example.org"


async def test_openalex_gives_abstracts_as_texts() -> None:
    _, (article, old) = await find("openalex")
    assert article.text == "The tide of an enclosed sea is amplified."
    assert (article.licence, article.pages, article.container) == ("cc-by", "3-9", "Journal of Sea Research")
    assert (old.text, old.url, old.published) == ("", "https://openalex.org/W2", "1888-01-01")


async def test_searxng_gives_pages_of_the_web_alone() -> None:
    _, found = await find("searxng")
    assert [(source.title, source.published) for source in found] == [("Tides of enclosed seas", "2024-02-03")]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [b"<html>Please sign in</html>", b"[]", b"", b"\xff", b"{}"])
def test_another_answer_than_documented_is_a_fault_in_words(name: NetworkSource, body: bytes) -> None:
    if name == "wikipedia" and body == b"{}":
        assert ADAPTERS[name].read(body) == []  # as it answers when there is nothing
        return
    with pytest.raises(SourceFault, match="answered something else"):
        ADAPTERS[name].read(body)


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("arxiv", recorded("arxiv_error.xml"), "arXiv refused the search: incorrect id format for 1234.12345x"),
        (
            "wikipedia",
            b'{"error":{"code":"maxlag","info":"Waiting for db1: 7.3 seconds lagged."},"servedby":"mw1"}',
            "Wikipedia refused the search: Waiting for db1: 7.3 seconds lagged.",
        ),
        (
            "searxng",
            b'{"query":"x","results":[],"unresponsive_engines":[["google","timeout"]]}',
            "SearXNG got no answer from its search engines.",
        ),
    ],
)
def test_an_error_inside_an_answer_is_told(name: NetworkSource, body: bytes, reason: str) -> None:
    with pytest.raises(SourceFault) as fault:
        ADAPTERS[name].read(body)
    assert fault.value.reason == reason


def test_entities_of_xml_are_not_expanded() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feed>&b;</feed>'
    with pytest.raises(SourceFault):
        ADAPTERS["arxiv"].read(bomb)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Ada Berg", AuthorName("Berg", "Ada")),
        ("Ludwig van der Berg", AuthorName("van der Berg", "Ludwig")),
        ("Plato", AuthorName(literal="Plato")),
        ("de la Cruz", AuthorName("la Cruz", "de")),
        ("ATLAS Collaboration", AuthorName(literal="ATLAS Collaboration")),
    ],
)
def test_names_are_taken_apart(written: str, name: AuthorName) -> None:
    assert name_of(written) == name


def test_facts_that_cannot_be_stored_are_left_out() -> None:
    source = make_source(
        "searxng", title=" A\x00 title\n", text="\x00text", url="http://user:password@example.org/", published="soon"
    )
    assert source is not None
    assert msgspec.to_builtins(source) == {"origin": "searxng", "title": "A title", "text": "text"}
    assert make_source("searxng", title=" \n") is None


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("https://example.org/Gezeiten_ä?q=a|b#[x]", "https://example.org/Gezeiten_%C3%A4?q=a%7Cb#%5Bx%5D"),
        ("https://bücher.example:8080/100%", "https://xn--bcher-kva.example:8080/100%25"),
        ("https://example.org/a%20b/(c)?d=e&f", "https://example.org/a%20b/(c)?d=e&f"),
        ("http://[::1]:8888/", "http://[::1]:8888/"),
        ("https://example.org:port/", None),
        ("https://exa mple.org/", None),
        ("https:///path", None),
        ("https://[::1/", None),
        (f"https://example.org/{'ä' * 1900}", None),
    ],
)
def test_addresses_are_uris(written: str, uri: str | None) -> None:
    assert web_address(written) == uri
    assert uri is None or Validator({"format": "uri"}).errors(uri) == ()


def test_an_operator_names_the_permitted_sources() -> None:
    assert read_source_urls("arxiv, searxng = http://127.0.0.1:8888") == {
        "arxiv": "https://export.arxiv.org",
        "searxng": "http://127.0.0.1:8888",
    }
    assert read_source_urls("none") == {}


@pytest.mark.parametrize("text", ["google", "searxng", "searxng=ftp://home", "wikipedia=/etc/passwd"])
def test_a_wrong_name_or_address_of_a_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("=")[0]):
        read_source_urls(text)
