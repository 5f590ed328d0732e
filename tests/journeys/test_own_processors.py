"""Processors of one's own, registered over REST as the documentation shows it."""

import asyncio
import re
from pathlib import Path
from typing import Any, Final

from tests.journeys.application import Application
from tests.journeys.people import Person, body_of

PAGE: Final = Path(__file__).parents[2] / "docs/how-to/write-a-processor.md"
OWN: Final[dict[str, Any]] = {
    "id": "own",
    "version": "1.0.0",
    "name": "Own",
    "input_schemas": ["text-input-v*"],
    "output_schema": "edited-text-v1",
}


def registration_snippet() -> str:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (snippet,) = [str(block) for block in blocks if 'studio.post("/processors"' in block]
    return snippet


async def test_a_schema_and_a_processor_of_my_own_are_registered_as_the_page_says(
    application: Application, ana: Person, bo: Person
) -> None:
    device = await ana.device()
    names = {"address": application.url_of("studio"), "token": ana.token}
    await asyncio.to_thread(exec, registration_snippet(), names)
    await device.wait_for("processor.registered", processor="cook")
    cook = await ana.get("/processors/cook")
    assert (cook["scope"], cook["output_schema"], cook["live_workers"]) == ("user", "recipe-v1", 0)
    assert (await bo.rest.get("/processors/cook")).status_code == 404
    note = await device.write_note("A pinch of salt and three eggs.")
    (run,) = (await ana.post("/runs", {"processor_id": "cook", "blob_ids": [note["id"]]}))["items"]
    assert (run["status"], run["processor_scope"]) == ("requested", "user")
    body_of(await ana.rest.delete("/processors/cook"))
    await device.wait_for("processor.removed", processor="cook")
    await device.wait_for("processor.cancelled", run_id=run["id"])


async def test_my_own_processor_starts_by_itself_until_it_is_switched_off(ana: Person, bo: Person) -> None:
    here, there = await ana.device(), await bo.device()
    for person in (ana, bo):
        await person.post("/processors", OWN)
    instance = await ana.post("/instances", {"processor_id": "own"})
    note, bos = await here.write_note("Something of mine."), await there.write_note("Something of his.")
    requested = await here.wait_for("processor.requested", blob_id=note["id"])
    assert requested["processor"] == "own"
    body_of(await ana.rest.patch(f"/instances/{instance['id']}", json={"enabled": False}))
    await here.wait_for("processor.cancelled", run_id=requested["run_id"])
    assert (await bo.get("/runs", blob_id=bos["id"]))["items"] == []


async def test_a_loop_of_my_own_is_refused_by_name(ana: Person) -> None:
    await ana.post("/processors", OWN)
    await ana.post(
        "/processors", OWN | {"id": "back", "input_schemas": ["edited-text-v1"], "output_schema": "text-input-v1"}
    )
    await ana.post("/instances", {"processor_id": "own"})
    answer = await ana.rest.post("/instances", json={"processor_id": "back"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "processor_loop")
    assert answer.json()["loop"] == ["back", "own", "back"]
    versions = await ana.get("/processors/own/versions")
    assert [version["version"] for version in versions["items"]] == ["1.0.0"]
