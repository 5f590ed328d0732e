"""Outages of NATS in the middle of the work: nothing is lost, and every event is delivered afterwards.

Four applications go through it at the same time, once for all tests here. The nats-server of three is stopped; that of
one is frozen, so that its connections stay open and nothing answers.
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
from tests.journeys.application import SERVICES, Application
from tests.journeys.concurrent_writers import AcknowledgedNotes, check_all_events_arrive, check_nothing_is_lost
from tests.journeys.conftest import NO_MODEL, running_application, server_settings
from tests.journeys.people import Device, Person, rest
from tests.support.mongodb import temporary_database

OUTAGE: Final = 20.0  # seconds
DEVICES, NOTES, AWAY_AT = 3, 60, 20
STORIES: Final = ("one process, stopped", "four processes, stopped", "one process, frozen", "over MongoDB, stopped")
Act = Callable[[Nats], Awaitable[None]]


class Story:
    """What came of an outage in one application."""

    def __init__(self, person: Person, listener: Device) -> None:
        self.person, self.listener = person, listener
        self.writing = AcknowledgedNotes()
        self.while_away = 0  # notes that were acknowledged during the outage
        self.readiness: list[tuple[int, Any]] = []  # what each service answered to /readyz during the outage


async def stop(nats: Nats) -> None:
    await nats.stop()


async def start(nats: Nats) -> None:
    await nats.start()


async def freeze(nats: Nats) -> None:
    assert nats.process.pid
    os.kill(nats.process.pid, signal.SIGSTOP)


async def thaw(nats: Nats) -> None:
    assert nats.process.pid
    os.kill(nats.process.pid, signal.SIGCONT)


async def go_through(application: Application, away: Act, back: Act) -> Story:
    """Write, lose NATS for a while, have it back, write again."""
    assert application.nats
    person = await application.person("ana")
    story = Story(person, await person.device())
    devices = [await person.device() for _ in range(DEVICES)]
    work = asyncio.create_task(write(story.writing, devices, "before"))
    await story.writing.wait_for_count(AWAY_AT)
    await away(application.nats)
    acknowledged = len(story.writing.confirmed)
    await asyncio.sleep(OUTAGE)
    for service in SERVICES:
        async with rest(application.url_of(service)) as client:
            answer = await client.get("/readyz")
            story.readiness.append((answer.status_code, answer.json()))
    story.while_away = len(story.writing.confirmed) - acknowledged
    await back(application.nats)
    await work
    return story


async def write(writing: AcknowledgedNotes, devices: list[Device], when: str) -> None:
    await asyncio.gather(
        *(writing.write_notes(device, f"{when} device {number}", NOTES) for number, device in enumerate(devices))
    )


@asynccontextmanager
async def on_foreign_nats(folder: Path, postgres: Postgres, **more: str) -> AsyncIterator[Application]:
    """`reyna up` on a nats-server that it did not start, and therefore does not start again."""
    nats = Nats(Home(folder / "nats"))
    await nats.start()
    try:
        async with running_application(
            Application(folder, await server_settings(postgres, nats) | NO_MODEL | more)
        ) as application:
            application.nats = nats
            yield application
    finally:
        await nats.stop()


@pytest.fixture(scope="module")
async def stories(
    postgres_server: Postgres,
    mongo_server: str,
    application_in_four_processes: Application,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[dict[str, Story]]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(temporary_database(mongo_server))
        one, other, on_mongo = [
            await stack.enter_async_context(on_foreign_nats(tmp_path_factory.mktemp("away"), postgres_server, **more))
            for more in ({}, {}, {"REYNA_STATE_URL": url})
        ]
        stories_told = await asyncio.gather(
            go_through(one, stop, start),
            go_through(application_in_four_processes, stop, start),
            go_through(other, freeze, thaw),
            go_through(on_mongo, stop, start),
        )
        for story in stories_told:
            stack.push_async_callback(story.person.leave)
        yield dict(zip(STORIES, stories_told, strict=True))


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
    await check_all_events_arrive(story.person, story.listener, [])


async def test_a_device_that_comes_later_catches_up_with_everything_in_order(story: Story) -> None:
    later = await story.person.device()
    await later.request("resume", cursor=story.listener.hello["cursor"])
    await check_all_events_arrive(
        story.person, later, await later.receive_until(lambda frame: frame["type"] == "resumed")
    )


async def test_work_goes_on_afterwards(story: Story) -> None:
    device = await story.person.device()
    note = await device.write_note("and on it goes")
    await device.wait_for("blob.created", blob_id=note["id"])
