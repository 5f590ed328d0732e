"""A client of the studio's REST API: sends structs, and returns structs or raises what the studio refuses."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, Final, TypeVar

import httpx
import msgspec

from reyna.domain.errors import CannotStart, Fault, Unavailable, refusal_from_problem

ANSWER_TIMEOUT_SECONDS: Final = 30.0
TRANSFER_TIMEOUT_SECONDS: Final = 120.0  # without any progress of a file
MAX_CONNECTIONS: Final = 1_000  # each run under way keeps one for its beats
T = TypeVar("T")


class StudioClient:
    """Sends requests with a token; a client belongs to the event loop in which it is used first."""

    def __init__(self, url: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Raises CannotStart for what is no address, or no token of a studio."""
        if not url.startswith(("http://", "https://")):
            raise CannotStart(f"{url} is not an address; it begins with http:// or https://.")
        if not token or not token.isascii() or not token.isprintable():
            raise CannotStart("REYNA_TOKEN is not set, or has characters that no token has.")
        self.url, self._token = url.rstrip("/"), token
        self._http = httpx.AsyncClient(
            base_url=f"{self.url}/api",
            timeout=ANSWER_TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            transport=transport,
        )

    async def ask(
        self,
        kind: Any,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
        query: dict[str, Any] | None = None,
    ) -> Any:
        """Returns the answer as `kind`; one without content is None. `token` takes the place of the client's own.

        Raises Refusal as the studio does, and Fault when it cannot be reached or fails.
        """
        headers = self._headers(token) | {"content-type": "application/json"}
        content = None if body is None else msgspec.json.encode(body)
        return await self._request(kind, method, path, content, headers, timeout, query)

    async def send(
        self, kind: Any, path: str, content: AsyncIterable[bytes], *, token: str, query: dict[str, Any]
    ) -> Any:
        """Posts content as it comes, and returns the answer as `kind`. Raises as `ask` does."""
        headers = self._headers(token) | {"content-type": "application/octet-stream"}
        return await self._request(kind, "POST", path, content, headers, TRANSFER_TIMEOUT_SECONDS, query)

    async def receive(self, path: str, *, token: str) -> AsyncIterator[bytes]:
        """Yields the body of an answer as it comes. Raises as `ask` does."""
        headers = self._headers(token)
        try:
            async with self._http.stream("GET", path, headers=headers, timeout=TRANSFER_TIMEOUT_SECONDS) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise self._error_of(answer)
                async for part in answer.aiter_bytes():
                    yield part
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error

    async def close(self) -> None:
        await self._http.aclose()

    def _headers(self, token: str | None) -> dict[str, str]:
        return {"authorization": f"Bearer {token or self._token}"}

    async def _request(
        self,
        kind: Any,
        method: str,
        path: str,
        content: bytes | AsyncIterable[bytes] | None,
        headers: dict[str, str],
        timeout: float,
        query: dict[str, Any] | None,
    ) -> Any:
        try:
            answer = await self._http.request(
                method, path, content=content, headers=headers, timeout=timeout, params=query
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        if not answer.is_success:
            raise self._error_of(answer)
        try:
            return msgspec.json.decode(answer.content or b"null", type=kind)
        except msgspec.MsgspecError as error:
            raise Fault(f"{self.url} answers, but not as this version of a studio does: {error}") from error

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(f"{self.url} cannot be reached: {error or type(error).__name__}")

    def _error_of(self, answer: httpx.Response) -> Exception:
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Unavailable(f"{self.url} answered {answer.status_code}.")
        try:
            problem = msgspec.json.decode(answer.content)
            return refusal_from_problem({key: problem[key] for key in problem.keys() - {"type", "status"}})
        except (msgspec.MsgspecError, KeyError, AttributeError):
            return Fault(f"{self.url} answered {answer.status_code}.")
