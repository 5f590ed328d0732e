"""Citations as CSL-JSON and BibTeX, with all that LaTeX would misread escaped."""

from reyna.library.research_assistant.citations.bibtex import bibtex, citation_keys, escape
from reyna.library.research_assistant.citations.csl import csl_item
from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource

ARTICLE = FoundSource(
    origin="crossref",
    title="Tides & 50% {resonance}_1 in the Åland Sea",
    url="https://doi.org/10.1000/tides_2021{7}",
    authors=(AuthorName("van der Berg", "Ada"), AuthorName(literal="Sea and Tide Group")),
    published="2021-04-02",
    container="Journal of Sea Research",
    publisher="Elsevier BV",
    volume="12",
    issue="1",
    pages="3-9",
    doi="10.1000/tides_2021.7",
    type="article-journal",
    retrieved_at="2026-05-10T08:00:00Z",
)
PREPRINT = FoundSource(
    origin="arxiv",
    title="The tides of moons",
    authors=(AuthorName("Çelik", "Ö."),),
    published="1999",
    arxiv_id="astro-ph/9901001",
    type="article",
    url="https://arxiv.org/abs/astro-ph/9901001",
)
NOTE = FoundSource(origin="library", title="涙", type="manuscript", blob_id="blob-1", published="2026-01-02")

ENTRIES = r"""@article{vanderberg2021tides,
  author = {van der Berg, Ada and {Sea and Tide Group}},
  title = {{Tides \& 50\% \textbraceleft{}resonance\textbraceright{}\_1 in the Åland Sea}},
  journal = {Journal of Sea Research},
  publisher = {Elsevier BV},
  year = {2021},
  month = {4},
  volume = {12},
  number = {1},
  pages = {3--9},
  doi = {10.1000/tides_2021.7},
  url = {https://doi.org/10.1000/tides_2021%7B7%7D},
  urldate = {2026-05-10},
}

@misc{celik1999tides,
  author = {Çelik, Ö.},
  title = {{The tides of moons}},
  year = {1999},
  eprint = {astro-ph/9901001},
  archiveprefix = {arXiv},
  url = {https://arxiv.org/abs/astro-ph/9901001},
}

@misc{library2026lei,
  title = {{涙}},
  year = {2026},
  month = {1},
}
"""


def test_sources_as_bibtex() -> None:
    sources = [ARTICLE, PREPRINT, NOTE]
    assert bibtex(dict(zip(citation_keys(sources), sources, strict=True))) == ENTRIES


def test_an_article_as_csl_json() -> None:
    assert csl_item("berg", ARTICLE) == {
        "id": "berg",
        "type": "article-journal",
        "title": "Tides & 50% {resonance}_1 in the Åland Sea",
        "author": [{"family": "van der Berg", "given": "Ada"}, {"literal": "Sea and Tide Group"}],
        "issued": {"date-parts": [[2021, 4, 2]]},
        "accessed": {"date-parts": [[2026, 5, 10]]},
        "container-title": "Journal of Sea Research",
        "publisher": "Elsevier BV",
        "volume": "12",
        "issue": "1",
        "page": "3-9",
        "DOI": "10.1000/tides_2021.7",
        "URL": "https://doi.org/10.1000/tides_2021{7}",
    }


def test_a_fact_that_is_not_known_is_absent() -> None:
    assert csl_item("note", NOTE) == {
        "id": "note",
        "type": "manuscript",
        "title": "涙",
        "issued": {"date-parts": [[2026, 1, 2]]},
    }


def test_keys_are_different() -> None:
    assert citation_keys([ARTICLE] * 28)[:3] == [
        "vanderberg2021tides",
        "vanderberg2021tidesb",
        "vanderberg2021tidesc",
    ]
    assert len(set(citation_keys([ARTICLE] * 60))) == 60


def test_braces_stay_balanced_whatever_a_title_holds() -> None:
    escaped = escape("}{ \\ ~ ^ $x$ #1 {")
    assert escaped.count("{") == escaped.count("}")
    assert escaped == (
        r"\textbraceright{}\textbraceleft{} \textbackslash{} \textasciitilde{} \textasciicircum{} \$x\$ \#1 "
        r"\textbraceleft{}"
    )
