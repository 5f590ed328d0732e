"""The WebSocket endpoint: accepts a connection, authenticates it, and serves it until it is closed."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from litestar.types import Receive, Send

from reyna.domain.errors import Fault, Forbidden, Invalid, Malformed, NotSignedIn
from reyna.ports.bus import Bus
from reyna.services.studio.gateway.actions import Actions
from reyna.services.studio.gateway.close_codes import (
    ANOTHER_USER,
    INTERNAL_ERROR,
    NOT_SIGNED_IN,
    ORIGIN_REFUSED,
    TRY_AGAIN_LATER,
    SocketClosed,
)
from reyna.services.studio.gateway.conversation import Conversation
from reyna.services.studio.gateway.event_delivery import EventDelivery
from reyna.services.studio.gateway.fanout import Fanout
from reyna.services.studio.gateway.frames import refusal_frame
from reyna.services.studio.gateway.protocol import AuthenticateMessage, parse_message, request_id_of
from reyna.services.studio.gateway.socket import CONNECTION_LOST, Socket
from reyna.services.studio.service import Studio
from reyna.services.studio.sign_in.session_cache import caller_of
from reyna.transport.http import bearer_of, check_origin, check_own_page, cookie_of, read_head
from reyna.transport.http.authentication import USER_HEADER, AnotherUser, check_intended_user
from reyna.transport.http.server.websocket_protocol import SIGNED_IN, WRITE_TEXT

SIGN_IN_SECONDS: Final = 10.0  # for the first message of a device that has neither cookie nor header
MAX_CURSOR_CHARACTERS: Final = 200  # the greeting repeats the cursor
log: Final = structlog.get_logger("reyna.services.studio")


class WebSocketEndpoint:
    """An ASGI application for the path of the WebSocket."""

    def __init__(self, studio: Studio, actions: Actions, bus: Bus, fanout: Fanout) -> None:
        self._studio, self._actions, self._bus, self._fanout = studio, actions, bus, fanout

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        try:
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        except CONNECTION_LOST:
            log.debug("the client left before it was accepted")
            return
        write_text = scope["extensions"].get(WRITE_TEXT)
        socket = Socket(receive, send, *([write_text["call"]] if write_text else []))
        try:
            await self._serve(scope, socket)
        except SocketClosed as closed:
            await socket.close(closed)
        except NotSignedIn as refused:
            await socket.close(SocketClosed(NOT_SIGNED_IN, refused.detail))
        except AnotherUser as refused:
            await socket.close(SocketClosed(ANOTHER_USER, refused.detail))
        except Fault as fault:
            log.warning("socket closed", reason=fault.detail)
            await socket.close(SocketClosed(TRY_AGAIN_LATER, fault.detail))
        except Exception:
            log.exception("socket broke")
            await socket.close(SocketClosed(INTERNAL_ERROR, Fault().detail))

    async def _serve(self, scope: Any, socket: Socket) -> None:
        signing_in = await _authenticate(scope, socket, await self._studio.installation.name())
        session = await self._studio.sessions.get_signed_in(signing_in.token)
        check_intended_user(_intended_user_id(scope), session.owner_id)
        if (signed_in := scope["extensions"].get(SIGNED_IN)) is not None:
            signed_in["call"]()
        caller = caller_of(session)
        delivery = EventDelivery(socket, caller, session.id, self._bus, self._fanout)
        self._studio.session_watch.add(session, delivery)
        try:
            conversation = Conversation(socket, caller, delivery, self._fanout, self._actions)
            await conversation.run(signing_in.request_id, _cursor_of(scope))
        finally:
            self._studio.session_watch.remove(session.id, delivery)


def _cursor_of(scope: Any) -> str | None:
    """Returns the cursor to resume from (`/ws?cursor=…`). Given twice, it is "", which no stream has issued."""
    cursors = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("cursor")
    return None if cursors is None else cursors[0][:MAX_CURSOR_CHARACTERS] if len(cursors) == 1 else ""


def _intended_user_id(scope: Any) -> str | None:
    """Returns the user that the client believes to be signed in (`X-Reyna-User` or, since a page can set no header,
    `/ws?user=…`), or "" when it names several."""
    in_query = parse_qs(scope["query_string"].decode("latin-1")).get("user", [])
    in_header = [value.decode("latin-1") for name, value in scope["headers"] if name == USER_HEADER]
    user_ids = {*in_query, *in_header}
    return None if not user_ids else user_ids.pop() if len(user_ids) == 1 else ""


async def _authenticate(scope: Any, socket: Socket, installation: str) -> AuthenticateMessage:
    """Returns the token from the header, from the cookie (of our own page only), or from the first message; never from
    the URL. Raises SocketClosed."""
    try:
        head = read_head(scope["headers"])
        if token := bearer_of(head):
            return AuthenticateMessage(token=token)
        if token := cookie_of(head, installation, scope["scheme"]):
            check_own_page(head)
            return AuthenticateMessage(token=token)
        check_origin(head)
    except Malformed as refused:
        raise SocketClosed(NOT_SIGNED_IN, refused.detail) from refused
    except Forbidden as refused:
        raise SocketClosed(ORIGIN_REFUSED, "origin refused") from refused
    return await read_authentication(socket)


async def read_authentication(socket: Socket, within_seconds: float = SIGN_IN_SECONDS) -> AuthenticateMessage:
    """Returns the first `authenticate` message of a device that has neither cookie nor header, and refuses all others.
    Raises SocketClosed when none comes in time."""
    try:
        async with asyncio.timeout(within_seconds):
            while (text := await socket.read()) is not None:
                try:
                    message = parse_message(text)
                except Invalid as invalid:
                    socket.write(refusal_frame(request_id_of(text), invalid))
                    continue
                if isinstance(message, AuthenticateMessage):
                    return message
                socket.write(refusal_frame(message.request_id, NotSignedIn()))
    except TimeoutError as late:
        raise SocketClosed(NOT_SIGNED_IN, "nobody signed in") from late
    raise SocketClosed(NOT_SIGNED_IN, "nobody signed in")
