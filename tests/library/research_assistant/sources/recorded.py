"""Answers of the services as they give them, and a network that gives them out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import httpx

from reyna.library.research_assistant.sources.adapter import NetworkSource
from reyna.library.research_assistant.sources.network import PUBLIC_SOURCES, NetworkSources, read_source_urls
from reyna.library.research_assistant.sources.pacing import RequestPacing

ANSWERS: Final = Path(__file__).parents[1] / "answers"
HOSTS: Final = {
    "en.wikipedia.org": "wikipedia.json",
    "export.arxiv.org": "arxiv.xml",
    "api.crossref.org": "crossref.json",
    "api.openalex.org": "openalex.json",
    "192.168.1.5": "searxng.json",
}
ALL_SOURCES: Final = f"{PUBLIC_SOURCES}, searxng=http://192.168.1.5:8888"
Respond = Callable[[httpx.Request], httpx.Response]


def recorded(name: str) -> bytes:
    return (ANSWERS / name).read_bytes()


class RecordedNetwork:
    """Answers each host with its recorded answer, or with `responses`; `requests` are those that came, `pauses` the
    seconds that somebody waited."""

    def __init__(self, permitted: str = ALL_SOURCES, responses: Mapping[str, Respond] = {}) -> None:
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self._responses = responses
        self.sources = NetworkSources(
            read_source_urls(permitted),
            contact="ana@example.org",
            transport=httpx.MockTransport(self._respond),
            pacing=RequestPacing(clock=lambda: 0.0, sleep=self._sleep),
        )

    def hosts(self) -> list[str]:
        return [request.url.host for request in self.requests]

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        host = request.url.host
        if host in self._responses:
            return self._responses[host](request)
        return httpx.Response(200, content=recorded(HOSTS[host]))


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no network", request=request)


NO_NETWORK: Final[Mapping[str, Respond]] = dict.fromkeys(HOSTS, unreachable)
NAMES: Final[tuple[NetworkSource, ...]] = ("wikipedia", "arxiv", "crossref", "openalex", "searxng")
