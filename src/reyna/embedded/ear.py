"""Hearing what a process prints, without waiting for everyone who might also print there."""

import asyncio
import os
from collections.abc import Callable
from typing import Final

LONGEST: Final = 500  # characters of a line that are kept


class Ear:
    """A pipe whose lines are given to `hear`; `quiet` is set when nobody holds its other end any more.

    A pipe of asyncio's own will not do: with that, a process counts as ended only when everyone who holds its pipe has
    ended too, and a PostgreSQL that is killed leaves sessions that do.
    """

    def __init__(self, hear: Callable[[str], None]) -> None:
        self.quiet = asyncio.Event()
        self._hear, self._rest = hear, b""
        self._listening, self.mouth = os.pipe()
        os.set_blocking(self._listening, False)
        asyncio.get_running_loop().add_reader(self._listening, self._read)

    def given(self) -> None:
        """The process has `mouth` now; we let go of it."""
        os.close(self.mouth)

    async def hear_out(self, patience: float) -> None:
        """Hear the rest of what was printed, for `patience` seconds at most, and close."""
        try:
            await asyncio.wait_for(self.quiet.wait(), patience)
        except TimeoutError:  # someone else still holds it
            pass
        finally:
            self._close()

    def _read(self) -> None:
        chunk = os.read(self._listening, 65536)
        *lines, rest = (self._rest + chunk).split(b"\n")
        if not chunk:
            lines = [rest] if rest else []
        for line in lines:
            self._hear(line.decode(errors="replace").rstrip()[:LONGEST])
        self._rest = rest[: 4 * LONGEST]
        if not chunk:
            self._close()

    def _close(self) -> None:
        if not self.quiet.is_set():
            asyncio.get_running_loop().remove_reader(self._listening)
            os.close(self._listening)
            self.quiet.set()
