"""Problem responses (RFC 9457) for refusals, for faults, and for exceptions of Litestar."""

from collections.abc import Mapping
from contextlib import suppress
from traceback import clear_frames, walk_tb
from typing import Any, Final

import msgspec
import structlog
from litestar import Litestar, MediaType, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import Method, Send
from litestar.utils.path import normalize_path

from reyna.domain.errors import ClockSkew, Fault, Invalid, Malformed, NotFound, Refusal, TimedOut, TooLarge, Unavailable
from reyna.domain.ids import new_id
from reyna.domain.json.data import MAX_BLOB_BYTES
from reyna.domain.json.reading import mismatch
from reyna.transport.http.request_head import NOTHING_THERE

JSON_MEDIA_TYPE: Final = MediaType.JSON.value.encode()
PROBLEM_MEDIA_TYPE: Final = "application/problem+json"
MAX_BODY_BYTES: Final = 2 * MAX_BLOB_BYTES  # escapes and white space may double what is stored
METHODS: Final[tuple[Method, ...]] = ("DELETE", "GET", "PATCH", "POST", "PUT")
FAULT_STATUS: Final = {TimedOut: 504, ClockSkew: 503}
MAX_CAUSES: Final = 20  # of one error whose frames are released
STOPPING_DETAIL: Final = (
    "The studio is stopping. What was asked may be done or not: ask again with the same Idempotency-Key."
)
BODY_ENDED_EARLY: Final = "The body ended too early."
MISSING_BODY: Final = "Object missing required field `data`"  # Litestar's message
log: Final = structlog.get_logger("reyna.transport.http")
AnyRequest = Request[Any, Any, Any]


Problem = tuple[int, dict[str, Any], dict[str, str]]  # status, body and headers


def problem_of(refusal: Refusal) -> Problem:
    """Returns a refusal as a problem, with the headers that belong to its status."""
    headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
    if "retry_after" in refusal.facts:
        headers["retry-after"] = str(refusal.facts["retry_after"])
    if refusal.status == 426:
        headers["upgrade"] = "websocket"
    if refusal.status == 416 and "size" in refusal.facts:
        headers["content-range"] = f"bytes */{refusal.facts['size']}"
    if refusal.status == 415 and "accepted" in refusal.facts:
        headers["accept-encoding"] = str(refusal.facts["accepted"])
    return refusal.status, _content(refusal.status, refusal.problem()), headers


def connection_problem(status: int, reason: str, detail: str) -> Problem:
    """Returns the problem that ends a connection without a complete request."""
    code = "too_much" if status in (429, 431) else "invalid"
    return status, _content(status, {"code": code, "reason": reason, "detail": detail}), {}


def _fault_problem(path: str, error: Exception) -> Problem:
    """Returns a fault as a problem, and logs its trace under its id. An Unavailable was logged where it was found."""
    if isinstance(error, Unavailable):
        return error.status, _content(error.status, error.problem()), {"retry-after": str(error.RETRY_AFTER_SECONDS)}
    fault = error if isinstance(error, Fault) else Fault()
    id = fault.id or new_id("fault")
    log.error("fault", id=id, path=path, exc_info=error)
    status = FAULT_STATUS.get(type(fault), 500)
    return status, _content(status, {"code": "fault", "reason": "fault", "detail": fault.detail, "id": id}), {}


def _content(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "about:blank", "status": status} | dict(body)


def _response(problem: Problem) -> Response[Any]:
    status, content, headers = problem
    return Response(content, status_code=status, media_type=PROBLEM_MEDIA_TYPE, headers=headers)


def asgi_messages(problem: Problem) -> tuple[Any, Any]:
    """Returns a problem as ASGI messages, for places where no framework answers."""
    status, content, more = problem
    body = msgspec.json.encode(content)
    headers = [
        (b"content-type", PROBLEM_MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode("latin-1")) for name, value in more.items()),
    ]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Sends a refusal as `application/problem+json`."""
    for message in asgi_messages(problem_of(refusal)):
        await send(message)


async def send_fault(send: Send, path: str, error: Exception) -> None:
    """Sends a fault as `application/problem+json`, and logs its trace."""
    for message in asgi_messages(_fault_problem(path, error)):
        await send(message)


async def send_error(send: Send, path: str, error: Exception) -> None:
    """Sends a refusal or a fault, and releases the frames that have raised it."""
    problem = problem_of(error) if isinstance(error, Refusal) else _fault_problem(path, error)
    release_frames(error)
    for message in asgi_messages(problem):
        await send(message)


def release_frames(error: BaseException) -> None:
    """Clears the frames of an error's traceback, and those of its causes. They would keep the body of the request in
    memory until the garbage collector runs."""
    errors: list[Any] = [error]
    for _ in range(MAX_CAUSES):
        if not errors:
            return
        one = errors.pop()
        errors += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        if (traceback := one.__traceback__) is None:
            continue
        for frame, _ in walk_tb(traceback):
            errors += [held for held in frame.f_locals.values() if isinstance(held, BaseException)]
        clear_frames(traceback)
        one.__traceback__ = None


def handle_refusal(_: AnyRequest, refusal: Refusal) -> Response[Any]:
    """Returns the response to a refusal."""
    release_frames(refusal)
    return _response(problem_of(refusal))


def handle_fault(request: AnyRequest, error: Exception) -> Response[Any]:
    """Returns the response to a fault: its id goes to the client, its trace to the log."""
    response = _response(_fault_problem(request.url.path, error))
    release_frames(error)
    return response


def handle_http_exception(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """Returns the response to an exception of Litestar, in our words."""
    response = _response_to(request, error)
    release_frames(error)
    return response


def _response_to(request: AnyRequest, error: HTTPException) -> Response[Any]:
    match error:
        case ValidationException():
            return handle_refusal(request, _invalid_body(str(error.__cause__ or error.detail)))
        case RequestEntityTooLarge():
            return handle_refusal(request, TooLarge(f"The request is larger than {MAX_BODY_BYTES:,} bytes."))
        case NotFoundException():
            return handle_refusal(request, NotFound(NOTHING_THERE))
        case MethodNotAllowedException():
            body = {"code": "not_found", "reason": "method_not_allowed", "detail": "This address knows other methods."}
            allow = ", ".join(methods_at(request.app, request.scope["path"]))
            return _response((405, _content(405, body), {"allow": allow}))
        case HTTPException(detail="client disconnected prematurely"):  # nobody is there to read this
            return handle_refusal(request, Malformed(BODY_ENDED_EARLY))
        case HTTPException(status_code=code) if 400 <= code < 500:
            return handle_refusal(request, Invalid(error.detail))
    return handle_fault(request, error)


def methods_at(app: Litestar, path: str) -> list[str]:
    """Returns the methods of a path in alphabetical order. Raises NotFoundException."""
    found = ["OPTIONS"]
    for method in METHODS:
        with suppress(MethodNotAllowedException):
            app.asgi_router.handle_routing(path=normalize_path(path), method=method)
            found += [method, "HEAD"] if method == "GET" else [method]
    return sorted(found)


def options_headers_at(app: Litestar, path: str) -> dict[str, str]:
    """Returns the headers of the answer to OPTIONS that the handlers at a path declare in their `opt`."""
    headers: dict[str, str] = {}
    for method in METHODS:
        with suppress(MethodNotAllowedException, NotFoundException):
            _, handler, *_ = app.asgi_router.handle_routing(path=normalize_path(path), method=method)
            headers |= getattr(handler, "opt", {}).get("options_headers", {})
    return headers


STOPPING: Final = asgi_messages(  # for requests that are cut off when the server stops
    (
        503,
        _content(503, {"code": "fault", "reason": "stopping", "detail": STOPPING_DETAIL}),
        {"connection": "close", "retry-after": "5"},
    )
)


def _invalid_body(message: str) -> Refusal:
    return Invalid("This address wants a JSON document in the body.") if message == MISSING_BODY else mismatch(message)
