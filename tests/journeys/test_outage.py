"""NATS goes away in the middle of the work and comes back: nothing is lost, and everything is told.

Four houses go through it at the same time, once for all tests here. Of three the nats-server is stopped; of one it is
frozen, so that its connections stay open and nothing answers.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres
from tests.journeys.conftest import NO_MODEL, around, standing
from tests.journeys.house import SERVICES, House
from tests.journeys.people import Device, Person, rest
from tests.journeys.writing import Writing, check_all_is_told, check_nothing_is_lost
from tests.mongodb import lent_database

OUTAGE: Final = 20.0  # seconds
DEVICES, NOTES, AWAY_AT = 3, 60, 20
STORIES: Final = ("one process, stopped", "four processes, stopped", "one process, frozen", "over MongoDB, stopped")
Act = Callable[[Nats], Awaitable[None]]


class Story:
    """What came of an outage in one house."""

    def __init__(self, person: Person, listener: Device) -> None:
        self.person, self.listener = person, listener
        self.writing = Writing()
        self.while_away = 0  # notes that were acknowledged during the outage
        self.readiness: list[tuple[int, Any]] = []  # what each door answered to /readyz during the outage


async def stop(nats: Nats) -> None:
    await nats.stop()


async def start(nats: Nats) -> None:
    await nats.start()


async def freeze(nats: Nats) -> None:
    assert nats.child.pid
    os.kill(nats.child.pid, signal.SIGSTOP)


async def thaw(nats: Nats) -> None:
    assert nats.child.pid
    os.kill(nats.child.pid, signal.SIGCONT)


async def go_through(house: House, away: Act, back: Act) -> Story:
    """Write, lose NATS for a while, have it back, write again."""
    assert house.nats
    person = await house.person("ana")
    story = Story(person, await person.device())
    devices = [await person.device() for _ in range(DEVICES)]
    work = asyncio.create_task(write(story.writing, devices, "before"))
    await story.writing.has_reached(AWAY_AT)
    await away(house.nats)
    acknowledged = len(story.writing.confirmed)
    await asyncio.sleep(OUTAGE)
    for service in SERVICES:
        async with rest(house.door(service)) as door:
            answer = await door.get("/readyz")
            story.readiness.append((answer.status_code, answer.json()))
    story.while_away = len(story.writing.confirmed) - acknowledged
    await back(house.nats)
    await work
    return story


async def write(writing: Writing, devices: list[Device], when: str) -> None:
    await asyncio.gather(
        *(writing.go_on(device, f"{when} device {number}", NOTES) for number, device in enumerate(devices))
    )


@asynccontextmanager
async def on_foreign_nats(folder: Path, postgres: Postgres, **more: str) -> AsyncIterator[House]:
    """`reyna up` on a nats-server that it did not start, and therefore does not start again."""
    nats = Nats(Home(folder / "nats"))
    await nats.start()
    try:
        async with standing(House(folder, await around(postgres, nats) | NO_MODEL | more)) as house:
            house.nats = nats
            yield house
    finally:
        await nats.stop()


@pytest.fixture(scope="module")
async def stories(
    postgres_server: Postgres,
    mongo_server: str,
    four_processes_house: House,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[str, Story]]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(lent_database(mongo_server))
        one, other, on_mongo = [
            await stack.enter_async_context(on_foreign_nats(tmp_path_factory.mktemp("away"), postgres_server, **more))
            for more in ({}, {}, {"REYNA_STATE_URL": url})
        ]
        told = await asyncio.gather(
            go_through(one, stop, start),
            go_through(four_processes_house, stop, start),
            go_through(other, freeze, thaw),
            go_through(on_mongo, stop, start),
        )
        for story in told:
            stack.push_async_callback(story.person.leave)
        yield dict(zip(STORIES, told, strict=True))


@pytest.fixture(params=STORIES)
def story(request: pytest.FixtureRequest, stories: dict[str, Story]) -> Story:
    return stories[request.param]


@pytest.mark.parametrize(
    "story", ["one process, stopped", "one process, frozen", "over MongoDB, stopped"], indirect=True
)
async def test_my_notes_are_acknowledged_while_nats_is_away(story: Story) -> None:
    assert story.while_away > 0
    assert len(story.writing.confirmed) == DEVICES * NOTES


async def test_every_service_says_that_nats_is_away(story: Story) -> None:
    for status, readiness in story.readiness:
        assert (status, readiness["ready"], readiness["dependencies"]["store"]) == (503, False, "up")
        assert readiness["dependencies"]["nats"] != "up"


async def test_no_note_that_was_acknowledged_is_lost(story: Story) -> None:
    await check_nothing_is_lost(story.person, story.writing)


async def test_a_device_that_stayed_is_told_everything_in_order(story: Story) -> None:
    await check_all_is_told(story.person, story.listener, [])


async def test_a_device_that_comes_later_catches_up_with_everything_in_order(story: Story) -> None:
    later = await story.person.device()
    await later.ask("resume", cursor=story.listener.hello["cursor"])
    await check_all_is_told(story.person, later, await later.until(lambda frame: frame["type"] == "resumed"))


async def test_work_goes_on_afterwards(story: Story) -> None:
    device = await story.person.device()
    note = await device.write("and on it goes")
    await device.hears("blob.created", blob_id=note["id"])
