"""HTTP/1.1 on one connection: the protocol of uvicorn with limits of size and time that it does not set."""

import asyncio
import logging
from typing import Any, Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from reyna.domain.errors import Malformed
from reyna.transport.http.problems import MAX_BODY_BYTES, Problem, asgi_messages, connection_problem, problem_of
from reyna.transport.http.security_headers import with_security_headers
from reyna.transport.http.server.anonymous_connections import MAX_WAITING_PER_ADDRESS, AnonymousConnections
from reyna.transport.http.server.response_transport import ResponseTransport

MAX_HEAD_BYTES: Final = 32 * 1024  # also of the framing between two chunks of a body, and of the trailer
MAX_URL_BYTES: Final = 8 * 1024
MAX_HEADERS: Final = 100
MAX_HANDSHAKE_LINE_BYTES: Final = 8_000  # the WebSocket library takes lines of 8,192 bytes as a whole
MAX_PIPELINED_REQUESTS: Final = 16  # that a client may send before their responses
HEAD_TIMEOUT_SECONDS: Final = 10.0  # from the first byte of the head, or from the start of the connection
BODY_TIMEOUT_SECONDS: Final = 20.0  # for a body, plus the time it takes at the minimum rate
MIN_BYTES_PER_SECOND: Final = 1024
WRITE_TIMEOUT_SECONDS: Final = 30.0  # in which the client must read some of the response
LINGER_SECONDS: Final = 30.0  # for a client that is still sending to find the response
LINGER_IDLE_SECONDS: Final = 5.0  # after which such a client is done sending
MAX_LINGER_BYTES: Final = 2 * MAX_BODY_BYTES
SMALL_BODY_BYTES: Final = 64 * 1024  # the rest of such a body is read and dropped

NOT_HTTP: Final = problem_of(Malformed("This is not HTTP/1.1."))
TOO_SLOW: Final = connection_problem(408, "too_slow", "The request did not come in time.")
URL_TOO_LONG: Final = connection_problem(414, "address_too_long", f"An address has at most {MAX_URL_BYTES:,} bytes.")
HEAD_TOO_LARGE: Final = connection_problem(
    431, "head_too_large", f"The headers are at most {MAX_HEADERS}, and {MAX_HEAD_BYTES:,} bytes together."
)
TOO_MANY: Final = connection_problem(
    429, "too_many_connections", "Too many connections of this address wait for nothing."
)
log: Final = logging.getLogger(__name__)


class RequestRejected(Exception):
    """Raised in a callback of the parser to end the connection with the problem that was set before."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. `check_timeouts` is called every second while it is among `open`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        anonymous: AnonymousConnections,
        open: "set[HttpProtocol]",
    ) -> None:
        super().__init__(config, server_state, app_state | {"anonymous": anonymous}, _loop)
        self._anonymous, self._open = anonymous, open
        self._unparsed_bytes = 0  # received since the last complete head or chunk of a body
        self._in_head, self._phase_started_at = True, 0.0
        self._body_bytes, self._body_seconds, self._checked_at = 0, 0.0, 0.0
        self._is_lingering, self._discarded_bytes = False, 0
        self._is_broken = False  # what follows cannot be parsed; earlier requests are still answered
        self._write_stall: tuple[float, int] | None = None  # since when so many bytes wait for the client to read them
        self._problem: Problem = NOT_HTTP

    # --- the connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._phase_started_at = self._checked_at = self.loop.time()
        self._open.add(self)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        longest = max(len(self.url), *(len(name) + len(value) for name, value in self.scope["headers"]), 0)
        if longest > MAX_HANDSHAKE_LINE_BYTES:
            self._end_with(HEAD_TOO_LARGE)
            return
        self._forget()  # HTTP is done with this connection
        super().handle_websocket_upgrade()
        del self.parser  # which refers to this object: 3 KiB that would wait for the garbage collector

    def _forget(self) -> None:
        self._open.discard(self)
        if self.client is not None:
            self._anonymous.forget(self.client)

    def _wait(self) -> None:
        """Waits for the client to send something."""
        if self.client is not None and not self._anonymous.add(self.client, self._close_surplus, self.loop.time()):
            self.transport.abort()

    def _close_surplus(self) -> None:
        self._end_with(TOO_MANY)

    # --- reading ---

    def data_received(self, data: bytes) -> None:
        if self._is_lingering:
            return self._discard(len(data))
        if self._is_broken:
            return None
        if self.timeout_keep_alive_task is not None:
            self._phase_started_at = self.loop.time()  # the next request begins
            self._unset_keepalive_if_required()
        if self._unparsed_bytes + len(data) <= MAX_HEAD_BYTES:
            self._unparsed_bytes += len(data)
            return self._parse(data)
        return self._receive_in_pieces(data)

    def _parse(self, data: bytes | memoryview) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._end_with(self._problem)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()

    def _receive_in_pieces(self, data: bytes) -> None:
        """Feeds the parser in pieces that it may keep: what it keeps, it copies for every piece that follows."""
        rest = memoryview(data)
        while rest and self in self._open and not self._is_lingering and not self._is_broken:
            piece = rest[: MAX_HEAD_BYTES - self._unparsed_bytes]
            rest = rest[len(piece) :]
            self._unparsed_bytes += len(piece)
            self._parse(piece)
            if self._unparsed_bytes >= MAX_HEAD_BYTES:
                self._end_with(HEAD_TOO_LARGE)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._reject(URL_TOO_LONG)

    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS or len(self.pipeline) >= MAX_PIPELINED_REQUESTS:
            self._reject(HEAD_TOO_LARGE)
        self._in_head, self._unparsed_bytes = False, 0
        self._body_bytes, self._body_seconds, self._checked_at = 0, 0.0, self.loop.time()
        if self.client is not None:
            self._anonymous.remove(self.client)
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self.headers = []  # the trailer of a body is not a header

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._unparsed_bytes, self._phase_started_at = True, 0, self.loop.time()
        super().on_message_complete()

    def _reject(self, problem: Problem) -> None:
        self._problem = problem
        raise RequestRejected

    # --- responding ---

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.transport = transport = ResponseTransport(self.transport)

        async def run(scope: Any, receive: Any, send: Any) -> None:
            async def send_message(message: Any) -> None:
                transport.holds_head = message["type"] == "http.response.start"
                ends = not transport.holds_head and not message.get("more_body")
                if cycle.more_body and not self._is_small(cycle):
                    cycle.keep_alive = ends  # announces the close, and leaves closing to us
                await send(message)
                if ends:
                    transport.flush()
                    if cycle.more_body and not self._is_small(cycle):
                        self._linger()

            await app(scope, receive, send_message)

        super()._start_asgi_task(cycle, run)

    def _is_small(self, cycle: Any) -> bool:
        """Tells whether the rest of the body can simply be read; not where the client waits for 100 Continue."""
        if cycle.waiting_for_100_continue:
            return False
        lengths = [int(value) for name, value in cycle.scope["headers"] if name == b"content-length"]
        return lengths != [] and lengths[0] <= SMALL_BODY_BYTES

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._phase_started_at = self.loop.time()
        if not self.transport.is_closing() and self.timeout_keep_alive_task is not None:
            self._wait()

    def _end_with(self, problem: Problem) -> None:
        """Ends the connection with this problem as its response, unless another response has begun."""
        if self.transport.is_closing() or self._is_lingering or self._is_broken:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            if not self.cycle.more_body:
                self._is_broken, self.cycle.keep_alive = True, False
                return
            if self.cycle.response_started:
                self.transport.abort()  # half a response must not pass for a whole one
                return
        log.debug("connection ended with %d", problem[0])
        start, body = asgi_messages(problem)
        headers = [
            *self.server_state.default_headers,
            *with_security_headers(start["headers"]),
            (b"connection", b"close"),
        ]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[start["status"]], *lines, b"\r\n", body["body"]]))
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._linger()

    def _linger(self) -> None:
        """Reads and drops what comes for a while: a client that is still sending would otherwise not find the
        response."""
        self._is_lingering, self._phase_started_at = True, self.loop.time()
        self._checked_at = self._phase_started_at
        self._unset_keepalive_if_required()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _discard(self, count: int) -> None:
        self._discarded_bytes += count
        self._checked_at = self.loop.time()
        if self._discarded_bytes > MAX_LINGER_BYTES:
            self.transport.abort()

    # --- timeouts ---

    def resume_writing(self) -> None:
        self._write_stall = None
        super().resume_writing()

    def check_timeouts(self, now: float) -> None:
        """Ends what has taken too long: a head, a body, a response that nobody reads, lingering."""
        if self._is_lingering:
            if now - self._phase_started_at > LINGER_SECONDS or now - self._checked_at > LINGER_IDLE_SECONDS:
                self.transport.abort()
        elif waiting := self.transport.get_write_buffer_size():
            self._check_write(now, waiting)
        elif self._in_head:
            is_answered = self.cycle is None or self.cycle.response_complete
            is_late = now - self._phase_started_at > HEAD_TIMEOUT_SECONDS
            if is_answered and self.timeout_keep_alive_task is None and is_late:
                self._end_with(TOO_SLOW)
        else:
            self._check_body(now)

    def _check_write(self, now: float, waiting: int) -> None:
        if self._write_stall is None:
            self._write_stall = (now, waiting)
        elif now - self._write_stall[0] > WRITE_TIMEOUT_SECONDS:
            enough = waiting + MIN_BYTES_PER_SECOND * WRITE_TIMEOUT_SECONDS <= self._write_stall[1]
            self._write_stall = (now, waiting)
            if not enough:
                self.transport.abort()

    def _check_body(self, now: float) -> None:
        """Counts the time in which we read, not the time in which the route has not consumed what came already."""
        if not self.flow.read_paused:
            self._body_seconds += now - self._checked_at
        self._checked_at = now
        if self._body_seconds > BODY_TIMEOUT_SECONDS + self._body_bytes / MIN_BYTES_PER_SECOND:
            self._end_with(TOO_SLOW)


class Connections:
    """The connections of one port; `create_protocol` is called for each new one."""

    def __init__(self, max_per_address: int = MAX_WAITING_PER_ADDRESS) -> None:
        self._anonymous, self._open = AnonymousConnections(max_per_address), set[HttpProtocol]()

    def create_protocol(self, **options: Any) -> HttpProtocol:
        return HttpProtocol(**options, anonymous=self._anonymous, open=self._open)

    @property
    def count(self) -> int:
        """The number of open connections."""
        return len(self._open)

    def sweep(self, now: float) -> None:
        """Closes what has waited or taken too long. Called every second with the time of the event loop."""
        self._anonymous.close_surplus(now)
        for connection in list(self._open):
            connection.check_timeouts(now)
