"""The log of the process and of its libraries: lines for people at a terminal, JSON elsewhere, secrets redacted."""

import logging
import sys
from collections.abc import MutableMapping
from functools import partial
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog
from structlog.typing import Processor

from reyna.domain.text.redaction import redact_passwords

REDACTED_KEYS: Final = {  # whose values are secrets, or content that belongs to a user
    *("authorization", "cookie", "key", "password", "secret", "token"),
    *("body", "content", "data", "metadata", "prompt", "text"),
}
LIBRARIES: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "litestar", "nats", "nats.aio")
VERBOSE_LIBRARIES: Final = (
    *("httpx", "httpx2", "httpcore", "openai", "asyncio", "websockets"),  # log every request, its body included
    *("uvicorn.error", "uvicorn.access"),  # log each socket that opens, and every request
    "alembic",  # logs each plugin and step; `migrate` logs one line
)

LogLine = MutableMapping[str, Any]


def configure(
    level: Literal["debug", "info", "warning", "error"] = "info",
    form: Literal["auto", "console", "json"] = "auto",
    stream: TextIO | None = None,
    *,
    worker: int | None = None,
) -> None:
    """Configures the log of this process; the last call counts. `stream` is stderr when not given.

    `worker` is the number of this process where several serve one port; each line then carries it.
    """
    out = stream or sys.stderr
    people = form == "console" or (form == "auto" and out.isatty())
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if worker is None else [partial(_add_worker, worker)]),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=ours,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render_processors(people, out)],
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
    for name in VERBOSE_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # it logs each attempt; we log the outage once
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


def redact(_: object, __: str, line: LogLine) -> LogLine:
    """Returns the line with asterisks for the values of `REDACTED_KEYS` and for passwords in URLs."""
    return {key: "***" if key in REDACTED_KEYS and value else _redact_value(value) for key, value in line.items()}


def _add_worker(number: int, _: object, __: str, line: LogLine) -> LogLine:
    return {**line, "worker": number}


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return redact_passwords(value)
    if isinstance(value, dict):
        return redact(None, "", value)
    if isinstance(value, list | tuple):
        return [_redact_value(item) for item in value]
    return value


def _render_processors(people: bool, out: TextIO) -> list[Processor]:
    """Returns the processors that make text of a line. Tracebacks show no variables, which hold content and secrets."""
    # In this order: the text of an error may hold a password.
    common: list[Processor] = [structlog.processors.format_exc_info, redact]
    if people:
        plain = structlog.dev.plain_traceback
        return [*common, structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)]
    return [*common, structlog.processors.JSONRenderer(serializer=_json)]


def _json(line: Any, **_: Any) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
