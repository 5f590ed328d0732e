"""Running a plain function in a thread of its own, awaited in the event loop."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(call: Callable[[], T], *, name: str) -> T:
    """Returns what `call` returns, or raises what it raises.

    A thread cannot be stopped: when the wait is cancelled it runs on by itself, and its result is dropped. It does not
    keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def target() -> None:
        try:
            returned = context.run(call)
        except StopIteration as error:  # a future cannot hold it
            settle(result.set_exception, RuntimeError(f"StopIteration: {error}"))
        except BaseException as error:
            settle(result.set_exception, error)
        else:
            settle(result.set_result, returned)

    def settle(set_on_future: Callable[..., None], value: object) -> None:
        def unless_cancelled() -> None:
            if not result.done():
                set_on_future(value)

        with suppress(RuntimeError):  # the event loop has ended: nobody waits any more
            loop.call_soon_threadsafe(unless_cancelled)

    threading.Thread(target=target, name=name, daemon=True).start()
    return await result
