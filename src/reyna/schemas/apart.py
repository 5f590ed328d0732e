"""Comparing and examining in processes of their own, so that a hostile schema delays nobody but its author."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Final

import msgspec

from reyna.domain.errors import Invalid, TooMuch, revived
from reyna.schemas.compatibility import Comparison, Text
from reyna.schemas.compatibility.__main__ import Question
from reyna.schemas.compatibility.explain import Direction, undecided
from reyna.schemas.examining import Examined

SECONDS: Final = 5.0  # for one question; a verb over the bus may take ten
GRACE: Final = 1.0  # seconds to start, and to end what is at hand
PLACES: Final = 2  # comparisons at the same time, at most one of them for the same user
WAITING: Final = 32  # questions of one user that may wait for their turn
LATE: Final = "The comparison could not be finished in the time that it may take."
# It gives way to whoever serves others before anything is imported, which is already most of the work.
ANSWERING: Final = "import os; os.nice(19); from reyna.schemas.compatibility.__main__ import main; main()"
BOTH: Final[tuple[Direction, ...]] = ("backward", "forward")
DECODER: Final = msgspec.json.Decoder(Comparison)


class Apart:
    """Asks a process for each question, and ends it when it takes too long; a user waits for none but their own."""

    def __init__(self, seconds: float = SECONDS, *, waiting: int = WAITING) -> None:
        self._seconds, self._most = seconds, waiting
        self._places = asyncio.Semaphore(PLACES)
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    async def compare(self, user_id: str, new: Text, olds: Sequence[Text]) -> list[Comparison]:
        """One comparison for each of the older schemas; what was not done in time counts as broken, and says so.

        Raises TooMuch when the same user has too many questions waiting.
        """
        if not olds:
            return []
        question = msgspec.json.encode(Question(new, list(olds), self._seconds))
        async with self._turn(user_id):
            lines = await self._answers(question)
        found = [DECODER.decode(line) for line in lines[: len(olds)]]
        return [*found, *(_late() for _ in olds[len(found) :])]

    async def examine(self, user_id: str, new: Text) -> Examined:
        """What the schema is. Raises what it is refused with, Invalid when that takes too long, and TooMuch."""
        question = msgspec.json.encode(Question(new, [], self._seconds))
        async with self._turn(user_id):
            lines = await self._answers(question)
        if not lines:
            raise Invalid.at("/json_schema", f"takes longer to look at than the {self._seconds:g} s that it may")
        found = msgspec.json.decode(lines[0], type=Examined)
        if found.problem is not None:
            raise revived(found.problem)
        return found

    @asynccontextmanager
    async def _turn(self, user_id: str) -> AsyncIterator[None]:
        if self._waiting[user_id] >= self._most:
            raise TooMuch("You have many schemas being looked at; wait for one of them.", retry_after=1)
        self._waiting[user_id] += 1
        lock = self._turns.setdefault(user_id, asyncio.Lock())
        try:
            async with lock, self._places:
                yield
        finally:
            self._waiting[user_id] -= 1
            if not self._waiting[user_id]:
                del self._waiting[user_id], self._turns[user_id]

    async def _answers(self, question: bytes) -> list[bytes]:
        """The whole lines that the process wrote before it ended, or was ended."""
        process = await asyncio.to_thread(_begun)
        try:
            written = await asyncio.to_thread(_said, process, question, self._seconds + GRACE)
        finally:
            process.kill()  # when nobody waits any more; else it has ended
        return written.split(b"\n")[:-1]


def _begun() -> Popen[bytes]:
    """In a thread, and not by the event loop: that would stand still for as long as it takes, which is some 20 ms."""
    command = (sys.executable, "-c", ANSWERING)
    return Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)  # noqa: S603 - our own interpreter, our own words


def _said(process: Popen[bytes], question: bytes, seconds: float) -> bytes:
    try:
        return process.communicate(question, timeout=seconds)[0]
    except TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def _late() -> Comparison:
    differences = tuple(undecided(direction, LATE) for direction in BOTH)
    return Comparison(backward=False, forward=False, differences=differences)
