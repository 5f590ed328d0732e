"""ETags: a representation that the client has already is not sent again."""

import hashlib
from typing import Any

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send


def tag_of(body: bytes) -> str:
    """Returns the entity tag of a representation."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def with_etag(app: ASGIApp) -> ASGIApp:
    """Middleware that adds an ETag to responses of GET with status 200 and one body message, and answers a matching
    If-None-Match with 304."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            return await app(scope, receive, send)
        held_start: Any = None

        async def send_with_etag(message: Any) -> None:
            nonlocal held_start
            if message["type"] == "http.response.start" and message["status"] == 200:
                held_start = message
                return
            if held_start is not None and message["type"] == "http.response.body":
                start, held_start = held_start, None
                if not message.get("more_body") and not await _send_start(scope, start, message, send):
                    return
                if message.get("more_body"):
                    await send(start)
            await send(message)

        await app(scope, receive, send_with_etag)
        return None

    return middleware


async def _send_start(scope: Scope, start: Any, body: Any, send: Send) -> bool:
    """Sends the start of the response with its tag. Returns False when it has answered 304, and no body must follow."""
    headers = MutableScopeHeaders(start)
    tag = headers.get("etag") or tag_of(body.get("body", b""))
    headers["etag"] = tag
    headers.setdefault("cache-control", "private, no-cache")  # revalidate with the tag; no shared cache keeps it
    wanted = [part.strip().removeprefix("W/") for part in Headers.from_scope(scope).get("if-none-match", "").split(",")]
    if tag in wanted or wanted == ["*"]:
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in (b"content-length", b"content-type")
        ]
        await send({"type": "http.response.start", "status": 304, "headers": kept})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return False
    await send(start)
    return True
