"""Asking a process that forks itself for each question, whose children may be ended at any moment."""

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
from reyna.schemas.answering import BROKEN

# It gives way to whoever serves others before anything is imported.
ANSWERING: Final = "import os; os.nice(19); from reyna.schemas.answering import main; main()"
LACKING: Final = "No process could be had to look at schemas."
log: Final = structlog.get_logger("reyna.schemas")


class Forks:
    """The way to that process: it begins with the first question, begins anew when it has ended, and ends with us."""

    def __init__(self) -> None:
        self._beginning = asyncio.Lock()
        self._begun: Begun | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, once there is one."""
        return self._begun.pid if self._begun is not None else None

    async def lines(self, question: bytes, seconds: float) -> list[bytes]:
        """The lines that answer the question: fewer than wanted when the others would have cost too much.

        Raises TimeoutError when it is not answered within these seconds, and Fault when answering broke.
        """
        async with asyncio.timeout(seconds), self._connection() as (reader, writer):
            writer.write(question)
            writer.write_eof()
            lines = (await reader.read()).split(b"\n")[:-1]
        if lines and lines[-1].startswith(BROKEN):
            log.error("answering broke", exception=msgspec.json.decode(lines[-1].removeprefix(BROKEN)))
            raise Fault
        return lines

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """The line to a child of its own, which ends with it."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            with theirs:
                await self._hand(theirs)
            pid = int(await reader.readline() or b"0")
            if not pid:
                raise Fault(LACKING)
            try:
                yield reader, writer
            finally:
                if not reader.at_eof():
                    with suppress(ProcessLookupError):  # it has just ended
                        os.kill(pid, signal.SIGKILL)
        finally:
            writer.close()

    async def _hand(self, connection: socket.socket) -> None:
        """Give a connection to the process, begun anew where it is no longer there."""
        async with self._beginning:
            if self._begun is not None and self._begun.takes(connection):
                return
            if self._begun is not None:
                log.warning("the process that looks at schemas has ended; another is begun")
                self._begun.end()
            self._begun = await asyncio.to_thread(Begun)
            weakref.finalize(self, self._begun.end)
            if not self._begun.takes(connection):
                raise Fault(LACKING)


class Begun:
    """The process, which is begun by making this.

    In a thread, and not on the event loop: that would stand still for as long as it takes, which is some 20 ms.
    """

    def __init__(self) -> None:
        self._asked, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-c", ANSWERING)
            self._process = Popen(command, stdin=theirs.fileno(), stdout=DEVNULL)  # noqa: S603 - our own words
        self.pid: Final = self._process.pid

    def takes(self, connection: socket.socket) -> bool:
        """Have a question on this connection answered; False when the process has ended."""
        try:
            socket.send_fds(self._asked, [b"?"], [connection.fileno()])
        except ConnectionError:
            return False
        return True

    def end(self) -> None:
        """End it, if it has not ended."""
        self._asked.close()
        self._process.kill()
        self._process.wait()
