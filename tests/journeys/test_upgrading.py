"""Upgrades: content follows its schema to a new major version, whichever process is killed meanwhile."""

import asyncio
import signal
from typing import Any, Final

import pytest

from tests.journeys.application import Application
from tests.journeys.conftest import Builder
from tests.journeys.people import Frame, Person, body_of

LETTERS: Final = 1_500
TOGETHER: Final = 500  # created in one request
MAJORS: Final[tuple[dict[str, Any], ...]] = (
    {"type": "object", "required": ["text"]},
    {"type": "object", "required": ["body"], "not": {"required": ["text"]}},
)


async def letters(ana: Person, count: int) -> tuple[str, list[str]]:
    """A schema of hers in two majors, and letters in the first; the name of the one and the ids of the others."""
    name = f"letter-{ana.id[-6:]}"
    for json_schema in MAJORS:
        await ana.post("/schemas", {"name": name, "json_schema": json_schema})
    rename = {"steps": [{"do": "rename", "path": "/text", "to": "body"}]}
    body_of(await ana.rest.put(f"/schemas/{name}-v2/upgrade", json=rename))
    ids: list[str] = []
    for start in range(0, count, TOGETHER):
        new = [
            {"action": "create_blob", "schema_id": f"{name}-v1", "data": {"text": f"Letter {number}"}}
            for number in range(start, min(start + TOGETHER, count))
        ]
        made = await ana.post("/bulk", {"atomic": True, "operations": new})
        ids += [outcome["result"]["blob"]["id"] for outcome in made["results"]]
    return name, ids


async def check_each_is_upgraded_once(ana: Person, name: str, ids: list[str]) -> None:
    blobs = {blob["id"]: blob for blob in await ana.all("/blobs", schema_id=f"{name}-v2")}
    assert blobs.keys() == {*ids}
    assert {blob["revision"] for blob in blobs.values()} == {2}
    assert [blobs[id]["data"] for id in ids] == [{"body": f"Letter {number}"} for number in range(len(ids))]
    before = await ana.get(f"/blobs/{ids[0]}/revisions/1")
    assert (before["data"], before["schema_id"]) == ({"text": "Letter 0"}, f"{name}-v1")


def is_under_way(frame: Frame) -> bool:
    return bool(frame["type"] == "upgrade.progress" and 0 < frame["done"] < LETTERS)


async def test_kill_9_in_the_middle_of_an_upgrade_leaves_no_letter_behind_and_does_none_twice(
    build_application: Builder,
) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    name, ids = await letters(ana, LETTERS)
    device = await ana.device()
    task = await ana.post("/upgrades", {"from": f"{name}-v1", "to": f"{name}-v2"})
    assert (task["status"], task["total"]) == ("requested", LETTERS)
    await device.receive_until(is_under_way)
    await application.kill()

    await application.start()
    back = await ana.device()
    assert (await ana.get(f"/upgrades/{task['id']}"))["status"] == "running", "it was not killed in the middle"
    done = await back.wait_for("upgrade.completed", upgrade_id=task["id"])
    assert (done["total"], done["done"], done["failed"]) == (LETTERS, LETTERS, 0)
    await check_each_is_upgraded_once(ana, name, ids)
    await ana.leave()


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_an_upgrade_goes_on_when_the_state_service_is_killed_and_comes_back(
    application: Application, ana: Person
) -> None:
    name, ids = await letters(ana, LETTERS)
    device = await ana.device()
    task = await ana.post("/upgrades", {"from": f"{name}-v1", "to": f"{name}-v2"})
    await device.receive_until(is_under_way)
    application.processes["state"].send(signal.SIGKILL)
    await application.processes["state"].wait()
    await application.processes["state"].start()
    await device.wait_for("upgrade.completed", upgrade_id=task["id"])
    await check_each_is_upgraded_once(ana, name, ids)


async def test_a_letter_is_upgraded_as_it_is_read_by_two_devices_at_once(application: Application, ana: Person) -> None:
    name, (id,) = await letters(ana, 1)
    device = await ana.device()
    read = await asyncio.gather(*(ana.get(f"/blobs/{id}", schema_version=2) for _ in range(6)))
    assert {(blob["revision"], blob["schema_id"], blob["data"]["body"]) for blob in read} == {
        (2, f"{name}-v2", "Letter 0")
    }
    await device.wait_for("blob.updated", blob_id=id, revision=2, schema_id=f"{name}-v2", cause="upgrade")
