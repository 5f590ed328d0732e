"""The form of an adapter: a service on the network as one request, and one function that reads its answer."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec

from reyna.library.research_assistant.sources.found_source import FoundSource

NetworkSource = Literal["wikipedia", "arxiv", "crossref", "openalex", "searxng"]
T = TypeVar("T")


class SourceFault(Exception):
    """A source gave no answer that can be used; the reason is in words for the user."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class SourceSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The words to search for, those of a question that matter, in their order. `language` is a code such as `en`,
    `contact` the mail address of whoever runs this studio, which some services ask for."""

    words: tuple[str, ...]
    limit: int
    language: str = "en"
    contact: str | None = None

    @property
    def text(self) -> str:
        return " ".join(self.words)


class SourceAdapter(msgspec.Struct, frozen=True, kw_only=True):
    """One service. `path` comes after the address, `parameters` makes the query of a search, and `read` the sources of
    an answer; it raises SourceFault. `pause_seconds` are kept between two requests. `{language}` in the `default_url`
    stands for the language; without a default, the operator names the address."""

    name: NetworkSource
    title: str
    default_url: str | None
    path: str
    pause_seconds: float
    parameters: Callable[[SourceSearch], dict[str, str]]
    read: Callable[[bytes], list[FoundSource]]


def decode_answer(body: bytes, type: type[T], service: str) -> T:
    """Returns the JSON of an answer. Raises SourceFault for what is not such JSON."""
    try:
        return msgspec.json.decode(body, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SourceFault(f"{service} answered something else than its interface says.") from error


def convert_items(items: list[Any], type: type[T]) -> list[T]:
    """Returns the items that have the form of this type; others are left out, and do not spoil the rest."""
    found: list[T] = []
    for item in items:
        try:
            found.append(msgspec.convert(item, type))
        except msgspec.ValidationError:
            continue
    return found


def number_sources(sources: list[FoundSource | None]) -> list[FoundSource]:
    """Returns the sources that there are, each with its rank."""
    found = [source for source in sources if source is not None]
    return [msgspec.structs.replace(source, rank=rank) for rank, source in enumerate(found)]
