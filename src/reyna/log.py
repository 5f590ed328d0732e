"""One log for us and for the libraries we use: lines for people at a terminal, JSON elsewhere, no secrets anywhere."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog
from structlog.typing import Processor

from reyna.config import without_password

HIDDEN: Final = {  # keys whose values are secrets, or content that belongs to a user
    *("authorization", "cookie", "key", "password", "secret", "token"),
    *("body", "content", "data", "metadata", "prompt", "text"),
}
LIBRARIES: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "litestar", "nats", "nats.aio")
CHATTY: Final = (
    "httpx",
    "httpx2",
    "httpcore",
    "openai",
    "asyncio",
    "websockets",
)  # tell of every request, its body included

Line = MutableMapping[str, Any]


def configure(
    level: Literal["debug", "info", "warning", "error"] = "info",
    form: Literal["auto", "console", "json"] = "auto",
    stream: TextIO | None = None,
) -> None:
    """Set up the log of this process; the last call counts. `stream` is stderr when not given."""
    out = stream or sys.stderr
    people = form == "console" or (form == "auto" and out.isatty())
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=ours,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(people, out)],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if getattr(old, "of_reyna", False)]:
        root.removeHandler(old)
    handler.of_reyna = True  # type: ignore[attr-defined]  # ours to replace; a test runner's handlers stay
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in LIBRARIES:  # some bring handlers of their own, which would write every line twice
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *ours,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # a later `configure` reaches loggers that were used before
    )


def hide(_: object, __: str, line: Line) -> Line:
    """Leave out what nobody else may read: values under telling keys, and passwords in URLs."""
    return {key: "***" if key in HIDDEN and value else _clean(value) for key, value in line.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_password(value)
    if isinstance(value, dict):
        return hide(None, "", value)
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _last(people: bool, out: TextIO) -> list[Processor]:
    """From a line's fields to its text. Tracebacks carry no values of variables: they hold content and secrets."""
    told: list[Processor] = [
        structlog.processors.format_exc_info,
        hide,
    ]  # in this order: an error's own text may hold a password
    if people:
        plain = structlog.dev.plain_traceback
        return [*told, structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]
    return [*told, structlog.processors.JSONRenderer(serializer=_json)]


def _json(line: Any, **_: Any) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
