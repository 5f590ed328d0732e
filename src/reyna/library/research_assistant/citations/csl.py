"""CSL-JSON: the facts of a source as citation programs (Zotero, pandoc) read them.

https://docs.citationstyles.org/en/stable/specification.html and its schema `csl-data.json`.
"""

from typing import Any

from reyna.library.research_assistant.sources.found_source import AuthorName, FoundSource


def csl_items(sources: dict[str, FoundSource]) -> list[dict[str, Any]]:
    """Returns one item for each source, under its key."""
    return [csl_item(key, source) for key, source in sources.items()]


def csl_item(key: str, source: FoundSource) -> dict[str, Any]:
    """Returns the item; a fact that is not known is absent."""
    item: dict[str, Any] = {
        "id": key,
        "type": source.type,
        "title": source.title,
        "author": [_name(author) for author in source.authors],
        "issued": _date(source.published),
        "accessed": _date(source.retrieved_at) if source.url else None,
        "container-title": source.container,
        "publisher": source.publisher,
        "volume": source.volume,
        "issue": source.issue,
        "page": source.pages,
        "DOI": source.doi,
        "URL": source.url,
        "number": f"arXiv:{source.arxiv_id}" if source.arxiv_id else None,
    }
    return {name: value for name, value in item.items() if value}


def _name(author: AuthorName) -> dict[str, str]:
    if author.literal or not author.family:
        return {"literal": author.full_name}
    return {"family": author.family} | ({"given": author.given} if author.given else {})


def _date(date: str | None) -> dict[str, Any] | None:
    return {"date-parts": [[int(part) for part in date[:10].split("-")]]} if date else None
