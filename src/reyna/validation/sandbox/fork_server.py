"""Sends requests to a fork server, whose children can be killed at any moment."""

import asyncio
import os
import signal
import socket
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from subprocess import DEVNULL, Popen
from typing import Final

import msgspec
import structlog

from reyna.domain.errors import Fault
from reyna.validation.sandbox.fork_loop import FAILURE_PREFIX

# The priority is lowered before anything is imported.
COMMAND: Final = "import os; os.nice({nice}); from {module} import main; main()"
NO_PROCESS_MESSAGE: Final = "No process could be started for this request."
log: Final = structlog.get_logger("reyna.validation")


class ForkServer:
    """Starts the fork server at the first request, restarts it when it has ended, and stops it at the end.

    `module` is the module that it runs: its `main` calls `fork_loop.serve`. `nice` is its niceness.
    """

    def __init__(self, module: str, nice: int = 10) -> None:
        self._module, self._nice = module, nice
        self._start_lock = asyncio.Lock()
        self._process: ForkServerProcess | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the fork server, or None before the first request."""
        return self._process.pid if self._process is not None else None

    async def ask(self, request: bytes, seconds: float) -> list[bytes]:
        """Returns the lines of the answer; those that would have cost too much are missing.

        Raises TimeoutError without an answer within these seconds, and Fault when the child failed.
        """
        async with asyncio.timeout(seconds), self._connection() as (reader, writer):
            writer.write(request)
            writer.write_eof()
            lines = (await reader.read()).split(b"\n")[:-1]
        if lines and lines[-1].startswith(FAILURE_PREFIX):
            log.error("answering broke", exception=msgspec.json.decode(lines[-1].removeprefix(FAILURE_PREFIX)))
            raise Fault
        return lines

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Opens a connection to a child process, which is killed when the connection closes."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            with theirs:
                await self._hand_over(theirs)
            pid = int(await reader.readline() or b"0")
            if not pid:
                raise Fault(NO_PROCESS_MESSAGE)
            try:
                yield reader, writer
            finally:
                if not reader.at_eof():
                    with suppress(ProcessLookupError):  # it has ended
                        os.kill(pid, signal.SIGKILL)
        finally:
            writer.close()

    async def _hand_over(self, connection: socket.socket) -> None:
        """Sends a connection to the fork server, and restarts the server when it has ended."""
        async with self._start_lock:
            if self._process is not None and self._process.hand_over(connection):
                return
            if self._process is not None:
                log.warning("the process that answers questions has ended; another is begun", module=self._module)
                self._process.stop()
            self._process = await asyncio.to_thread(ForkServerProcess, self._module, self._nice)
            weakref.finalize(self, self._process.stop)
            if not self._process.hand_over(connection):
                raise Fault(NO_PROCESS_MESSAGE)


class ForkServerProcess:
    """A running fork server.

    Create it in a thread: the start takes about 20 ms, which would block the event loop.
    """

    def __init__(self, module: str, nice: int) -> None:
        self._requests, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-c", COMMAND.format(module=module, nice=nice))
            self._process = Popen(command, stdin=theirs.fileno(), stdout=DEVNULL)  # noqa: S603 - our own words
        self.pid: Final = self._process.pid

    def hand_over(self, connection: socket.socket) -> bool:
        """Sends a connection to be served; returns False when the process has ended."""
        try:
            socket.send_fds(self._requests, [b"?"], [connection.fileno()])
        except ConnectionError:
            return False
        return True

    def stop(self) -> None:
        """Kills the process if it runs."""
        self._requests.close()
        self._process.kill()
        self._process.wait()
