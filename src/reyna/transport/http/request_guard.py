"""The guard in front of every route: it authenticates the request and checks its headers before the body is read."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from litestar import MediaType
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Send

from reyna.domain.caller import Caller, Scope
from reyna.domain.errors import NotSignedIn, PreconditionFailed, Refusal, TooLarge, UnsupportedMediaType
from reyna.domain.text.clusters import truncate
from reyna.transport.http.authentication import (
    SAFE_METHODS,
    USER_HEADER,
    Authenticator,
    InstallationNameLookup,
    RunTokenVerifier,
    bearer_of,
    check_cookie_use,
    check_intended_user,
    check_origin,
    cookie_of,
    intended_user_id,
    no_installation_name,
    worker_of,
)
from reyna.transport.http.problems import JSON_MEDIA_TYPE, send_fault, send_refusal
from reyna.transport.http.request_head import Head
from reyna.transport.scopes import route_scope

MAX_ANONYMOUS_BODY_BYTES: Final = 64 * 1024  # a password of 1,024 characters, each written as an escape, is 12 KiB
CHANGING_METHODS: Final = frozenset({"DELETE", "PATCH", "PUT"})
LARGE_BODY_BYTES: Final = 1024 * 1024
MAX_LARGE_BODIES_PER_USER: Final = 2  # at the same time; the others wait, and their bodies in the network
MAX_LENGTH_DIGITS: Final = 18  # of Content-Length


class RouteRequirements(msgspec.Struct, frozen=True):
    """The requirements of a route: a caller, the scope of an API key, a JSON body, revisions in If-Match, a body of at
    most `max_body_bytes`."""

    needs_caller: bool
    scope: Scope
    takes_json: bool
    takes_if_match: bool
    takes_run_token: bool
    max_body_bytes: int | None

    @classmethod
    def of(cls, handler: Any, method: str, path: str) -> "RouteRequirements":
        """Returns the requirements of a route handler, read from its signature, at this path."""
        parameters = handler.parsed_fn_signature.parameters
        needs_caller = "caller" in parameters
        max_body_bytes = handler.resolve_request_max_body_size() if needs_caller else MAX_ANONYMOUS_BODY_BYTES
        return cls(
            needs_caller,
            scope=route_scope(method, path),
            takes_json="data" in parameters,
            takes_if_match="if_match" in parameters,
            takes_run_token=bool(handler.opt.get("takes_run_token")),
            max_body_bytes=max_body_bytes,
        )


class RequestGuard:
    """Middleware that passes requests on with `token` and `caller` in their scope, and answers those it refuses."""

    def __init__(
        self,
        identify: Authenticator,
        installation: InstallationNameLookup = no_installation_name,
        verify_run_token: RunTokenVerifier | None = None,
    ) -> None:
        self._identify, self._installation, self._verify_run_token = identify, installation, verify_run_token
        self._requirements: dict[Any, RouteRequirements] = {}
        self._large_bodies: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Any, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                return await app(scope, receive, send)
            try:
                guarded_receive = await self._admit(scope, receive)
            except Refusal as refusal:
                return await send_refusal(send, refusal)
            except Exception as error:
                return await send_fault(send, scope["path"], error)
            if not self._is_large(scope):
                return await app(scope, guarded_receive, send)
            async with self._semaphore_of(scope["caller"].user_id):
                return await app(scope, guarded_receive, send)

        return guarded

    def _is_large(self, scope: Any) -> bool:
        """Tells whether the body is read as a whole and may be large: decoded, it may take thirty times its memory."""
        head, requirements = scope["head"], self._requirements[scope["route_handler"]]
        if not requirements.needs_caller or not requirements.takes_json:
            return False
        return b"transfer-encoding" in head or int(head.get(b"content-length", b"0")) > LARGE_BODY_BYTES

    def _semaphore_of(self, user_id: str) -> asyncio.Semaphore:
        semaphore = self._large_bodies.get(user_id)
        if semaphore is None:
            semaphore = self._large_bodies[user_id] = asyncio.Semaphore(MAX_LARGE_BODIES_PER_USER)
        return semaphore

    async def _admit(self, scope: Any, receive: Receive) -> Receive:
        """Returns the `receive` that the body may be read from. Raises a Refusal, and what `identify` raises."""
        handler, head = scope["route_handler"], scope["head"]
        requirements = self._requirements.get(handler)
        if requirements is None:
            requirements = RouteRequirements.of(handler, scope["method"], scope["path_template"])
            self._requirements[handler] = requirements
        scope["token"] = token = bearer_of(head)
        if token is None and b"cookie" in head and (requirements.needs_caller or scope["method"] not in SAFE_METHODS):
            scope["token"] = cookie_of(head, await self._installation(), scope["scheme"])
        if requirements.needs_caller:
            scope["caller"] = caller = await self._caller(scope, head, by_cookie=token is None)
            caller.check_scope(requirements.scope)
        elif scope["method"] not in SAFE_METHODS:
            check_origin(head)
        if scope["method"] in CHANGING_METHODS and not requirements.takes_if_match:
            _check_no_revisions(head)
        _check_body(head, requirements)
        if requirements.needs_caller or requirements.max_body_bytes is None:
            return receive
        return _limit_body(requirements.max_body_bytes, receive)

    async def _caller(self, scope: Any, head: Head, *, by_cookie: bool) -> Caller:
        if scope["token"] is None:
            raise NotSignedIn
        if by_cookie:
            check_cookie_use(head, scope["method"])
        caller = self._worker(scope) or await self._identify(scope["token"])
        if USER_HEADER in head:
            check_intended_user(intended_user_id(head), caller.user_id)
        if (client := scope.get("client")) is None:
            return caller
        if (anonymous := scope["state"].get("anonymous")) is not None:
            anonymous.authenticate(client)
        return msgspec.structs.replace(caller, address=client[0])

    def _worker(self, scope: Any) -> Caller | None:
        """Returns the worker whose run token was sent to a route that takes one, or None for another token."""
        if self._verify_run_token is None or not self._requirements[scope["route_handler"]].takes_run_token:
            return None
        return worker_of(scope["token"], self._verify_run_token)


def _check_no_revisions(head: Head) -> None:
    """Raises PreconditionFailed when If-Match names revisions."""
    if head.get(b"if-match", b"*").strip() != b"*":
        raise PreconditionFailed("This address has no revisions that If-Match could name.")


def _check_body(head: Head, requirements: RouteRequirements) -> None:
    """Raises UnsupportedMediaType or TooLarge when the headers announce a body that is not accepted."""
    if (coding := head.get(b"content-encoding")) is not None and coding.strip().lower() not in (b"", b"identity"):
        raise UnsupportedMediaType(f"Send the body as it is, not as {_quote(coding)}.", accepted="identity")
    if requirements.takes_json and (sent := head.get(b"content-type")):
        kind = sent.partition(b";")[0].strip().lower()
        if kind and kind != JSON_MEDIA_TYPE and not kind.endswith(b"+json"):
            raise UnsupportedMediaType(f"Send {MediaType.JSON.value}, not {_quote(kind)}.")
    length, max_bytes = head.get(b"content-length", b"0"), requirements.max_body_bytes
    if max_bytes is not None and (len(length) > MAX_LENGTH_DIGITS or int(length) > max_bytes):
        raise _too_large(max_bytes)


def _limit_body(max_bytes: int, receive: Receive) -> Receive:
    """Returns a `receive` that raises TooLarge after so many bytes."""
    remaining = max_bytes

    async def limited_receive() -> Any:
        nonlocal remaining
        message: Mapping[str, Any] = await receive()
        remaining -= len(message.get("body", b""))
        if remaining < 0:
            raise _too_large(max_bytes)
        return message

    return limited_receive


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"The request is larger than {max_bytes:,} bytes.")


def _quote(value: bytes) -> str:
    return truncate(value.decode("latin-1"), 100)
