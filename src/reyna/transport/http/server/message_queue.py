"""A queue of messages with one reader, small enough for every idle connection to have one."""

import asyncio
from typing import Any


class MessageQueue:
    """Messages in their order. At most one task waits for the next one, and loses none when it is cancelled."""

    __slots__ = ("_loop", "_messages", "_reader")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._messages: list[Any] = []  # few, most of the time none: nothing is read while they wait
        self._reader: asyncio.Future[None] | None = None

    @property
    def is_awaited(self) -> bool:
        """Tells whether a task waits, and nothing was put since."""
        return self._reader is not None and not self._messages

    def empty(self) -> bool:
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        """Returns the next message, as soon as there is one."""
        if not self._messages:
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._messages.pop(0)
