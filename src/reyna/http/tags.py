"""ETags: what the asker has already is not sent again."""

import hashlib
from typing import Any

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send


def with_etag(app: ASGIApp) -> ASGIApp:
    """GETs that answer 200 in one piece carry an ETag; a matching If-None-Match is answered 304."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            return await app(scope, receive, send)
        started: Any = None

        async def tagging(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start" and message["status"] == 200:
                started = message
                return
            if started is not None and message["type"] == "http.response.body":
                start, started = started, None
                if not message.get("more_body") and not await _tag(scope, start, message, send):
                    return
                if message.get("more_body"):
                    await send(start)
            await send(message)

        await app(scope, receive, tagging)
        return None

    return middleware


async def _tag(scope: Scope, start: Any, body: Any, send: Send) -> bool:
    """Send the start of the answer with its tag; False when 304 was sent and no body must follow."""
    tag = f'"{hashlib.blake2b(body.get("body", b""), digest_size=12).hexdigest()}"'
    headers = MutableScopeHeaders(start)
    headers["etag"] = tag
    headers.setdefault("cache-control", "private, no-cache")  # ask again with the tag; nobody else's cache keeps it
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
