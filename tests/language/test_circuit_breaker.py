"""The circuit breaker of an endpoint."""

import asyncio

import pytest

from reyna.domain.errors import Fault, Invalid
from reyna.language.circuit_breaker import FAILURES_TO_OPEN, OPEN_SECONDS, BreakingLanguage, CircuitBreaker
from reyna.ports.language import EndpointFault, EndpointUnavailable
from tests.language.stand_in import PROMPT, HandClock, ModelStandIn


async def fail(language: BreakingLanguage, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Fault):
            await language.complete(PROMPT)


async def test_it_opens_after_failures_in_a_row_and_says_when_it_tries_again() -> None:
    clock, model = HandClock(), ModelStandIn(Fault("broken"))
    language = BreakingLanguage(model, CircuitBreaker("model.example", clock))
    await fail(language, FAILURES_TO_OPEN)
    with pytest.raises(EndpointUnavailable, match=r"model\.example.*again in 10 s"):
        await language.complete(PROMPT)
    assert len(model.asked.items) == FAILURES_TO_OPEN


async def test_a_success_between_failures_keeps_it_closed() -> None:
    model = ModelStandIn(Fault(""), Fault(""), "Yes.", Fault(""))
    language = BreakingLanguage(model, CircuitBreaker("m", HandClock()))
    await fail(language, 2)
    await language.complete(PROMPT)
    await fail(language, FAILURES_TO_OPEN - 1)
    with pytest.raises(Fault) as last:
        await language.complete(PROMPT)
    assert not isinstance(last.value, EndpointUnavailable)


async def test_one_probe_at_a_time_closes_it_again() -> None:
    clock, model = HandClock(), ModelStandIn(*[Fault("")] * FAILURES_TO_OPEN, None)
    language = BreakingLanguage(model, CircuitBreaker("m", clock))
    await fail(language, FAILURES_TO_OPEN)
    clock.now += OPEN_SECONDS
    probe = asyncio.create_task(language.complete(PROMPT))
    await model.asked.first(FAILURES_TO_OPEN + 1)
    with pytest.raises(EndpointUnavailable):
        await language.complete(PROMPT)
    model.go_on.set()
    await probe
    await language.complete(PROMPT)


async def test_a_failed_probe_opens_it_for_twice_as_long() -> None:
    clock, model = HandClock(), ModelStandIn(Fault("broken"))
    language = BreakingLanguage(model, CircuitBreaker("m", clock))
    await fail(language, FAILURES_TO_OPEN)
    clock.now += OPEN_SECONDS
    await fail(language, 1)
    with pytest.raises(EndpointUnavailable) as unavailable:
        await language.complete(PROMPT)
    assert unavailable.value.retry_after == 2 * OPEN_SECONDS


async def test_a_cancelled_probe_leaves_the_next_call_to_probe() -> None:
    clock, model = HandClock(), ModelStandIn(*[Fault("")] * FAILURES_TO_OPEN, None)
    language = BreakingLanguage(model, CircuitBreaker("m", clock))
    await fail(language, FAILURES_TO_OPEN)
    clock.now += OPEN_SECONDS
    probe = asyncio.create_task(language.complete(PROMPT))
    await model.asked.first(FAILURES_TO_OPEN + 1)
    probe.cancel()
    await asyncio.wait([probe])
    model.go_on.set()
    await language.complete(PROMPT)


@pytest.mark.parametrize("answer", [EndpointFault("busy", status=429), Invalid("too long")])
async def test_an_endpoint_that_is_busy_or_refuses_is_not_broken(answer: Exception) -> None:
    model = ModelStandIn(answer)
    language = BreakingLanguage(model, CircuitBreaker("m", HandClock()))
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(type(answer)):
            await language.complete(PROMPT)
    assert len(model.asked.items) == 2 * FAILURES_TO_OPEN
