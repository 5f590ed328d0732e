"""Validates within limits of time and memory: on the event loop when that is cheap, else in a child process."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import DataError, TooLarge, TooMuch, refusal_from_problem
from reyna.validation.complexity.cost import MAX_IN_PLACE_NS
from reyna.validation.complexity.rate_limiter import RateLimiter
from reyna.validation.sandbox.fork_server import ForkServer
from reyna.validation.sandbox.validation_worker import ValidationAnswer, ValidationRequest
from reyna.validation.validator import Validator

CPU_SECONDS: Final = 3.0  # the costliest 4 MiB that a schema's weight allows take about one second
WAIT_SECONDS: Final = 8.0  # a verb over the bus must answer within ten
LONG_WAIT_SECONDS: Final = 60.0  # for background work
MAX_CONCURRENT_VALIDATIONS: Final = 2  # at most one of them for the same user
MAX_WAITING_PER_USER: Final = 8  # validations that may wait for their turn
COSTLY_BURST: Final = 60  # costly validations of a user at once
COSTLY_PER_SECOND: Final = 2.0  # tokens that come back each second
CHILD_NICENESS: Final = 5  # lower than the default, because people wait for the answer
RATE_LIMIT_MESSAGE: Final = "You have sent much data that takes long to validate"
ANSWER_DECODER: Final = msgspec.json.Decoder(ValidationAnswer)


class ValidationSandbox:
    """Validates data; one user's costly data does not delay others."""

    def __init__(
        self,
        rate_limiter: RateLimiter | None = None,
        *,
        cpu_seconds: float = CPU_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
        max_in_place_ns: float = MAX_IN_PLACE_NS,
    ) -> None:
        self._rate_limiter = rate_limiter or RateLimiter(COSTLY_BURST, COSTLY_PER_SECOND, message=RATE_LIMIT_MESSAGE)
        self._cpu_seconds, self._wait_seconds, self._max_ns = cpu_seconds, wait_seconds, max_in_place_ns
        self._fork_server = ForkServer("reyna.validation.sandbox.validation_worker", CHILD_NICENESS)
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_VALIDATIONS)
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    async def errors(
        self, user_id: str, validator: Validator, data: Any, body: bytes, *, rate_limited: bool = True
    ) -> tuple[DataError, ...]:
        """Returns the errors, at most 50, none when the data fits. `body` is the data as compact JSON.

        `rate_limited` counts a costly validation against the user's rate limit; background work is not counted.
        Raises TooLarge for data that takes too long, and TooMuch, with `retry_after`, for too many requests at
        once.
        """
        cost = validator.cost.of(body)
        if cost <= self._max_ns:
            if cost:
                await asyncio.sleep(0)  # lets other tasks run between many of these
            if validator.fits(data):
                return ()
            if validator.can_list_errors_in_place(data):
                return validator.errors(data)
        return (await self._validate_in_child(user_id, validator, body, rate_limited=rate_limited)).errors

    async def fits(self, user_id: str, validator: Validator, data: Any, body: bytes) -> bool:
        """Returns whether data fits. Raises as `errors` does."""
        if validator.cost.of(body) <= self._max_ns:
            return validator.fits(data)
        return (await self._validate_in_child(user_id, validator, body, rate_limited=False, verdict_only=True)).fits

    async def _validate_in_child(
        self, user_id: str, validator: Validator, body: bytes, *, rate_limited: bool, verdict_only: bool = False
    ) -> ValidationAnswer:
        if rate_limited and user_id != SYSTEM_USER_ID:
            self._rate_limiter.take(user_id)
        json_schema, references = validator.source
        request = ValidationRequest(
            json_schema=json_schema,
            references=references,
            data=msgspec.Raw(body),
            seconds=self._cpu_seconds,
            verdict_only=verdict_only,
        )
        seconds = self._wait_seconds if rate_limited else LONG_WAIT_SECONDS
        try:
            async with asyncio.timeout(seconds), self._wait_for_turn(user_id):
                lines = await self._fork_server.ask(msgspec.json.encode(request), seconds)
        except TimeoutError:
            raise TooMuch(
                "The service is too busy to validate this data now; try again later.", retry_after=5
            ) from None
        if not lines:
            raise TooLarge(f"This data takes longer to validate than the limit of {self._cpu_seconds:g} s.")
        answer = ANSWER_DECODER.decode(lines[0])
        if answer.problem is not None:
            raise refusal_from_problem(answer.problem)
        return answer

    @asynccontextmanager
    async def _wait_for_turn(self, user_id: str) -> AsyncIterator[None]:
        if self._waiting[user_id] >= MAX_WAITING_PER_USER:
            raise TooMuch("Much of your data is being validated; wait for some of it.", retry_after=1)
        self._waiting[user_id] += 1
        lock = self._locks.setdefault(user_id, asyncio.Lock())
        try:
            async with lock, self._slots:
                yield
        finally:
            self._waiting[user_id] -= 1
            if not self._waiting[user_id]:
                del self._waiting[user_id], self._locks[user_id]
