"""Comparing and examining in processes of their own, so that a hostile schema delays nobody but its author."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from reyna.domain.errors import Invalid, TooMuch, revived
from reyna.schemas.answering import Question
from reyna.schemas.compatibility import Comparison, Text
from reyna.schemas.compatibility.explain import Direction, undecided
from reyna.schemas.examining import Examined
from reyna.schemas.forks import Forks

SECONDS: Final = 5.0  # of CPU for one question, so that the answer is the same on a busy machine
PATIENCE: Final = 35.0  # seconds to wait for an answer on a busy machine; a verb that takes long may need three
PLACES: Final = 2  # comparisons at the same time, at most one of them for the same user
WAITING: Final = 32  # questions of one user that may wait for their turn
COSTLY: Final = "The comparison could not be finished in the time that it may take."
BOTH: Final[tuple[Direction, ...]] = ("backward", "forward")
DECODER: Final = msgspec.json.Decoder(Comparison)


class Apart:
    """Asks a process for each question, and ends it when it takes too long; a user waits for none but their own."""

    def __init__(self, seconds: float = SECONDS, *, patience: float = PATIENCE, waiting: int = WAITING) -> None:
        self._seconds, self._patience, self._most = seconds, patience, waiting
        self._forks = Forks()
        self._places = asyncio.Semaphore(PLACES)
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    async def compare(self, user_id: str, new: Text, olds: Sequence[Text]) -> list[Comparison]:
        """One comparison for each of the older schemas; what was not done in time counts as broken, and says so.

        Raises TooMuch when the same user has too many questions waiting, or the machine too much to do.
        """
        if not olds:
            return []
        question = msgspec.json.encode(Question(new, list(olds), self._seconds))
        async with self._turn(user_id):
            lines = await self._answers(question)
        found = [DECODER.decode(line) for line in lines[: len(olds)]]
        return [*found, *(_too_costly() for _ in olds[len(found) :])]

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
        try:
            return await self._forks.lines(question, self._patience)
        except TimeoutError:
            raise TooMuch("Too much is going on to look at this schema now; try again later.", retry_after=5) from None


def _too_costly() -> Comparison:
    differences = tuple(undecided(direction, COSTLY) for direction in BOTH)
    return Comparison(backward=False, forward=False, differences=differences)
