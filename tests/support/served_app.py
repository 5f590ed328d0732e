"""An ASGI application on a port of its own, and a check of the operations that its OpenAPI document describes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

TIMEOUT_SECONDS: Final = 60.0  # for a start, or an end
CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
T = TypeVar("T")


@asynccontextmanager
async def serve_on_free_port(app: Any) -> AsyncIterator[str]:
    """Yields its address; requests wait until it answers, and are not refused."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@contextmanager
def serve_in_thread(opened: Callable[[], AbstractAsyncContextManager[tuple[Any, T]]]) -> Iterator[tuple[str, T]]:
    """On a port and in a thread of its own, for those who ask without a loop: its address, and what `opened` gave with
    the application."""
    ready: Future[tuple[str, T, Callable[[], object]]] = Future()

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with opened() as (app, there), serve_on_free_port(app) as url:
            ready.set_result((url, there, lambda: loop.call_soon_threadsafe(stop.set)))
            await stop.wait()

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(lambda: asyncio.run(serve()))
        either: list[Future[Any]] = [ready, serving]
        done, _ = wait(either, TIMEOUT_SECONDS, FIRST_COMPLETED)
        if serving in done:
            serving.result()
        url, there, stop = ready.result(0)
        try:
            yield url, there
        finally:
            stop()
            serving.result(TIMEOUT_SECONDS)


def operations_of(url: str, *, at_least: int, except_for: str | None = None) -> list[Any]:
    """Returns the operations that the description at this address has, `at_least` so many; those under a path like
    `except_for` are left out."""
    description: Any = schemathesis.openapi.from_url(f"{url}/schema/openapi.json", wait_for_schema=10)
    if except_for is not None:
        description = description.exclude(path_regex=except_for)
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) >= at_least
    return operations


def check_operations(
    operations: Sequence[Any],
    subtests: pytest.Subtests,
    *,
    token: str,
    lead: Callable[[Any, int], None],
    examples: int,
) -> None:
    """Each operation answers so many examples, sound ones and others, as its description says.

    `lead` may change an example, of which it is told the number, so that it leads to something that is there.
    """
    for operation in operations:
        with subtests.test(operation.label):
            _check_operation(operation, token, lead, examples)


def _check_operation(operation: Any, token: str, lead: Callable[[Any, int], None], examples: int) -> None:
    numbers = iter(range(1_000_000))

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def is_answered_as_described(case: Any) -> None:
        lead(case, next(numbers))
        answer = case.call(headers={"authorization": f"Bearer {token}"})
        case.validate_response(answer, checks=CHECKS)

    is_answered_as_described()
