"""The circuit breaker of an endpoint: after repeated failures, calls fail at once until a probe succeeds."""

import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

from reyna.domain.errors import Fault, Refusal
from reyna.language.endpoint_words import TOO_MANY_REQUESTS
from reyna.ports.language import Completion, EndpointFault, EndpointUnavailable, Language, Prompt
from reyna.ports.streams import as_generator

FAILURES_TO_OPEN: Final = 5  # in a row
OPEN_SECONDS: Final = 10.0  # until the first probe; twice as long after each probe that fails
MAX_OPEN_SECONDS: Final = 120.0
PROBE_SECONDS: Final = 2.0  # after which a call is worth trying again while another one probes


class CircuitBreaker:
    """Counts the failures of one endpoint. Closed: calls pass. Open: they fail at once. Half-open: one call probes.

    `name` is that of the endpoint, for people. A refusal and an answer that there are too many requests come from an
    endpoint that works. A call that is cancelled says nothing. `open_seconds` pass until the first probe.
    """

    def __init__(
        self, name: str, clock: Callable[[], float] = time.monotonic, *, open_seconds: float = OPEN_SECONDS
    ) -> None:
        self._name, self._clock = name, clock
        self._failures = 0
        self._first_open_seconds = self._open_seconds = open_seconds
        self._open_until: float | None = None
        self._is_probing = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Surrounds one call. Raises EndpointUnavailable while the breaker is open."""
        is_probe = self._admit()
        try:
            yield
        except Refusal:
            self._close()
            raise
        except Fault as fault:
            self._record(fault)
            raise
        else:
            self._close()
        finally:
            if is_probe:
                self._is_probing = False

    def _admit(self) -> bool:
        """Returns whether the call is the probe of an open breaker."""
        if self._open_until is None:
            return False
        wait = self._open_until - self._clock()
        if wait > 0 or self._is_probing:
            raise EndpointUnavailable(self._name, max(wait, PROBE_SECONDS))
        self._is_probing = True
        return True

    def _record(self, fault: Fault) -> None:
        if isinstance(fault, EndpointFault) and fault.status == TOO_MANY_REQUESTS:  # it is well, and busy
            self._close()
            return
        self._failures += 1
        if self._open_until is not None and self._clock() >= self._open_until:
            self._open_seconds = max(min(2 * self._open_seconds, MAX_OPEN_SECONDS), self._first_open_seconds)
            self._open_until = self._clock() + self._open_seconds
        elif self._open_until is None and self._failures >= FAILURES_TO_OPEN:
            self._open_until = self._clock() + self._open_seconds

    def _close(self) -> None:
        self._failures, self._open_seconds, self._open_until = 0, self._first_open_seconds, None


class BreakingLanguage:
    """A Language decorator that calls an endpoint through its circuit breaker."""

    def __init__(self, language: Language, breaker: CircuitBreaker) -> None:
        self._language, self._breaker = language, breaker

    async def complete(self, prompt: Prompt) -> Completion:
        with self._breaker.attempt():
            return await self._language.complete(prompt)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        with self._breaker.attempt():
            async with aclosing(as_generator(self._language.stream(prompt))) as pieces:
                async for piece in pieces:
                    yield piece
