"""The sources on the network that an installation permits, and the requests to them."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from reyna.library.research_assistant.sources.adapter import NetworkSource, SourceAdapter, SourceSearch
from reyna.library.research_assistant.sources.arxiv import ARXIV_PAPERS
from reyna.library.research_assistant.sources.crossref import CROSSREF
from reyna.library.research_assistant.sources.found_source import FoundSource, web_address
from reyna.library.research_assistant.sources.openalex import OPENALEX
from reyna.library.research_assistant.sources.pacing import RequestPacing
from reyna.library.research_assistant.sources.searxng import SEARXNG
from reyna.library.research_assistant.sources.wikipedia import WIKIPEDIA

if TYPE_CHECKING:
    import httpx

ADAPTERS: Final[Mapping[NetworkSource, SourceAdapter]] = {
    adapter.name: adapter for adapter in (WIKIPEDIA, ARXIV_PAPERS, CROSSREF, OPENALEX, SEARXNG)
}
NO_SOURCES: Final = "none"
PUBLIC_SOURCES: Final = ", ".join(name for name, adapter in ADAPTERS.items() if adapter.default_url)


class NetworkSources:
    """The permitted sources with their addresses; the pauses between requests are kept over all runs.

    `transport` takes the place of the network in tests.
    """

    def __init__(
        self,
        urls: Mapping[NetworkSource, str],
        *,
        contact: str | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        pacing: RequestPacing | None = None,
    ) -> None:
        self._urls, self._contact, self._transport = dict(urls), contact, transport
        self._pacing = pacing or RequestPacing()

    def reason_against(self, name: NetworkSource) -> str | None:
        """Returns why this source cannot be asked here, None when it can."""
        if name in self._urls:
            return None
        if ADAPTERS[name].default_url is None:
            return f"{ADAPTERS[name].title} has no address: whoever runs this studio names it (REYNA_RESEARCH_SOURCES)."
        return f"{ADAPTERS[name].title} is not permitted by whoever runs this studio (REYNA_RESEARCH_SOURCES)."

    async def find(self, name: NetworkSource, search: SourceSearch) -> list[FoundSource]:
        """Returns what the source found, with the time. Raises SourceFault."""
        adapter, search = ADAPTERS[name], msgspec.structs.replace(search, contact=self._contact)
        address = self._urls[name].replace("{language}", search.language).rstrip("/")
        # Imports an HTTP client, which most starts of a processor do without.
        from reyna.library.research_assistant.sources.client import SourceClient, open_http, tls_context

        tls = await asyncio.to_thread(tls_context)
        async with open_http(self._contact, self._transport, tls) as http:
            client = SourceClient(http, self._pacing)
            body = await client.get(
                adapter.title, f"{address}{adapter.path}", adapter.parameters(search), pause=adapter.pause_seconds
            )
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return [msgspec.structs.replace(one, retrieved_at=now) for one in adapter.read(body)[: search.limit]]


def read_source_urls(text: str) -> dict[NetworkSource, str]:
    """Returns the addresses of the sources in `wikipedia, searxng=http://192.168.1.5:8888`; `none` permits none.

    Raises ValueError, in words for the operator.
    """
    urls: dict[NetworkSource, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part == NO_SOURCES:
            continue
        written, _, address = (piece.strip() for piece in part.partition("="))
        adapter = next((one for name, one in ADAPTERS.items() if name == written), None)
        if adapter is None:
            raise ValueError(f"{written!r} is none of {', '.join(ADAPTERS)}, {NO_SOURCES}")
        url = address or adapter.default_url
        if url is None:
            raise ValueError(f"{written} needs an address, as in {written}=http://127.0.0.1:8888")
        if web_address(url.replace("{language}", "en")) is None:
            raise ValueError(f"the address of {written} does not begin with http:// or https://")
        urls[adapter.name] = url
    return urls


def public_sources() -> NetworkSources:
    """Returns the sources of an installation that says nothing about them: those with a public address."""
    return NetworkSources(read_source_urls(PUBLIC_SOURCES))
