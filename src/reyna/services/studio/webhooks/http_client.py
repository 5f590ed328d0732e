"""The HTTP client of webhooks: within limits, without redirects, and never to an address that is not allowed."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx2
import msgspec

from reyna.domain.errors import Invalid
from reyna.language.guarded_http import AddressRule, ForbiddenAddress, open_http_client

CONNECT_SECONDS: Final = 5.0
RESPONSE_SECONDS: Final = 15.0  # for the whole of an attempt
MAX_RESPONSE_BYTES: Final = 16 * 1024  # that are read
MAX_LOGGED_CHARACTERS: Final = 1_000
SETTING: Final = "REYNA_WEBHOOK_PRIVATE"
SENT_HEADERS: Final = frozenset(
    {
        *("host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"),
        *("webhook-id", "webhook-timestamp", "webhook-signature"),
    }
)


class WebhookReply(msgspec.Struct, frozen=True):
    """The response to an attempt, or the error before there was one; `seconds` is the time that it took."""

    seconds: float
    status: int | None = None
    error: str | None = None
    text: str = ""


class PostWebhook(Protocol):
    """Sends the body of a delivery; never raises for what the receiver does."""

    async def check_url(self, url: str) -> None:
        """Raises Invalid for a URL that leads to an address that is not allowed now."""
        ...

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookReply: ...

    async def close(self) -> None: ...


def webhook_addresses(*, private: bool) -> AddressRule:
    """Returns the rule for the addresses of webhooks; those of a cloud's metadata are never allowed."""
    return AddressRule(private=private, setting=SETTING)


class WebhookClient:
    """Posts to receivers. The address is resolved and checked for each connection, and is that which is used."""

    def __init__(self, rule: AddressRule, *, response_seconds: float = RESPONSE_SECONDS) -> None:
        self._rule, self._response_seconds = rule, response_seconds
        self._client: httpx2.AsyncClient | None = None  # opened when it is needed: it reads certificates

    async def check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Invalid.at("/url", "is no URL", expected="https://host/path") from None
        if not parts.hostname:
            raise Invalid.at("/url", "has no host", expected="https://host/path")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port or 443)
            for one in found:
                self._rule.check(str(one[4][0]))
        except ForbiddenAddress as forbidden:
            raise Invalid.at("/url", str(forbidden), expected="an address on the internet") from None
        except (OSError, UnicodeError):  # it may have an address by the first event
            return

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookReply:
        begin = time.monotonic()
        try:
            async with asyncio.timeout(self._response_seconds):
                reply = await self._send(url, body, headers)
        except TimeoutError:
            reply = WebhookReply(0.0, error=f"No response within {self._response_seconds:g} seconds.")
        except Exception as error:  # a port that is none, for one, is an ExceptionGroup of an OverflowError
            reply = WebhookReply(0.0, error=str(error) or type(error).__name__)
        return msgspec.structs.replace(reply, seconds=round(time.monotonic() - begin, 3))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookReply:
        if self._client is None:
            self._client = open_http_client(CONNECT_SECONDS, self._rule, SENT_HEADERS)
        # Connections are not reused: to the pool, two names at one address are the same server.
        sent = {**headers, "connection": "close"}
        async with self._client.stream("POST", url, content=body, headers=sent) as response:
            content = b""
            async for part in response.aiter_raw():
                content += part
                if len(content) >= MAX_RESPONSE_BYTES:
                    break
            text = content[:MAX_RESPONSE_BYTES].decode("utf-8", errors="replace").replace("\0", "")
            return WebhookReply(0.0, status=response.status_code, text=text[:MAX_LOGGED_CHARACTERS])
