"""Direct routes: handlers that are called without the layers of Litestar, which cost more than what they do.

A handler is marked where it is declared, `@post("/blobs", opt=DIRECT)`. Litestar still finds the route and describes
it, and answers the requests that are not plain; the guard, the decoder and the error answers are the same for both.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from litestar.serialization import encode_json
from litestar.types import ASGIApp, Receive, Send
from litestar.utils.path import normalize_path

from reyna.domain.errors import Malformed
from reyna.domain.json.reading import decode_json
from reyna.transport.http.dependencies import decoder_of, idempotency_key_of
from reyna.transport.http.problems import BODY_ENDED_EARLY, JSON_MEDIA_TYPE, send_error
from reyna.transport.http.request_head import Head

DIRECT: Final = {"is_direct": True}  # the `opt` of a handler
PLAIN_HOST: Final = re.compile(rb"[0-9A-Za-z.:\[\]-]*")  # Litestar refuses some of the others
MAX_LENGTH_DIGITS: Final = 6  # of Content-Length: larger bodies are left to Litestar

ArgumentReader = Callable[[Any, bytes], Any]
"""Returns an argument of a handler from the scope and the body of its request."""
Layer = Callable[[ASGIApp], ASGIApp]


class DirectRoutes:
    """The direct routes of an application, each behind the same `layers` of middleware as all others."""

    def __init__(self, app: Litestar, layers: Sequence[Layer], services: Mapping[str, object]) -> None:
        self._find_route = app.asgi_router.handle_routing
        self._endpoints: dict[Any, tuple[ASGIApp, bool]] = {}
        for route in app.routes:
            for handler in getattr(route, "route_handlers", ()):
                if handler.opt.get("is_direct"):
                    endpoint = DirectEndpoint(handler, services)
                    self._endpoints[handler] = (_wrapped(endpoint, layers), endpoint.takes_json)

    def find(self, scope: Any) -> ASGIApp | None:
        """Returns the application that answers this request, which has passed the checks of its head and address, or
        None when Litestar is to answer it."""
        head, method = scope["head"], scope["method"]
        length = head.get(b"content-length", b"0")
        if scope["query_string"] or scope.get("root_path") or not _is_plain(head, length):
            return None
        try:
            _, handler, path, parameters, template = self._find_route(path=normalize_path(scope["path"]), method=method)
        except HTTPException:
            return None
        app, takes_json = self._endpoints.get(handler, (None, False))
        if app is None or (takes_json and length == b"0"):
            return None
        scope["route_handler"], scope["path_template"] = handler, template
        scope["path"], scope["path_params"] = path, parameters
        scope.setdefault("state", {})
        return app


class DirectEndpoint:
    """An ASGI application that calls one handler and sends what it returns as JSON."""

    def __init__(self, handler: Any, services: Mapping[str, object]) -> None:
        """Raises TypeError for a handler with an argument that only Litestar can read."""
        parameters = handler.parsed_fn_signature.parameters
        self.takes_json = "data" in parameters
        self._call, self._status = handler.fn, handler.status_code
        self._readers = {name: _reader_of(name, field, services) for name, field in parameters.items()}

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            body = await _read_body(receive) if self.takes_json else b""
            arguments = {name: read(scope, body) for name, read in self._readers.items()}
            answer = encode_json(await self._call(**arguments))
        except Exception as error:
            return await send_error(send, scope["path"], error)
        headers = [(b"content-type", JSON_MEDIA_TYPE), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        return await send({"type": "http.response.body", "body": answer, "more_body": False})


def _reader_of(name: str, field: Any, services: Mapping[str, object]) -> ArgumentReader:
    match field.kwarg_definition:
        case PathParameter() if field.annotation is str:
            return lambda scope, _: scope["path_params"][name]
        case QueryParameter():
            return lambda *_: field.default  # requests with a query are left to Litestar
        case HeaderParameter(name=str() as header) if field.annotation == str | None:
            return lambda scope, _: _text_of(scope["head"], header.lower().encode())
    match name:
        case "data":
            decoder = decoder_of(field.annotation)
            return lambda _, body: decode_json(decoder, body)
        case "caller":
            return lambda scope, _: scope["caller"]
        case "key":
            return _read_idempotency_key
    if name not in services:
        raise TypeError(f"a direct route cannot have the argument {name}: {field.annotation}")
    service = services[name]
    return lambda *_: service


def _read_idempotency_key(scope: Any, body: bytes) -> Any:
    text = _text_of(scope["head"], b"idempotency-key")
    return None if text is None else idempotency_key_of(text, scope["method"], scope["path"], (), body)


def _text_of(head: Head, name: bytes) -> str | None:
    value = head.get(name)
    return None if value is None else value.decode("latin-1")


def _is_plain(head: Head, length: bytes) -> bool:
    return (
        len(length) <= MAX_LENGTH_DIGITS
        and length.isdigit()
        and b"transfer-encoding" not in head
        and PLAIN_HOST.fullmatch(head.get(b"host", b"")) is not None
    )


async def _read_body(receive: Receive) -> bytes:
    """Returns the body of a request. Raises Malformed when the client leaves before its end."""
    body: bytes = b""
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed(BODY_ENDED_EARLY)
        body += message["body"]
        if not message.get("more_body"):
            return body


def _wrapped(app: ASGIApp, layers: Sequence[Layer]) -> ASGIApp:
    for layer in reversed(layers):
        app = layer(app)
    return app
