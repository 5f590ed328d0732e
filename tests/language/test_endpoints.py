"""The shared limits of an endpoint, time limits, and retries of calls to it."""

import asyncio
from contextlib import aclosing

import pytest

from reyna.domain.errors import Fault, TimedOut
from reyna.language.circuit_breaker import FAILURES_TO_OPEN
from reyna.language.endpoints import Endpoints
from reyna.language.retries import RetryingLanguage
from reyna.language.timeouts import LanguageTimeouts, TimedLanguage
from reyna.ports.language import EndpointUnavailable, ModelEndpoint
from reyna.ports.streams import as_generator
from tests.language.stand_in import PROMPT, ModelStandIn

ENDPOINT = ModelEndpoint(url="http://model.example/v1", model="m")


async def test_all_models_at_an_endpoint_share_its_limit_and_wait_in_their_order() -> None:
    endpoints, model = Endpoints(parallel=2), ModelStandIn(None)
    order: list[int] = []

    async def ask(number: int) -> None:
        await endpoints.strengthen(model, ENDPOINT).complete(PROMPT)
        order.append(number)

    asking = [asyncio.create_task(ask(number)) for number in range(6)]
    await model.asked.first(2)
    await asyncio.wait(asking, timeout=0)
    assert len(model.asked.items) == 2
    model.go_on.set()
    await asyncio.gather(*asking)
    assert order == sorted(order)
    assert model.most_parallel == 2


async def test_what_one_key_runs_into_does_not_stop_another() -> None:
    endpoints, broken, sound = Endpoints(), ModelStandIn(Fault("broken")), ModelStandIn("Yes.")
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(Fault):
            await collect_first(endpoints, broken, "ana's")
    with pytest.raises(EndpointUnavailable):
        await collect_first(endpoints, sound, "ana's")
    await collect_first(endpoints, sound, "bo's")


async def collect_first(endpoints: Endpoints, model: ModelStandIn, key: str) -> None:
    """Streams, so that nothing is repeated after the first text."""
    endpoint = ModelEndpoint(url=ENDPOINT.url, key=key, model="m")
    async with aclosing(as_generator(endpoints.strengthen(model, endpoint).stream(PROMPT))) as pieces:
        async for _ in pieces:
            pass


async def test_a_stream_that_has_begun_is_not_repeated() -> None:
    model = ModelStandIn(Fault("cut"), "Yes.")
    found = []
    with pytest.raises(Fault, match="cut"):
        async for piece in RetryingLanguage(model, pauses=(0.0,)).stream(PROMPT):
            found.append(piece)  # noqa: PERF401 - what came before the cut counts
    assert found == ["first"]
    assert len(model.asked.items) == 1


async def test_a_closed_stream_gives_its_slot_back() -> None:
    endpoints, model = Endpoints(parallel=1), ModelStandIn("Yes.")
    async with aclosing(as_generator(endpoints.strengthen(model, ENDPOINT).stream(PROMPT))) as pieces:
        assert await anext(pieces) == "first"
    assert (await endpoints.strengthen(model, ENDPOINT).complete(PROMPT)).text == "Yes."


async def test_the_whole_of_a_stream_is_limited_too() -> None:
    limits = LanguageTimeouts(whole=0.05)
    with pytest.raises(TimedOut, match="did not finish"):
        async for _ in TimedLanguage(ModelStandIn(None), limits).stream(PROMPT):
            pass


async def test_a_call_that_failed_says_so_also_when_the_endpoint_is_left_alone_since() -> None:
    broken = ModelStandIn(Fault("broken"))
    endpoints = Endpoints(pauses=[0.001] * FAILURES_TO_OPEN, open_seconds=30.0)
    with pytest.raises(Fault, match="broken"):
        await endpoints.strengthen(broken, ENDPOINT).complete(PROMPT)
    assert len(broken.asked.items) == FAILURES_TO_OPEN
    with pytest.raises(EndpointUnavailable, match="30 s"):
        await endpoints.strengthen(broken, ENDPOINT).complete(PROMPT)
