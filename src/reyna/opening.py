"""The doors of the house on their ports: opened, and closed again in good order, whatever still goes on behind them."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any, Final

import uvicorn
from litestar.types import ASGIApp, Receive, Scope, Send

from reyna.http.problems import STOPPING

LOG: Final = logging.getLogger(__name__)
STOP: Final = 3.0  # seconds that open requests may take when the house stops
PARTING: Final = 0.5  # seconds in which those that are cut off are answered, and fetch their answer


class Door:
    """One application on one port, as `open_door` opens it; `ended` is done when it is closed."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._cut: set[asyncio.Task[None]] = set()
        self._server = _Uvicorn(
            uvicorn.Config(
                self._answering(app),
                host=host,
                port=port,
                interface="asgi3",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                ws_max_size=16 * 1024 * 1024,
                ws_ping_interval=20.0,
                ws_ping_timeout=30.0,
                log_config=None,
                log_level="warning",  # it would say of each socket that it is open
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=int(STOP) + 1,  # for what does not let itself be cut off
                backlog=4096,
            )
        )
        self.ended: asyncio.Task[None] = asyncio.create_task(self._server.serve())

    async def open(self) -> None:
        """Returns when it is open."""
        await self._until(self._server.opened)
        if self.ended.done():
            await self.ended

    async def close(self) -> None:
        """Take nothing more, and tell every line so; what is under way goes on, and `ended` waits for it."""
        self._server.should_exit = True
        await self._until(self._server.closing)

    def cut_off(self) -> int:
        """Cancel what is under way, and say how much that was; what nobody has begun to answer is answered."""
        self._cut = set(self._server.server_state.tasks)
        told = logging.getLogger("uvicorn.error")
        told.addFilter(self._is_news)
        self.ended.add_done_callback(lambda _: told.removeFilter(self._is_news))
        for task in self._cut:
            task.cancel()
        return len(self._cut)

    def drop(self) -> None:
        """Let go of whoever does not fetch what it was answered."""
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    async def _until(self, event: asyncio.Event) -> None:
        """Returns early when it has ended."""
        happened = asyncio.create_task(event.wait())
        await asyncio.wait([self.ended, happened], return_when=asyncio.FIRST_COMPLETED)
        happened.cancel()

    def _answering(self, app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            begun = False

            async def begin(message: Any) -> None:
                nonlocal begun
                begun = True
                await send(message)

            try:
                await app(scope, receive, begin)
            except asyncio.CancelledError:
                if begun or asyncio.current_task() not in self._cut:
                    raise
                for message in STOPPING:
                    await send(message)

        def either(scope: Any, receive: Receive, send: Send) -> Awaitable[None]:
            # A line is as long as its device is there: nothing of ours stays on its stack.
            return (answered if scope["type"] == "http" else app)(scope, receive, send)

        return either

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Uvicorn tells of whatever ends otherwise than by returning; that we ended it ourselves is no error."""
        cancelled = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
        return not (cancelled and asyncio.current_task() in self._cut)


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to the house, which has more than one door, and says when it opens and closes."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.opened, self.closing = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.opened.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_soon(self.closing.set)  # by then it has told all its connections
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def open_door(app: ASGIApp, host: str, port: int) -> Door:
    """The application, answering at this port when this returns."""
    door = Door(app, host, port)
    await door.open()
    return door


async def close_doors(doors: Sequence[Door], *, within: float = STOP) -> None:
    """Take nothing more, wait so many seconds for what is under way, and cut off the rest: with one line in the log.

    A request that is cut off is answered with 503, unless its answer has begun: then its connection is closed, so that
    nobody takes the half for the whole.
    """
    await asyncio.gather(*(door.close() for door in doors))
    ends = [door.ended for door in doors]
    _, late = await asyncio.wait(ends, timeout=within)
    if late:
        if cut := sum(door.cut_off() for door in doors):
            LOG.warning("Stopped with %d request(s) unfinished: cut off after %g seconds", cut, within)
        await asyncio.wait(late, timeout=PARTING)
        for door in doors:
            door.drop()
    await asyncio.gather(*ends)
