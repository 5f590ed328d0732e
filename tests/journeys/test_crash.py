"""Killed in the middle of its work, the house has everything that it has acknowledged."""

import asyncio
import signal

import pytest

from tests.journeys.conftest import Builds
from tests.journeys.house import House
from tests.journeys.people import Device, Lost, Person
from tests.journeys.writing import Writing, check_all_is_told, check_nothing_is_lost

DEVICES, NOTES, KILLED_AT = 5, 40, 100


async def lines(person: Person) -> list[Device]:
    return [await person.device() for _ in range(DEVICES)]


async def write(writing: Writing, devices: list[Device], when: str) -> None:
    names = [f"{when} device {number}" for number in range(len(devices))]
    await asyncio.gather(*(writing.go_on(device, name, NOTES) for device, name in zip(devices, names, strict=True)))


async def test_kill_9_of_everything_loses_nothing_that_was_acknowledged(built: Builds) -> None:
    house = built()
    await house.start()
    ana = await house.person("ana")
    devices = await lines(ana)
    before = devices[0].hello["cursor"]
    writing = Writing()
    work = asyncio.create_task(write(writing, devices, "before"))
    await writing.has_reached(KILLED_AT)
    await house.kill()
    await work
    assert KILLED_AT <= len(writing.confirmed) < DEVICES * NOTES, "it was not killed in the middle"

    await house.start()
    await check_nothing_is_lost(ana, writing)
    back = await ana.device()
    await back.ask("resume", cursor=before)
    await check_all_is_told(ana, back, await back.until(lambda frame: frame["type"] == "resumed"))
    note = await back.write("and on it goes")
    await back.hears("blob.created", blob_id=note["id"])
    await ana.leave()


@pytest.mark.parametrize("house", ["four_processes"], indirect=True)
async def test_kill_9_of_the_state_service_loses_nothing_and_every_line_goes_on(house: House, ana: Person) -> None:
    devices, listener = await lines(ana), await ana.device()
    writing = Writing()
    work = asyncio.create_task(write(writing, devices, "before"))
    await writing.has_reached(KILLED_AT)
    house.parts["state"].send(signal.SIGKILL)
    await house.parts["state"].ended()
    await house.parts["state"].start()
    await work
    assert KILLED_AT <= len(writing.confirmed) < DEVICES * NOTES, "it was not killed in the middle"

    await check_nothing_is_lost(ana, writing)
    await check_all_is_told(ana, listener, [])
    note = await devices[0].write("and on it goes")
    await listener.hears("blob.created", blob_id=note["id"])


@pytest.mark.parametrize("house", ["four_processes"], indirect=True)
async def test_kill_9_of_the_studio_loses_nothing_and_devices_catch_up(house: House, ana: Person) -> None:
    devices = await lines(ana)
    before = devices[0].hello["cursor"]
    writing = Writing()
    work = asyncio.create_task(write(writing, devices, "before"))
    await writing.has_reached(KILLED_AT)
    house.parts["studio"].send(signal.SIGKILL)
    await house.parts["studio"].ended()
    await work
    with pytest.raises(Lost):
        await devices[0].ask("ping")

    await house.parts["studio"].start()
    await check_nothing_is_lost(ana, writing)
    back = await ana.device()
    await back.ask("resume", cursor=before)
    await check_all_is_told(ana, back, await back.until(lambda frame: frame["type"] == "resumed"))
