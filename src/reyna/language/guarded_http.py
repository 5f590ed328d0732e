"""The HTTP client for URLs of users, which refuses addresses that they must not reach through the server."""

import asyncio
import ipaddress
import socket
import ssl
from functools import cache
from typing import Final

import httpx2
import msgspec

MAX_CONNECTIONS: Final = 100
KEEP_ALIVE_SECONDS: Final = 30.0
# Services for machines of a cloud, which give out credentials to whoever asks from there; 169.254/16 is link-local.
METADATA_ADDRESSES: Final = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254", "192.0.0.192")))
NAT64_NETWORK: Final = ipaddress.ip_network("64:ff9b::/96")

# What a request to a model needs; clients add other headers from the environment, which are not for the URL of a user.
SENT_HEADERS: Final = frozenset(
    {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "transfer-encoding",
        "user-agent",
        "authorization",
        "x-api-key",
        "anthropic-version",
    }
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenAddress(httpx2.TransportError):
    """The URL leads to an address that is not allowed here."""


class AddressRule(msgspec.Struct, frozen=True):
    """The addresses that a URL of a user may lead to: public ones, and with `private` those of the own network."""

    private: bool = False
    setting: str = "REYNA_PRIVATE_MODELS"  # that allows addresses of the own network

    def check(self, address: str) -> None:
        """Raises ForbiddenAddress."""
        found = _embedded_address(ipaddress.ip_address(address.partition("%")[0]))
        if found.is_link_local or found.is_multicast or found.is_unspecified or found in METADATA_ADDRESSES:
            raise ForbiddenAddress("The URL leads to an address that nobody may use.")
        if not self.private and not found.is_global:
            raise ForbiddenAddress(
                f"The URL leads into a private network, which this studio does not allow: see {self.setting}."
            )


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Resolves the host of each request, checks every address, and connects to one of those that were checked.

    A name that resolves otherwise a moment later, and a redirect, thus lead nowhere else.
    """

    def __init__(
        self, rule: AddressRule, inner: httpx2.AsyncBaseTransport, sent_headers: frozenset[str] = SENT_HEADERS
    ) -> None:
        self._rule, self._inner, self._sent_headers = rule, inner, sent_headers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        try:
            address = await self._resolve(host, request.url.port)
        except OSError as error:
            raise httpx2.ConnectError(f"{host} has no address: {error}", request=request) from error
        for name in {name.lower() for name in request.headers} - self._sent_headers:
            del request.headers[name]
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=address)  # the Host header stays the name
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _resolve(self, host: str, port: int | None) -> str:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        for address in addresses:
            self._rule.check(address)
        return addresses[0]


def open_http_client(
    connect_timeout: float, rule: AddressRule | None, sent_headers: frozenset[str] = SENT_HEADERS
) -> httpx2.AsyncClient:
    """Returns a client that follows no redirects, uses no proxy for guarded requests, and waits for answers as long as
    its caller does. Without a rule, all addresses are allowed."""
    limits = httpx2.Limits(
        max_connections=MAX_CONNECTIONS,
        max_keepalive_connections=MAX_CONNECTIONS,
        keepalive_expiry=KEEP_ALIVE_SECONDS,
    )
    timeout, tls = httpx2.Timeout(None, connect=connect_timeout), _tls_context()
    if rule is None:
        return httpx2.AsyncClient(timeout=timeout, limits=limits, verify=tls, follow_redirects=False)
    transport = GuardedTransport(rule, httpx2.AsyncHTTPTransport(limits=limits, verify=tls), sent_headers)
    return httpx2.AsyncClient(timeout=timeout, transport=transport, follow_redirects=False)


@cache
def _tls_context() -> ssl.SSLContext:
    """Returns the TLS settings of all clients: reading the certificates of the authorities takes 50 ms of CPU."""
    return httpx2.create_ssl_context()


def _embedded_address(address: Address) -> Address:
    """Returns the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64_NETWORK:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
