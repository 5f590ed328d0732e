"""The gateway put together: the page, everything under `/api`, and the WebSocket."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Litestar, MediaType, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, Receive, Send
from prometheus_client import Gauge

from reyna.domain.errors import Fault, Forbidden, NotSignedIn
from reyna.http import Check, Meter, bearer_of, check_origin, door, token_of
from reyna.ports import Bus
from reyna.studio import routes
from reyna.studio.accounts import digest
from reyna.studio.actions import Actions
from reyna.studio.fanout import Fanout
from reyna.studio.protocol import Authenticate
from reyna.studio.service import Studio
from reyna.studio.socket import (
    BROKEN,
    LOST,
    NOT_SIGNED_IN,
    ORIGIN_REFUSED,
    TRY_AGAIN_LATER,
    Closed,
    Socket,
    first_message,
)

PAGE: Final = Path(__file__).parent / "page"
HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
UNBUILT: Final = """<!doctype html><meta charset="utf-8"><title>ReYNa Studio</title>
<p>The page is not built. Run <code>make web</code>, or use the API under <a href="/schema">/schema</a>."""
FOREVER: Final = CacheControlHeader(max_age=31_536_000, immutable=True, public=True)  # names carry a hash
log: Final = structlog.get_logger("reyna.studio")


def app(
    studio: Studio,
    actions: Actions,
    bus: Bus,
    *,
    version: str,
    api: Sequence[Any],
    verbs: Mapping[str, object],
    checks: Mapping[str, Check],
    page: Path = PAGE,
) -> Litestar:
    """The studio: `api` are the doors of every service, `verbs` what they open onto."""
    fanout, meter = Fanout(bus), Meter()
    sockets = Gauge("reyna_sockets", "WebSockets open", registry=meter.registry)
    sockets.set_function(lambda: fanout.devices)
    return door(
        title="ReYNa Studio",
        version=version,
        routes=[
            Router("/api", route_handlers=[*api, *routes.routes]),
            *_page(page),
        ],
        identify=studio.who,
        verbs={"studio": studio, **verbs},
        checks=checks,
        meter=meter,
        lines={"/ws": _line(studio, actions, bus, fanout)},
    )


def _line(studio: Studio, actions: Actions, bus: Bus, fanout: Fanout) -> ASGIApp:
    async def line(scope: Any, receive: Receive, send: Send) -> None:
        await receive()  # that somebody wants to connect
        try:
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        except LOST:
            log.debug("gone before it was accepted")
            return
        device = Socket(receive, send, bus, fanout, actions)
        try:
            signing_in = await _signing_in(scope, device)
            caller = await studio.who(signing_in.token)
            await device.serve(caller, digest(signing_in.token), signing_in.request_id)
        except Closed as closed:
            await device.close(closed)
        except NotSignedIn as refused:
            await device.close(Closed(NOT_SIGNED_IN, refused.detail))
        except Fault as fault:
            log.warning("socket closed", reason=fault.detail)
            await device.close(Closed(TRY_AGAIN_LATER, fault.detail))
        except Exception:
            log.exception("socket broke")
            await device.close(Closed(BROKEN, Fault().detail))

    return line


async def _signing_in(scope: Any, device: Socket) -> Authenticate:
    """By the header, the cookie (of a page of ours only), or the first message; never by the URL."""
    copy: Any = scope | {"state": {}}  # what is worked out from it must not stay with the line
    asking = ASGIConnection[Any, Any, Any, Any](copy)
    if bearer_of(asking.headers) is None:
        try:
            check_origin(asking.headers)
        except Forbidden as refused:
            raise Closed(ORIGIN_REFUSED, "origin refused") from refused
    try:
        return Authenticate(token=token_of(asking.headers, asking.cookies))
    except NotSignedIn:
        return await first_message(device)


def _page(page: Path) -> list[Any]:
    """The built page; any address that is no file of it is the page itself, which knows its own routes."""
    index = page / "index.html"

    @get(["/", "/{path:path}"], include_in_schema=False)
    async def shown(path: FromPath[str] = "") -> Response[bytes]:
        content = index.read_bytes() if index.is_file() else UNBUILT.encode()
        return Response(content, media_type=MediaType.HTML, headers=HEADERS | {"cache-control": "no-cache"})

    if not (page / "assets").is_dir():
        return [shown]
    assets = create_static_files_router(
        path="/assets",
        directories=[page / "assets"],
        include_in_schema=False,
        cache_control=FOREVER,
    )
    return [assets, shown]
