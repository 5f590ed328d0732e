"""`reyna schema` beside a running application: over the bus as the system, and over REST with an API key of ana."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.journeys.application import Application
from tests.journeys.people import TIMEOUT_SECONDS, Person

Says = Callable[..., Awaitable[tuple[int, str]]]
CLOSED: Final = {"type": "object", "properties": {"dish": {"type": "string"}}, "additionalProperties": False}
WIDER: Final = CLOSED | {"properties": {"dish": {"type": "string"}, "author": {"type": "string"}}}
NARROWER: Final = WIDER | {"required": ["dish"]}
_numbers = count(1)


@pytest.fixture(params=["over the bus", "with a key"])
def reyna(request: pytest.FixtureRequest, application: Application, ana: Person) -> Says:
    """Run a command as a process of its own; gives its exit code and all that it said."""
    way = ["--url", application.address, "--token", ana.token] if request.param == "with a key" else []

    async def say(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reyna", "schema", *words, *way),
            env=application.environment,
            cwd=application.folder,
            stdout=PIPE,
            stderr=STDOUT,
        )
        async with asyncio.timeout(TIMEOUT_SECONDS):
            output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    return say


def a_file(folder: Path, name: str, content: Any) -> str:
    path = folder / f"{name}.json"
    path.write_bytes(msgspec.json.encode(content))
    return str(path)


@pytest.mark.parametrize("application", ["in_four_processes"], indirect=True)
async def test_a_schema_goes_through_its_life_at_the_command_line(reyna: Says, tmp_path: Path) -> None:
    name = f"menu-{next(_numbers)}"
    first, wider, narrower = (
        a_file(tmp_path, each, {"name": name, "json_schema": json_schema})
        for each, json_schema in (("first", CLOSED), ("wider", WIDER), ("narrower", NARROWER))
    )
    assert await reyna("push", first) == (0, f"{name}-v1 1.0.0\n")
    assert await reyna("push", first) == (0, f"{name}-v1 1.0.0\n")
    code, output = await reyna("check", wider)
    assert (code, f"minor, would be {name}-v1 1.1.0" in output) == (0, True), output
    assert await reyna("push", wider) == (0, f"{name}-v1 1.1.0\n")
    code, output = await reyna("check", narrower)
    assert (code, "incompatible (backward): major" in output) == (1, True), output
    steps = a_file(tmp_path, "steps", [{"do": "set", "path": "/dish", "value": "soup"}])
    assert (await reyna("check", narrower, "--upgrade", steps))[0] == 0
    assert await reyna("push", narrower, "--upgrade", steps) == (0, f"{name}-v2 2.0.0\n")
    code, output = await reyna("list")
    assert (code, f"{name}-v1" in output, f"{name}-v2" in output) == (0, True, True)
    code, output = await reyna("show", f"{name}-v1@1.0.0")
    assert (code, msgspec.json.decode(output)) == (0, CLOSED)
    code, output = await reyna("diff", f"{name}-v1@1.0.0", f"{name}-v1@1.1.0")
    assert (code, "breaks forward" in output) == (0, True)
    assert (await reyna("diff", f"{name}-v1@1.1.0", f"{name}-v2"))[0] == 1
    assert (await reyna("validate", f"{name}-v2", a_file(tmp_path, "right", {"dish": "soup"})))[0] == 0
    code, output = await reyna("validate", f"{name}-v2", a_file(tmp_path, "wrong", {"dish": 3}))
    assert (code, "/dish" in output) == (1, True)
    code, output = await reyna("show", "nothing-v1")
    assert (code, output) == (1, "reyna: There is no schema nothing-v1.\n")


async def test_what_i_write_is_counted_as_my_use_of_a_schema(application: Application, ana: Person, bo: Person) -> None:
    note = {"schema_id": "text-input-v1", "data": {"content": "The ship."}}
    for _ in range(3):
        await ana.post("/blobs", note)
    refused = await ana.rest.post("/blobs", json=note | {"data": {"content": 3}})
    assert refused.status_code == 422
    await ana.post("/schemas/text-input-v1/validate", {"data": {"content": "x"}})
    wanted = {"validations": 5, "failures": 1, "rules": {"type": 1}, "blobs": 3}
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (totals := (await ana.get("/schemas/text-input-v1/usage"))["totals"]) != wanted:
            assert totals["validations"] <= 5  # counts come in batches, every few seconds
    assert (await bo.get("/schemas/text-input-v1/usage"))["days"] == []
