"""Gathering: every source that is switched on is asked once, and what cannot be had is said."""

import asyncio
from functools import partial
from typing import Final

import msgspec

from reyna.library.research_assistant.question import Depth, Question
from reyna.library.research_assistant.settings import ResearchSettings
from reyna.library.research_assistant.sources.adapter import NetworkSource, SourceFault, SourceSearch
from reyna.library.research_assistant.sources.found_source import FoundSource, Origin
from reyna.library.research_assistant.sources.network import ADAPTERS, NetworkSources
from reyna.library.research_assistant.sources.own_library import (
    LIBRARY_TITLE,
    LibraryHits,
    OwnLibrary,
    WalkedLibrary,
)
from reyna.sdk import Context

RESULTS_BY_DEPTH: Final[dict[Depth, int]] = {"brief": 5, "standard": 10, "thorough": 20}  # of each source
NETWORK_IS_OFF: Final = "No source on the network is switched on: see the setting `sources`."
LIBRARY_IS_OFF: Final = "Your library was not searched: see the setting `library`."


class SearchedOrigin(msgspec.Struct, frozen=True):
    """A source that was asked, and the number of its results."""

    origin: Origin
    title: str
    found: int


class MissingSource(msgspec.Struct, frozen=True):
    """A source without results in the answer, or with fewer than it has, and why."""

    field: str
    reason: str


class GatheredSources(msgspec.Struct, frozen=True):
    sources: list[FoundSource]
    searched: list[SearchedOrigin]
    missing: list[MissingSource]


async def gather_sources(
    question: Question, context: Context[ResearchSettings], network: NetworkSources
) -> GatheredSources:
    """Returns what all sources found, the library first. Each search is a step of the run: a later attempt does not
    ask again, apart from those that failed. Raises Refuse for a bucket that is not there."""
    settings = context.settings
    names = tuple(dict.fromkeys(settings.sources))
    library = WalkedLibrary(context, bucket_id=settings.bucket_id, max_blobs=settings.max_blobs)
    parts = await asyncio.gather(
        _ask_library(question, context, library), *(_ask_network(name, question, context, network) for name in names)
    )
    missing = [one for part in parts for one in part.missing]
    if not names:
        missing.append(MissingSource("sources", NETWORK_IS_OFF))
    return GatheredSources(
        [one for part in parts for one in part.sources], [one for part in parts for one in part.searched], missing
    )


async def _ask_library(question: Question, context: Context[ResearchSettings], library: OwnLibrary) -> GatheredSources:
    if not context.settings.library:
        return GatheredSources([], [], [MissingSource("library", LIBRARY_IS_OFF)])
    search = partial(library.find, question, limit=RESULTS_BY_DEPTH[question.depth])
    hits = await context.step("search-library", search, returns=LibraryHits)
    missing = [] if hits.is_complete else [MissingSource("library", _shortened_reason(hits.examined))]
    return GatheredSources(hits.sources, [SearchedOrigin("library", LIBRARY_TITLE, len(hits.sources))], missing)


async def _ask_network(
    name: NetworkSource, question: Question, context: Context[ResearchSettings], network: NetworkSources
) -> GatheredSources:
    if reason := network.reason_against(name):
        return GatheredSources([], [], [MissingSource(name, reason)])
    search = SourceSearch(words=question.words, limit=RESULTS_BY_DEPTH[question.depth], language=question.language)
    try:
        found = await context.step(f"search-{name}", partial(network.find, name, search), returns=list[FoundSource])
    except SourceFault as fault:
        return GatheredSources([], [], [MissingSource(name, fault.reason)])
    return GatheredSources(found, [SearchedOrigin(name, ADAPTERS[name].title, len(found))], [])


def _shortened_reason(examined: int) -> str:
    return (
        f"Your library is larger than what is read for one question: {examined:,} of its texts were read (the setting "
        "`max_blobs`, and at most 12 million characters). Of the others, only what the search finds was looked at."
    )
