"""Deduplication: one source of those that are the same by DOI, arXiv id, address or nearly the same title."""

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from reyna.domain.text.folding import fold
from reyna.library.research_assistant.question import TOKEN
from reyna.library.research_assistant.sources.found_source import FoundSource

MIN_TITLE_WORDS: Final = 4  # of titles that are compared: short ones are the same by chance
MIN_TITLE_LIKENESS: Final = 0.85  # words in common, of all words of both
TRACKING_PARAMETER: Final = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|ref|source")
FILLED_FIELDS: Final = ("url", "published", "container", "publisher", "volume", "issue", "pages", "doi", "arxiv_id")
ENCYCLOPEDIA: Final = "entry-encyclopedia"


def merge_duplicates(sources: Iterable[FoundSource]) -> list[FoundSource]:
    """Returns each source once, in the order in which they came first; what one lacks is filled in from the other."""
    merged: list[FoundSource] = []
    places: dict[str, int] = {}
    for source in sources:
        keys = keys_of(source)
        place = next((places[key] for key in keys if key in places), None)
        if place is None:
            place = next((at for at, one in enumerate(merged) if are_titles_alike(one, source)), None)
        if place is None:
            place = len(merged)
            merged.append(source)
        else:
            merged[place] = merge(merged[place], source)
        places.update((key, place) for key in (*keys, *keys_of(merged[place])))
    return merged


def keys_of(source: FoundSource) -> list[str]:
    """Returns the names by which the same source is known."""
    keys = []
    if source.blob_id:
        keys.append(f"blob:{source.blob_id}")
    if source.doi:
        keys.append(f"doi:{source.doi}")
    if source.arxiv_id:
        keys += [f"doi:10.48550/arxiv.{source.arxiv_id.lower()}", f"url:arxiv.org/abs/{source.arxiv_id}"]
    if source.url:
        keys.append(f"url:{canonical_url(source.url)}")
    return keys


def canonical_url(url: str) -> str:
    """Returns the address without scheme, `www.`, fragment, closing slash and parameters that only follow readers."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    path = parts.path.rstrip("/")
    if host in {"arxiv.org", "export.arxiv.org"}:
        host, path = "arxiv.org", re.sub(r"^/pdf/", "/abs/", re.sub(r"(v\d+)?(\.pdf)?$", "", path))
    if host == "dx.doi.org":
        host = "doi.org"
    kept = [(name, value) for name, value in parse_qsl(parts.query) if not TRACKING_PARAMETER.fullmatch(name)]
    query = f"?{urlencode(sorted(kept))}" if kept else ""
    return f"{host}{f':{parts.port}' if parts.port else ''}{path}{query}"


def are_titles_alike(one: FoundSource, other: FoundSource) -> bool:
    """Tells whether both are the same work by its title. Works with different DOIs or years far apart are not, nor are
    blobs of the user, nor an article of an encyclopedia and a paper under the same title."""
    if one.blob_id or other.blob_id or (one.doi and other.doi and not (one.arxiv_id or other.arxiv_id)):
        return False
    if (one.type == ENCYCLOPEDIA) != (other.type == ENCYCLOPEDIA):
        return False
    if one.published and other.published and abs(int(one.published[:4]) - int(other.published[:4])) > 1:
        return False
    words, others = set(TOKEN.findall(fold(one.title))), set(TOKEN.findall(fold(other.title)))
    if min(len(words), len(others)) < MIN_TITLE_WORDS:
        return False
    return len(words & others) / len(words | others) >= MIN_TITLE_LIKENESS


def merge(first: FoundSource, other: FoundSource) -> FoundSource:
    """Returns the first with the longer text of both, the licence of that text, and the facts that it lacks."""
    changes: dict[str, Any] = {name: getattr(other, name) for name in FILLED_FIELDS if getattr(first, name) is None}
    if len(other.text) > len(first.text):
        changes |= {"text": other.text, "licence": other.licence}
    if not first.authors:
        changes["authors"] = other.authors
    if first.type == "webpage":
        changes["type"] = other.type
    found_by = dict.fromkeys((*first.also_in, other.origin, *other.also_in))
    also_in = tuple(origin for origin in found_by if origin != first.origin)
    return msgspec.structs.replace(first, also_in=also_in, rank=min(first.rank, other.rank), **changes)
