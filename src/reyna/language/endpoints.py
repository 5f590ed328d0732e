"""The endpoints that this process calls: each has slots and a circuit breaker, which all calls to it share."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from reyna.language.circuit_breaker import OPEN_SECONDS, BreakingLanguage, CircuitBreaker
from reyna.language.concurrency import LimitedLanguage
from reyna.language.retries import RETRY_PAUSES_SECONDS, RetryingLanguage
from reyna.language.timeouts import DEFAULT_TIMEOUTS, LanguageTimeouts, TimedLanguage
from reyna.ports.language import Language, ModelEndpoint, endpoint_name

MAX_PARALLEL_CALLS: Final = 64  # of one endpoint, by default; an expansion writes 48 passages side by side
MAX_ENDPOINTS: Final = 1_000  # that are remembered


class EndpointState(msgspec.Struct):
    """The slots and the circuit breaker of one endpoint."""

    slots: asyncio.Semaphore
    breaker: CircuitBreaker


class Endpoints:
    """The state of each endpoint, by its URL and key: what one user's key runs into does not stop another's."""

    def __init__(
        self,
        parallel: int = MAX_PARALLEL_CALLS,
        timeouts: LanguageTimeouts = DEFAULT_TIMEOUTS,
        pauses: Sequence[float] = RETRY_PAUSES_SECONDS,
        open_seconds: float = OPEN_SECONDS,
    ) -> None:
        self._parallel, self._timeouts, self._pauses, self._open_seconds = parallel, timeouts, pauses, open_seconds
        self._states: OrderedDict[tuple[str, str | None], EndpointState] = OrderedDict()

    def strengthen(self, language: Language, endpoint: ModelEndpoint) -> Language:
        """Returns the model at this endpoint with time limits, the shared limit and breaker, and retries, in this
        order from the inside: a call that waits to be repeated holds no slot."""
        state = self._state_of(endpoint)
        timed = TimedLanguage(language, self._timeouts)
        limited = LimitedLanguage(BreakingLanguage(timed, state.breaker), state.slots)
        return RetryingLanguage(limited, pauses=self._pauses)

    def _state_of(self, endpoint: ModelEndpoint) -> EndpointState:
        place = (endpoint.url or endpoint.provider, endpoint.key)
        state = self._states.get(place)
        if state is None:
            slots = asyncio.Semaphore(self._parallel)
            breaker = CircuitBreaker(endpoint_name(endpoint.url), open_seconds=self._open_seconds)
            state = self._states[place] = EndpointState(slots, breaker)
            if len(self._states) > MAX_ENDPOINTS:
                self._states.popitem(last=False)
        self._states.move_to_end(place)
        return state
