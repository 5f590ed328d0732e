"""The same source is listed once, with all that is known of it."""

from typing import Any

import pytest

from reyna.library.research_assistant.deduplication import canonical_url, merge_duplicates
from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource

TITLE = "Resonance of tides in an enclosed sea"


def source(origin: Any = "crossref", title: str = TITLE, **facts: Any) -> FoundSource:
    return FoundSource(origin=origin, title=title, **facts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (source(doi="10.1000/7", title="A"), source(doi="10.1000/7", title="B")),
        (source(arxiv_id="2101.00001", title="A"), source(doi="10.48550/arxiv.2101.00001", title="B")),
        (
            source(url="http://www.example.org/tides/?utm_source=feed&b=2&a=1#top", title="A"),
            source(url="https://example.org/tides?a=1&b=2", title="B"),
        ),
        (source(arxiv_id="2101.00001", title="A"), source(url="https://arxiv.org/pdf/2101.00001v3", title="B")),
        (source(doi="10.1000/7"), source(title="Resonance of Tides in an Enclosed Sea.")),
    ],
)
def test_the_same_by_doi_arxiv_id_address_or_title(one: FoundSource, other: FoundSource) -> None:
    assert len(merge_duplicates([one, other])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (source(doi="10.1000/7"), source(doi="10.1000/8")),
        (source(published="1999"), source(published="2021-04-02")),
        (source(title="Tides"), source(title="Tides")),
        (source(type="article"), source("wikipedia", type="entry-encyclopedia")),
        (source("library", blob_id="blob-1"), source("library", blob_id="blob-2")),
        (source(url="https://example.org/?page=1", title="A"), source(url="https://example.org/?page=2", title="B")),
    ],
)
def test_others_stay_apart(one: FoundSource, other: FoundSource) -> None:
    assert len(merge_duplicates([one, other])) == 2


def test_what_one_lacks_comes_from_the_other() -> None:
    bare = source("searxng", url="https://example.org/", text="Short.", doi="10.1000/7", rank=3)
    rich = source(
        doi="10.1000/7",
        text="A longer text.",
        licence="CC BY 4.0",
        volume="12",
        authors=(AuthorName("Berg"),),
        rank=1,
        type="article-journal",
    )
    (merged,) = merge_duplicates([bare, rich])
    assert (merged.origin, merged.also_in, merged.rank) == ("searxng", ("crossref",), 1)
    assert (merged.text, merged.licence) == ("A longer text.", "CC BY 4.0")
    assert (merged.url, merged.volume, merged.type) == ("https://example.org/", "12", "article-journal")
    assert merged.authors == (AuthorName("Berg"),)


def test_the_third_is_found_by_what_the_second_knew() -> None:
    first = source(doi="10.1000/7", title="A")
    second = source("openalex", doi="10.1000/7", arxiv_id="2101.00001", title="A")
    third = source("arxiv", arxiv_id="2101.00001", title="B")
    (merged,) = merge_duplicates([first, second, third])
    assert merged.also_in == ("openalex", "arxiv")


def test_addresses_of_arxiv_are_one() -> None:
    assert canonical_url("http://arxiv.org/pdf/2101.00001v2.pdf") == canonical_url("https://arxiv.org/abs/2101.00001")
