"""The client of webhooks: within limits, without redirects, and never into a private network unless that is allowed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from reyna.domain.errors import Invalid
from reyna.services.studio.webhooks.http_client import WebhookClient, webhook_addresses
from reyna.services.studio.webhooks.signing import sign

HEADERS: Final = {"content-type": "application/json", "webhook-id": "event-1"}
OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nthanks"


@asynccontextmanager
async def receiver(answer: bytes, heads: list[str] | None = None) -> AsyncIterator[str]:
    """The URL of a server on this machine that gives one answer to everything."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if heads is not None:
            heads.append(head)
        writer.write(answer)
        await writer.drain()
        if answer:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


@asynccontextmanager
async def client(*, private: bool = True, response_seconds: float = 30.0) -> AsyncIterator[WebhookClient]:
    opened = WebhookClient(webhook_addresses(private=private), response_seconds=response_seconds)
    yield opened
    await opened.close()


async def test_the_status_and_the_beginning_of_the_answer_are_reported() -> None:
    heads: list[str] = []
    async with receiver(OK, heads) as url, client() as posting:
        reply = await posting.post(url, b"{}", HEADERS)
    assert (reply.status, reply.text, reply.error) == (200, "thanks", None)
    assert heads[0].startswith("POST /hook ")
    assert "webhook-id: event-1" in heads[0].lower()


async def test_an_address_of_this_machine_is_refused_and_the_setting_is_named() -> None:
    heads: list[str] = []
    async with receiver(OK, heads) as url, client(private=False) as posting:
        reply = await posting.post(url, b"{}", HEADERS)
        assert reply.status is None
        assert "REYNA_WEBHOOK_PRIVATE" in (reply.error or "")
        with pytest.raises(Invalid, match="REYNA_WEBHOOK_PRIVATE"):
            await posting.check_url(url.replace("127.0.0.1", "localhost"))
    assert heads == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
    ],
)
async def test_the_metadata_of_a_cloud_are_refused_even_when_private_addresses_are_allowed(url: str) -> None:
    async with client() as posting:
        with pytest.raises(Invalid):
            await posting.check_url(url)
        assert (await posting.post(url, b"{}", HEADERS)).status is None


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://192.168.1.1/", "http://[::1]/", "http://100.64.0.1/"])
async def test_private_addresses_are_refused_unless_they_are_allowed(url: str) -> None:
    async with client(private=False) as posting:
        with pytest.raises(Invalid):
            await posting.check_url(url)


@pytest.mark.parametrize("url", ["http://:80/", "http://host:port/", "http:///path"])
async def test_what_is_no_url_is_refused(url: str) -> None:
    async with client() as posting:
        with pytest.raises(Invalid):
            await posting.check_url(url)


async def test_a_redirect_is_not_followed() -> None:
    heads: list[str] = []
    async with receiver(OK, heads) as elsewhere:
        answer = f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n".encode()
        async with receiver(answer) as url, client() as posting:
            assert (await posting.post(url, b"{}", HEADERS)).status == 307
    assert heads == []


async def test_an_endless_answer_is_cut_off_and_a_silent_receiver_given_up() -> None:
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n" + b"x" * 100_000
    async with receiver(endless) as url, client() as posting:
        reply = await posting.post(url, b"{}", HEADERS)
        assert (reply.status, len(reply.text)) == (200, 1_000)
    async with receiver(b"") as url, client(response_seconds=0.01) as posting:
        assert "No response within" in ((await posting.post(url, b"{}", HEADERS)).error or "")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://name.invalid/", "http://127.0.0.1:99999/"])
async def test_a_receiver_that_is_not_there_is_an_error_of_the_attempt(url: str) -> None:
    async with client() as posting:
        reply = await posting.post(url, b"{}", HEADERS)
        assert (reply.status, bool(reply.error)) == (None, True)


def test_a_signature_is_that_of_the_specification() -> None:
    """The example of https://www.standardwebhooks.com, as its libraries test it."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
