"""A pipe for the output of a process, which can be closed while other processes still hold its write end."""

import asyncio
import os
from collections.abc import Callable
from typing import Final

from reyna.domain.text.clusters import truncate

MAX_LINE_CHARACTERS: Final = 500  # of a line; the rest is cut off


class OutputPipe:
    """Calls `on_line` with each line; `closed` is set when no process holds the write end any more.

    With a pipe of asyncio's own, a process counts as ended only when every process that holds the pipe has ended, and
    the sessions of a killed PostgreSQL do hold it.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.closed = asyncio.Event()
        self._on_line, self._rest = on_line, b""
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        asyncio.get_running_loop().add_reader(self._read_end, self._read)

    def close_write_end(self) -> None:
        """Closes our copy of `write_end`, once the process has its own."""
        os.close(self.write_end)

    async def drain(self, timeout: float) -> None:
        """Reads the rest of the output, for `timeout` seconds at most, and closes the pipe."""
        try:
            await asyncio.wait_for(self.closed.wait(), timeout)
        except TimeoutError:  # another process still holds it
            pass
        finally:
            self._close()

    def _read(self) -> None:
        chunk = os.read(self._read_end, 65536)
        *lines, rest = (self._rest + chunk).split(b"\n")
        if not chunk:
            lines = [rest] if rest else []
        for line in lines:
            self._on_line(truncate(line.decode(errors="replace").rstrip(), MAX_LINE_CHARACTERS))
        self._rest = rest[: 4 * MAX_LINE_CHARACTERS]
        if not chunk:
            self._close()

    def _close(self) -> None:
        if not self.closed.is_set():
            asyncio.get_running_loop().remove_reader(self._read_end)
            os.close(self._read_end)
            self.closed.set()
