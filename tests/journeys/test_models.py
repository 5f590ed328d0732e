"""A language model of a user: their runs ask it with their key, which nothing else ever shows."""

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest

from reyna.app.addresses import running_addresses
from tests.journeys.application import Application
from tests.journeys.people import Device, Frame, Person
from tests.support.language_endpoint import Endpoint, streams

KEY: Final = "sk-of-ana-9b1c7e52d4f84a0b-x7qa"
NOTE: Final = "The old lighthouse keeper climbed the winding stairs and lit the lamp."
PIECES: Final = ("The old lighthouse keeper ", "climbed the winding stairs, ", "and lit the lamp with care.")
TABLES: Final = "select schemaname, tablename from pg_tables where schemaname in ('processors', 'state', 'studio')"


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.answers = [streams(*PIECES)]
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


async def end_of(device: Device, run: dict[str, Any]) -> Frame:
    """Returns the last event of the run, however it ends."""
    ends = {f"processor.{end}" for end in ("completed", "refused", "failed", "cancelled")}
    frames = await device.receive_until(lambda frame: frame["type"] in ends and frame["run_id"] == run["id"])
    return frames[-1]


async def tables_with(text: str, url: str) -> list[str]:
    """Returns the tables of the database that hold this text anywhere."""
    connection = await asyncpg.connect(url)
    try:
        found = []
        for schema, table in await connection.fetch(TABLES):
            holds = f'select exists (select from "{schema}"."{table}" t where strpos(t::text, $1) > 0)'  # noqa: S608
            if await connection.fetchval(holds, text):
                found.append(str(table))
        return found
    finally:
        await connection.close()


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_a_run_asks_the_model_of_its_user_whose_key_is_seen_nowhere(
    application: Application, ana: Person, endpoint: Endpoint
) -> None:
    device = await ana.device()
    new = {"name": "Mine", "provider": "openai", "url": endpoint.url, "key": KEY, "model": "big-1"}
    model = await ana.post("/models", new)
    assert model["key_hint"] == KEY[-4:]
    note = await ana.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": NOTE}})
    request = {"processor_id": "text-expansion", "blob_ids": [note["id"]], "model": model["id"]}
    (run,) = (await ana.post("/runs", request))["items"]
    await end_of(device, run)
    assert set(endpoint.keys) == {KEY}
    assert {sent["model"] for sent in endpoint.requests} == {"big-1"}

    secret = KEY[:-4]
    answers = [await ana.get(path) for path in ("/models", "/runs", f"/runs/{run['id']}", "/events?limit=200")]
    assert secret not in repr([model, answers])
    addresses = running_addresses(application.home)
    assert addresses is not None
    assert await tables_with(model["id"], addresses.postgres_url)
    assert await tables_with(secret, addresses.postgres_url) == []
    assert await tables_with(secret.encode().hex(), addresses.postgres_url) == []
    assert secret not in application.processes["up"].log.read_text()


@pytest.mark.parametrize("application", ["in_one_process"], indirect=True)
async def test_a_wrong_address_says_so_in_words(ana: Person) -> None:
    new = {"name": "Gone", "provider": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}
    model = await ana.post("/models", new)
    check = await ana.post(f"/models/{model['id']}/test")
    assert (check["works"], "cannot be reached" in check["detail"]) == (False, True)
    refused = await ana.rest.post("/models", json=new | {"url": "http://169.254.169.254/latest"})
    assert refused.status_code == 422
