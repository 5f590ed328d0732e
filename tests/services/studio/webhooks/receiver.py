"""A receiver of webhooks in memory: it takes what is posted, and answers as a test says."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from reyna.domain.errors import Invalid
from reyna.services.studio.webhooks.access import WebhookAccess
from reyna.services.studio.webhooks.http_client import WebhookReply
from reyna.services.studio.webhooks.signing import WebhookSecrets


class Posted(NamedTuple):
    url: str
    body: bytes
    headers: Mapping[str, str]


class Receiver:
    """Stands for every receiver on the network; `replies` are the statuses by URL, 200 for others."""

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.replies: dict[str, int] = {}
        self.hanging: set[str] = set()  # URLs that never answer
        self._changed = asyncio.Condition()

    async def check_url(self, url: str) -> None:
        if "//10." in url:
            raise Invalid.at("/url", "leads into a private network")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookReply:
        async with self._changed:
            self.posted.append(Posted(url, body, headers))
            self._changed.notify_all()
        if url in self.hanging:
            await asyncio.Event().wait()
        return WebhookReply(0.01, status=self.replies.get(url, 200), text="thanks")

    async def close(self) -> None:
        return

    async def wait_for(self, url: str, number: int = 1) -> list[Posted]:
        """Returns what was posted to a URL, once there is so much of it."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.posted_to(url)) >= number)
        return self.posted_to(url)

    def posted_to(self, url: str) -> list[Posted]:
        return [one for one in self.posted if one.url == url]


def access_to(receiver: Receiver) -> WebhookAccess:
    """The access of copies of the studio that share a key."""
    return WebhookAccess(secrets=WebhookSecrets(b"k" * 32), client=receiver)
