"""The client of the sources is polite and patient, and goes nowhere else than it was told to."""

import httpx
import pytest

from reyna.library.research_assistant.sources.adapter import SourceFault, SourceSearch
from reyna.library.research_assistant.sources.client import MAX_ANSWER_BYTES
from tests.library.research_assistant.sources.recorded import RecordedNetwork, Respond, recorded, unreachable

SEARCH = SourceSearch(words=("tides",), limit=5)
WIKIPEDIA = "en.wikipedia.org"


def in_turn(*responses: httpx.Response) -> Respond:
    waiting = list(responses)
    return lambda request: waiting.pop(0)


def found() -> httpx.Response:
    return httpx.Response(200, content=recorded("wikipedia.json"))


async def reason_of(respond: Respond, network: RecordedNetwork | None = None) -> str:
    network = network or RecordedNetwork(responses={WIKIPEDIA: respond})
    with pytest.raises(SourceFault) as fault:
        await network.sources.find("wikipedia", SEARCH)
    return fault.value.reason


async def test_it_says_who_it_is() -> None:
    network = RecordedNetwork()
    await network.sources.find("wikipedia", SEARCH)
    agent = network.requests[0].headers["user-agent"]
    assert agent.startswith("ReYNaStudio/")
    assert "mailto:ana@example.org" in agent


async def test_two_searches_keep_the_pause_that_a_service_asks_for() -> None:
    network = RecordedNetwork()
    await network.sources.find("arxiv", SEARCH)
    await network.sources.find("arxiv", SEARCH)
    await network.sources.find("crossref", SEARCH)
    assert network.pauses == [3.0]


async def test_a_busy_service_is_asked_again_after_the_time_that_it_names() -> None:
    busy = httpx.Response(429, headers={"retry-after": "7"})
    network = RecordedNetwork(responses={WIKIPEDIA: in_turn(busy, found())})
    assert len(await network.sources.find("wikipedia", SEARCH)) == 3
    assert 7.0 in network.pauses


async def test_a_service_that_wants_an_hour_is_given_up_at_once() -> None:
    busy = httpx.Response(503, headers={"retry-after": "3600"})
    assert await reason_of(in_turn(busy)) == "Wikipedia is busy or out of order (503)."


async def test_without_a_network_it_says_so_after_some_attempts() -> None:
    network = RecordedNetwork(responses={WIKIPEDIA: unreachable})
    assert await reason_of(unreachable, network) == "Wikipedia could not be reached."
    assert len(network.requests) == 3


async def test_a_refusal_is_final() -> None:
    network = RecordedNetwork(responses={WIKIPEDIA: lambda request: httpx.Response(403)})
    assert (await reason_of(unreachable, network)).startswith("Wikipedia refused the request (403).")
    assert len(network.requests) == 1


@pytest.mark.parametrize("location", ["http://169.254.169.254/latest/", "http://127.0.0.1:8011/", "https://evil.test/"])
async def test_a_redirect_to_another_address_is_not_followed(location: str) -> None:
    network = RecordedNetwork(
        responses={WIKIPEDIA: lambda request: httpx.Response(302, headers={"location": location})}
    )
    assert await reason_of(unreachable, network) == "Wikipedia leads to another address, which is not followed."
    assert network.hosts() == [WIKIPEDIA]


async def test_a_redirect_at_the_same_address_is_followed_for_a_while() -> None:
    moved = httpx.Response(301, headers={"location": "/w/api2.php"})
    network = RecordedNetwork(responses={WIKIPEDIA: in_turn(moved, found())})
    assert len(await network.sources.find("wikipedia", SEARCH)) == 3
    assert await reason_of(lambda request: httpx.Response(301, headers={"location": "/w/again.php"})) == (
        "Wikipedia leads from address to address."
    )


async def test_an_answer_without_end_is_not_read() -> None:
    endless = httpx.Response(200, content=b" " * (MAX_ANSWER_BYTES + 1))
    assert await reason_of(lambda request: endless) == "Wikipedia answered more than can be read."
