"""How we refuse: refusals and faults, and what Litestar refuses, as RFC 9457 problems."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from reyna.domain.data import BLOB_BYTES
from reyna.domain.errors import Fault, Invalid, NotFound, Refusal, TimedOut, TooLarge, Unserved
from reyna.domain.ids import new_id
from reyna.domain.reading import misfit

PROBLEM: Final = "application/problem+json"
BODY_BYTES: Final = 2 * BLOB_BYTES  # escapes and white space may double what is stored
FAULT_STATUS: Final = {TimedOut: 504, Unserved: 503}
STOPS: Final = "The studio is stopping. What was asked may be done or not: ask again with the same Idempotency-Key."
NO_BODY: Final = "Object missing required field `data`"  # Litestar's words for a handler that got no body
log: Final = structlog.get_logger("reyna.http")
AnyRequest = Request[Any, Any, Any]


def _content(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "about:blank", "status": status} | dict(body)


def _problem(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response[Any]:
    return Response(_content(status, body), status_code=status, media_type=PROBLEM, headers=dict(headers or {}))


def refused(_: AnyRequest, refusal: Refusal) -> Response[Any]:
    """A refusal as RFC 9457 `application/problem+json`."""
    headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
    if "retry_after" in refusal.facts:
        headers["retry-after"] = str(refusal.facts["retry_after"])
    return _problem(refusal.status, refusal.problem(), headers)


def broken(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault: its id outside, its trace in the log."""
    fault = error if isinstance(error, Fault) else Fault()
    id = fault.id or new_id("fault")
    log.error("fault", id=id, path=request.url.path, exc_info=error)
    status = FAULT_STATUS.get(type(fault), 500)
    return _problem(status, {"code": "fault", "reason": "fault", "detail": fault.detail, "id": id})


def mistaken(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework refused, in our words."""
    match error:
        case ValidationException():
            return refused(request, _unfit(str(error.__cause__ or error.detail)))
        case RequestEntityTooLarge():
            return refused(request, TooLarge(f"The request is larger than {BODY_BYTES:,} bytes."))
        case NotFoundException():
            return refused(request, NotFound("There is nothing under this address."))
        case MethodNotAllowedException():
            body = {"code": "not_found", "reason": "method_not_allowed", "detail": "This address knows other methods."}
            return _problem(405, body, error.headers)
        case HTTPException(status_code=415):
            return _problem(415, {"code": "invalid", "reason": "unsupported_media_type", "detail": error.detail})
        case HTTPException(status_code=code) if 400 <= code < 500:
            return refused(request, Invalid(error.detail))
    return broken(request, error)


def _stopping() -> tuple[Any, ...]:
    content = msgspec.json.encode(_content(503, {"code": "fault", "reason": "stopping", "detail": STOPS}))
    headers = [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
        (b"retry-after", b"5"),
    ]
    return (
        {"type": "http.response.start", "status": 503, "headers": headers},
        {"type": "http.response.body", "body": content},
    )


STOPPING: Final = _stopping()  # as ASGI messages, for where no application answers any more


def _unfit(message: str) -> Refusal:
    return Invalid("This address wants a JSON document in the body.") if message == NO_BODY else misfit(message)
