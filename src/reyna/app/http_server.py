"""HTTP servers on their ports: started, and stopped in good order with requests under way."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Iterator, Sequence
from typing import Any, Final, cast

import uvicorn
from litestar.types import ASGIApp, Receive, Scope, Send

from reyna.domain.errors import CannotStart
from reyna.embedded.tcp_ports import bind_shared
from reyna.transport.http.problems import STOPPING
from reyna.transport.http.server.http_protocol import Connections
from reyna.transport.http.server.websocket_protocol import WebSocketLimits, websocket_protocol_factory

LOG: Final = logging.getLogger(__name__)
STOP_SECONDS: Final = 3.0  # that open requests may take when the application stops
TICKS_PER_SECOND: Final = 10  # of uvicorn, as its own code has it
LAST_ANSWER_SECONDS: Final = 0.5  # in which requests that are cut off are answered, and their answers are read


class HttpServer:
    """One application on one port, as `start_server` starts it; `ended` is done when it has stopped."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        connections: Connections,
        limits: WebSocketLimits | None = None,
        *,
        sockets: list[socket.socket] | None = None,
    ) -> None:
        """`sockets` are bound to this port; without them, the server binds its own."""
        self._cancelled: set[asyncio.Task[None]] = set()
        self._server = _Uvicorn(
            uvicorn.Config(
                self._answer_cancelled(app),
                host=host,
                port=port,
                http=cast(Any, connections.create_protocol),
                interface="asgi3",
                ws=cast(Any, websocket_protocol_factory(limits)),
                ws_per_message_deflate=False,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=int(STOP_SECONDS) + 1,  # for tasks that ignore their cancellation
                backlog=4096,
            ),
            connections,
        )
        self.ended: asyncio.Task[None] = asyncio.create_task(self._server.serve(sockets))

    async def start(self) -> None:
        """Returns when it listens. Raises CannotStart."""
        await self._wait_for(self._server.listening)
        if self.ended.done():
            await self.ended

    async def stop_accepting(self) -> None:
        """Stops accepting requests and notifies open connections; `ended` waits for the requests under way."""
        self._server.should_exit = True
        await self._wait_for(self._server.closing)

    def cancel_requests(self) -> int:
        """Cancels the requests under way and returns how many; those whose answer has not begun are answered."""
        self._cancelled = set(self._server.server_state.tasks)
        uvicorn_log = logging.getLogger("uvicorn.error")
        uvicorn_log.addFilter(self._is_news)
        self.ended.add_done_callback(lambda _: uvicorn_log.removeFilter(self._is_news))
        for task in self._cancelled:
            task.cancel()
        return len(self._cancelled)

    def abort_connections(self) -> None:
        """Closes the connections whose clients do not read their answers."""
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    async def _wait_for(self, event: asyncio.Event) -> None:
        """Returns early when the server has ended."""
        waiting = asyncio.create_task(event.wait())
        await asyncio.wait([self.ended, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def _answer_cancelled(self, app: ASGIApp) -> ASGIApp:
        """Wraps an application: a request that is cancelled before its answer has begun is answered with 503."""

        async def handle_http(scope: Scope, receive: Receive, send: Send) -> None:
            begun = False

            async def begin(message: Any) -> None:
                nonlocal begun
                begun = True
                await send(message)

            try:
                await app(scope, receive, begin)
            except asyncio.CancelledError:
                if begun or asyncio.current_task() not in self._cancelled:
                    raise
                for message in STOPPING:
                    await send(message)

        def handle(scope: Any, receive: Receive, send: Send) -> Awaitable[None]:
            # A WebSocket lives as long as its device is there: no frame of ours stays on its stack.
            return (handle_http if scope["type"] == "http" else app)(scope, receive, send)

        return handle

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Tells whether a log record of uvicorn is about anything else than a request that we cancelled ourselves."""
        cancelled = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
        return not (cancelled and asyncio.current_task() in self._cancelled)


class _Uvicorn(uvicorn.Server):
    """A uvicorn server that leaves signals to the application, and has events for when it listens and closes."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self.listening, self.closing = asyncio.Event(), asyncio.Event()
        self._connections = connections

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_PER_SECOND == 0:
            self._connections.sweep(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as ended:  # uvicorn would end the process here, without any clean-up
            cause = ended.__context__
            why = os.strerror(cause.errno or 0) if isinstance(cause, OSError) else "the server did not start"
            raise CannotStart(f"cannot listen on {self.config.host}:{self.config.port}: {why}") from None
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_soon(self.closing.set)  # by then it has notified all its connections
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def start_server(
    app: ASGIApp,
    host: str,
    port: int,
    connections: Connections | None = None,
    *,
    limits: WebSocketLimits | None = None,
    shares_port: bool = False,
) -> HttpServer:
    """Returns a server that answers at this port; `limits` are those of one WebSocket. Raises CannotStart.

    With `shares_port`, other processes of this user may do so too, and the kernel spreads the connections.
    """
    sockets = bind_shared(host, port) if shares_port else None
    server = HttpServer(app, host, port, connections or Connections(), limits, sockets=sockets)
    await server.start()
    return server


async def stop_servers(servers: Sequence[HttpServer], *, within: float = STOP_SECONDS) -> None:
    """Stops accepting requests, waits `within` seconds for those under way, and cancels the rest with one log line.

    A cancelled request is answered with 503, unless its answer has begun: then its connection is closed, so that no
    client takes half an answer for the whole.
    """
    await asyncio.gather(*(server.stop_accepting() for server in servers))
    ends = [server.ended for server in servers]
    _, late = await asyncio.wait(ends, timeout=within)
    if late:
        if count := sum(server.cancel_requests() for server in servers):
            LOG.warning("Stopped with %d request(s) unfinished: cut off after %g seconds", count, within)
        await asyncio.wait(late, timeout=LAST_ANSWER_SECONDS)
        for server in servers:
            server.abort_connections()
    await asyncio.gather(*ends)
