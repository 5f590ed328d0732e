"""Sources as they were found: title, text and the facts that a citation needs, whatever service they come from."""

import re
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from reyna.domain.text.clusters import shorten, truncate
from reyna.domain.text.names import remove_controls

MAX_TITLE_CHARACTERS: Final = 500
MAX_TEXT_CHARACTERS: Final = 20_000
MAX_NAME_CHARACTERS: Final = 200
MAX_AUTHORS: Final = 100
MAX_URL_CHARACTERS: Final = 2_000
DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
DOI: Final = re.compile(r"10\.\d{4,9}/\S+")
ARXIV_ID: Final = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?=v\d+|$)")
HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")  # a name, or an address of IPv6
BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
URI_SIGNS: Final = "/:@!$&'()*+,;=?~%"  # which have their own meaning in a path or query: RFC 3986
MARKUP: Final = re.compile(r"<[^<>]{1,200}>")

Origin = Literal["library", "wikipedia", "arxiv", "crossref", "openalex", "searxng"]
CitationType = Literal["article-journal", "article", "book", "chapter", "webpage", "entry-encyclopedia", "manuscript"]


class AuthorName(msgspec.Struct, frozen=True, omit_defaults=True):
    """The name of an author in its parts, or a `literal` one as a whole: of an organisation, or of unknown parts."""

    family: str | None = None
    given: str | None = None
    literal: str | None = None

    @property
    def full_name(self) -> str:
        return self.literal or " ".join(part for part in (self.given, self.family) if part)


class FoundSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source. `text` is an extract or a summary, exactly as it was found; `published` is `2019`, `2019-04` or
    `2019-04-02`; `licence` says under which licence the text is, as far as the service says it; `also_in` are the other
    services that found it; `rank` counts from 0 in the order of its service."""

    origin: Origin
    title: str
    text: str = ""
    url: str | None = None
    authors: tuple[AuthorName, ...] = ()
    published: str | None = None
    container: str | None = None
    publisher: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    type: CitationType = "webpage"
    licence: str = "unknown"
    retrieved_at: str | None = None
    blob_id: str | None = None
    revision: int | None = None
    also_in: tuple[Origin, ...] = ()
    rank: int = 0


def make_source(origin: Origin, *, title: Any, text: str | None = None, **facts: Any) -> FoundSource | None:
    """Returns the source with its facts cut to their limits; None without a title. A fact that is not valid is left
    out: an address that is not one of the web, a date, a DOI or an arXiv id of another form."""
    shown = _line(title, MAX_TITLE_CHARACTERS)
    if not shown:
        return None
    for name in ("container", "publisher", "volume", "issue", "pages", "licence"):
        if name in facts:
            facts[name] = _line(facts[name], MAX_TITLE_CHARACTERS)
    named = [author for author in facts.get("authors", ()) if author.full_name]
    facts["authors"] = tuple(_clean_author(author) for author in named[:MAX_AUTHORS])
    facts["url"] = web_address(facts.get("url"))
    facts["published"] = _date(facts.get("published"))
    facts["doi"] = normalize_doi(facts.get("doi"))
    facts["arxiv_id"] = normalize_arxiv_id(facts.get("arxiv_id"))
    given = {name: value for name, value in facts.items() if value is not None}
    return FoundSource(origin=origin, title=shown, text=clean_text(text or ""), **given)


def clean_text(text: str) -> str:
    """Returns the text without control characters and space around it, cut to its limit."""
    return truncate(remove_controls(text).strip(), MAX_TEXT_CHARACTERS)


def strip_markup(text: str) -> str:
    """Returns the text without tags such as `<jats:p>`, and with single spaces."""
    return " ".join(MARKUP.sub(" ", text).split())


def web_address(url: Any) -> str | None:
    """Returns an address of the web as a URI, in which all that is not ASCII is encoded; None for anything else."""
    if not isinstance(url, str) or len(url) > MAX_URL_CHARACTERS:
        return None
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # also of a host that cannot be encoded
        return None
    if parts.scheme not in {"http", "https"} or not HOST.fullmatch(host) or parts.username is not None:
        return None
    place = f"[{host}]" if ":" in host else host
    path, query, fragment = (
        quote(BARE_PERCENT.sub("%25", part), safe=URI_SIGNS) for part in (parts.path, parts.query, parts.fragment)
    )
    address = urlunsplit((parts.scheme, f"{place}:{port}" if port else place, path, query, fragment))
    return address if len(address) <= MAX_URL_CHARACTERS else None


def normalize_doi(doi: Any) -> str | None:
    """Returns the DOI in lower case without `https://doi.org/` before it."""
    found = DOI.search(doi) if isinstance(doi, str) else None
    return found[0].rstrip(".").lower() if found and len(found[0]) <= MAX_NAME_CHARACTERS else None


def normalize_arxiv_id(id: Any) -> str | None:
    """Returns the id without its version: `2101.00001` of `http://arxiv.org/abs/2101.00001v2`."""
    found = ARXIV_ID.search(id) if isinstance(id, str) else None
    return found[0] if found else None


def _line(text: Any, most: int) -> str | None:
    return shorten(" ".join(remove_controls(text).split()), most) or None if isinstance(text, str) else None


def _clean_author(author: AuthorName) -> AuthorName:
    family, given, literal = (
        _line(part, MAX_NAME_CHARACTERS) for part in (author.family, author.given, author.literal)
    )
    return AuthorName(family, given, literal)


def _date(date: Any) -> str | None:
    found = DATE.match(date) if isinstance(date, str) else None
    return "-".join(part for part in found.groups() if part) if found else None
