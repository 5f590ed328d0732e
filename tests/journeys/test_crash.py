"""Crashes and power cuts: everything that was acknowledged is there after the next start."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from reyna.embedded.tcp_ports import free_ports
from tests.journeys.application import Application, ApplicationProcess
from tests.journeys.concurrent_writers import AcknowledgedNotes, check_all_events_arrive, check_nothing_is_lost
from tests.journeys.conftest import Builder
from tests.journeys.people import TIMEOUT_SECONDS, ConnectionLost, Device, Person
from tests.journeys.test_doctor import doctor

DEVICES, NOTES, KILLED_AT = 5, 80, 100
EVENTS = "nats/jetstream/*/streams/EVENTS/msgs/*.blk"  # below the home: the files of the stream
CUT_OFF = 50_000  # bytes, about 60 events


async def open_devices(person: Person) -> list[Device]:
    return [await person.device() for _ in range(DEVICES)]


async def write_notes_on_all(writing: AcknowledgedNotes, devices: list[Device], when: str) -> None:
    names = [f"{when} device {number}" for number in range(len(devices))]
    await asyncio.gather(
        *(writing.write_notes(device, name, NOTES) for device, name in zip(devices, names, strict=True))
    )


async def test_kill_9_of_everything_loses_nothing_that_was_acknowledged(build_application: Builder) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    devices = await open_devices(ana)
    before = devices[0].hello["cursor"]
    writing = AcknowledgedNotes()
    work = asyncio.create_task(write_notes_on_all(writing, devices, "before"))
    await writing.wait_for_count(KILLED_AT)
    await application.kill()
    await work
    assert KILLED_AT <= len(writing.confirmed) < DEVICES * NOTES, "it was not killed in the middle"

    await application.start()
    await check_nothing_is_lost(ana, writing)
    back = await ana.device()
    await back.request("resume", cursor=before)
    await check_all_events_arrive(ana, back, await back.receive_until(lambda frame: frame["type"] == "resumed"))
    note = await back.write_note("and on it goes")
    await back.wait_for("blob.created", blob_id=note["id"])
    await ana.leave()


async def test_a_power_cut_that_takes_the_end_of_the_events_leaves_none_untold(
    build_application: Builder,
) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    devices = await open_devices(ana)
    before = devices[0].hello["cursor"]
    writing = AcknowledgedNotes()
    work = asyncio.create_task(write_notes_on_all(writing, devices, "before"))
    await writing.wait_for_count(KILLED_AT)
    await application.kill()
    await work
    latest = max((path for path in application.home.glob(EVENTS)), key=lambda path: int(path.stem))
    os.truncate(latest, latest.stat().st_size - CUT_OFF)

    await application.start()
    await check_nothing_is_lost(ana, writing)
    back = await ana.device()
    await back.request("resume", cursor=before)
    [*frames, answer] = await back.receive_until(lambda frame: frame["type"] in ("resumed", "reset"))
    assert answer["type"] == "reset" or frames, "it said that nothing was missed"
    await check_every_blob_has_its_events(ana)
    assert "EVENTS has lost nothing" in (await doctor(application))[1]
    await ana.leave()


async def check_every_blob_has_its_events(person: Person) -> None:
    """As `GET /events` tells them: each revision once."""
    stored = {blob["id"]: blob["revision"] for blob in await person.all("/blobs")}
    delivered = Counter[str]()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while delivered != stored:
            events = {event["id"]: event for event in await person.all("/events", type="blob.*")}
            delivered = Counter(event["data"]["blob_id"] for event in events.values())


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_kill_9_of_the_state_service_loses_nothing_and_every_line_goes_on(
    application: Application, ana: Person
) -> None:
    devices, listener = await open_devices(ana), await ana.device()
    writing = AcknowledgedNotes()
    work = asyncio.create_task(write_notes_on_all(writing, devices, "before"))
    await writing.wait_for_count(KILLED_AT)
    application.processes["state"].send(signal.SIGKILL)
    await application.processes["state"].wait()
    assert len(writing.confirmed) < DEVICES * NOTES, "it was not killed in the middle"
    await application.processes["state"].start()  # in time for some of the requests, which are repeated
    await work

    await check_nothing_is_lost(ana, writing)
    await check_all_events_arrive(ana, listener, [])
    note = await devices[0].write_note("and on it goes")
    await listener.wait_for("blob.created", blob_id=note["id"])


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_kill_9_of_the_studio_loses_nothing_and_devices_catch_up(application: Application, ana: Person) -> None:
    devices = await open_devices(ana)
    before = devices[0].hello["cursor"]
    writing = AcknowledgedNotes()
    work = asyncio.create_task(write_notes_on_all(writing, devices, "before"))
    await writing.wait_for_count(KILLED_AT)
    application.processes["studio"].send(signal.SIGKILL)
    await application.processes["studio"].wait()
    await work
    with pytest.raises(ConnectionLost):
        await devices[0].request("ping")

    await application.processes["studio"].start()
    await check_nothing_is_lost(ana, writing)
    back = await ana.device()
    await back.request("resume", cursor=before)
    await check_all_events_arrive(ana, back, await back.receive_until(lambda frame: frame["type"] == "resumed"))


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_kill_9_of_one_of_two_copies_fails_no_call_and_makes_nothing_twice(
    application: Application, ana: Person, tmp_path: Path
) -> None:
    second = ApplicationProcess(
        "state", application.processes["state"].command, environment_of_copy(application.environment), tmp_path
    )
    await second.start()
    try:
        devices = await open_devices(ana)
        writing = AcknowledgedNotes()
        work = asyncio.create_task(write_notes_on_all(writing, devices, "before"))
        await writing.wait_for_count(KILLED_AT)
        application.processes["state"].send(signal.SIGKILL)
        await application.processes["state"].wait()
        await work
        assert len(writing.confirmed) == DEVICES * NOTES, "a call has failed"
        stored = await ana.all("/blobs")
        assert len({blob["data"]["content"] for blob in stored}) == len(stored) == DEVICES * NOTES
        await application.processes["state"].start()
    finally:
        second.send(signal.SIGTERM)
        await second.wait()


def environment_of_copy(environment: Mapping[str, str]) -> dict[str, str]:
    """For another copy of the state service on the same machine."""
    return {**environment, "REYNA_STATE_PORT": str(free_ports(1)[0])}
