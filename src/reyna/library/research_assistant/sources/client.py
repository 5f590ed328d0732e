"""The HTTP client of the sources: polite, patient for a while, and only at the addresses that were configured."""

import asyncio
import ssl
from functools import cache
from typing import Final

import httpx

from reyna import __version__
from reyna.library.research_assistant.sources.adapter import SourceFault
from reyna.library.research_assistant.sources.pacing import RequestPacing

REQUEST_TIMEOUT_SECONDS: Final = 15.0
SOURCE_TIMEOUT_SECONDS: Final = 45.0  # with all repetitions
RETRY_PAUSES_SECONDS: Final = (1.0, 4.0)
MAX_RETRY_AFTER_SECONDS: Final = 15.0
MAX_ANSWER_BYTES: Final = 8 * 1024**2
MAX_REDIRECTS: Final = 3
TEMPORARY_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
HINTS: Final = {403: " Its interface may be switched off (SearXNG: `search.formats` in its settings needs `json`)."}


class TemporaryAnswer(Exception):
    """A service asks for patience, or does not answer; `retry_after` are the seconds that it asks for."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        self.reason, self.retry_after = reason, retry_after
        super().__init__(reason)


class SourceClient:
    """Sends one GET at a time to a service. It follows redirects inside of the configured origin alone, so that no
    answer leads it to another address."""

    def __init__(self, http: httpx.AsyncClient, pacing: RequestPacing) -> None:
        self._http, self._pacing = http, pacing

    async def get(self, title: str, url: str, parameters: dict[str, str], *, pause: float) -> bytes:
        """Returns the body of the answer. Raises SourceFault, in words for the user."""
        try:
            async with asyncio.timeout(SOURCE_TIMEOUT_SECONDS):
                return await self._get_patiently(title, url, parameters, pause)
        except TimeoutError:
            raise SourceFault(f"{title} could not be reached: it took too long.") from None

    async def _get_patiently(self, title: str, url: str, parameters: dict[str, str], pause: float) -> bytes:
        for retry_pause in (*RETRY_PAUSES_SECONDS, None):
            await self._pacing.wait(title, pause)
            try:
                return await self._get_once(title, url, parameters)
            except TemporaryAnswer as answer:
                if retry_pause is None or (answer.retry_after or 0) > MAX_RETRY_AFTER_SECONDS:
                    raise SourceFault(answer.reason) from answer
                await self._pacing.sleep(answer.retry_after or retry_pause)
        raise SourceFault(f"{title} could not be reached.")

    async def _get_once(self, title: str, url: str, parameters: dict[str, str]) -> bytes:
        request = self._http.build_request("GET", url, params=parameters)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = await self._http.send(request, stream=True)
                try:
                    if answer.next_request is None:
                        return await _read_body(title, answer)
                finally:
                    await answer.aclose()
            except httpx.TransportError as error:
                raise TemporaryAnswer(f"{title} could not be reached.") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceFault(f"{title} could not be read.") from error
            if _origin_of(answer.next_request.url) != _origin_of(request.url):
                raise SourceFault(f"{title} leads to another address, which is not followed.")
            request = answer.next_request
        raise SourceFault(f"{title} leads from address to address.")


async def _read_body(title: str, answer: httpx.Response) -> bytes:
    if answer.status_code in TEMPORARY_STATUSES:
        raise TemporaryAnswer(f"{title} is busy or out of order ({answer.status_code}).", _retry_after(answer))
    if not answer.is_success:
        raise SourceFault(f"{title} refused the request ({answer.status_code}).{HINTS.get(answer.status_code, '')}")
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise SourceFault(f"{title} answered more than can be read.")
    return bytes(body)


def _retry_after(answer: httpx.Response) -> float | None:
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isdecimal() else None


def _origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def open_http(
    contact: str | None, transport: httpx.AsyncBaseTransport | None, tls: ssl.SSLContext
) -> httpx.AsyncClient:
    """Returns a client that says who it is, with the mail address of whoever runs this studio, and follows nothing."""
    about = f"; mailto:{contact}" if contact else ""
    return httpx.AsyncClient(
        headers={"user-agent": f"ReYNaStudio/{__version__} (research assistant{about})"},
        timeout=REQUEST_TIMEOUT_SECONDS,
        follow_redirects=False,
        transport=transport,
        verify=tls,
    )


@cache
def tls_context() -> ssl.SSLContext:
    """Returns the TLS settings of all clients: reading the certificates of the authorities takes 50 ms of CPU."""
    return httpx.create_ssl_context()
