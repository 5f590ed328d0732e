"""Compares and examines schemas in child processes, so that a costly schema delays only its author."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from reyna.domain.errors import Invalid, TooMuch, refusal_from_problem
from reyna.services.schemas.compatibility.comparison import Comparison, ResolvedSchema
from reyna.services.schemas.compatibility.difference import Direction
from reyna.services.schemas.compatibility.explanation import undecided_difference
from reyna.services.schemas.registry.examination.findings import Examined
from reyna.services.schemas.sandbox.worker import ComparisonRequest
from reyna.validation.sandbox.fork_server import ForkServer

MAX_CPU_SECONDS: Final = 5.0  # for one request, so that the answer is the same on a busy machine
ANSWER_TIMEOUT_SECONDS: Final = 35.0  # on a busy machine; one verb may need three answers
MAX_CONCURRENT_REQUESTS: Final = 2  # at most one of them for the same user
MAX_WAITING_PER_USER: Final = 32  # requests that may wait for their turn
TOO_COSTLY_MESSAGE: Final = "The comparison did not finish within its time limit."
DIRECTIONS: Final[tuple[Direction, ...]] = ("backward", "forward")
COMPARISON_DECODER: Final = msgspec.json.Decoder(Comparison)


class CompatibilitySandbox:
    """Runs each request in a child process, and kills it at its limit. A user waits only for their own requests."""

    def __init__(
        self,
        cpu_seconds: float = MAX_CPU_SECONDS,
        *,
        timeout_seconds: float = ANSWER_TIMEOUT_SECONDS,
        max_waiting: int = MAX_WAITING_PER_USER,
    ) -> None:
        self._cpu_seconds, self._timeout_seconds, self._max_waiting = cpu_seconds, timeout_seconds, max_waiting
        self._fork_server = ForkServer("reyna.services.schemas.sandbox.worker")
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_REQUESTS)
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    async def compare(self, user_id: str, new: ResolvedSchema, olds: Sequence[ResolvedSchema]) -> list[Comparison]:
        """Returns one comparison for each of the older schemas; those that were not finished in time count as
        broken, and say so.

        Raises TooMuch when the user has too many requests waiting, or the machine is too busy.
        """
        if not olds:
            return []
        request = msgspec.json.encode(ComparisonRequest(new, list(olds), self._cpu_seconds))
        async with self._wait_for_turn(user_id):
            lines = await self._ask(request)
        found = [COMPARISON_DECODER.decode(line) for line in lines[: len(olds)]]
        return [*found, *(_too_costly_comparison() for _ in olds[len(found) :])]

    async def examine(self, user_id: str, new: ResolvedSchema) -> Examined:
        """Returns the findings about a schema. Raises its refusal, Invalid when that takes too long, and TooMuch."""
        request = msgspec.json.encode(ComparisonRequest(new, [], self._cpu_seconds))
        async with self._wait_for_turn(user_id):
            lines = await self._ask(request)
        if not lines:
            raise Invalid.at("/json_schema", f"takes longer to examine than the limit of {self._cpu_seconds:g} s")
        found = msgspec.json.decode(lines[0], type=Examined)
        if found.problem is not None:
            raise refusal_from_problem(found.problem)
        return found

    @asynccontextmanager
    async def _wait_for_turn(self, user_id: str) -> AsyncIterator[None]:
        if self._waiting[user_id] >= self._max_waiting:
            raise TooMuch("Many of your schemas are being examined; wait for one of them.", retry_after=1)
        self._waiting[user_id] += 1
        lock = self._locks.setdefault(user_id, asyncio.Lock())
        try:
            async with lock, self._slots:
                yield
        finally:
            self._waiting[user_id] -= 1
            if not self._waiting[user_id]:
                del self._waiting[user_id], self._locks[user_id]

    async def _ask(self, request: bytes) -> list[bytes]:
        try:
            return await self._fork_server.ask(request, self._timeout_seconds)
        except TimeoutError:
            raise TooMuch(
                "The service is too busy to examine this schema now; try again later.", retry_after=5
            ) from None


def _too_costly_comparison() -> Comparison:
    differences = tuple(undecided_difference(direction, TOO_COSTLY_MESSAGE) for direction in DIRECTIONS)
    return Comparison(backward=False, forward=False, differences=differences)
