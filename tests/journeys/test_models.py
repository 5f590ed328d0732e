"""A language model of a user: their runs ask it with their key, which nothing else ever shows."""

from collections.abc import AsyncIterator
from typing import Any, Final

import asyncpg
import pytest

from reyna.app.addresses import running_addresses
from tests.journeys.application import Application
from tests.journeys.conftest import Builder
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


@pytest.fixture
async def own_application(build_application: Builder) -> Application:
    application = build_application()
    await application.start()
    return application


@pytest.fixture
async def writer(own_application: Application) -> AsyncIterator[Person]:
    person = await own_application.person("ana")
    yield person
    await person.leave()


async def end_of(device: Device, run: dict[str, Any]) -> Frame:
    """Returns the last event of the run, however it ends."""
    ends = {f"processor.{end}" for end in ("completed", "refused", "failed", "cancelled")}
    frames = await device.receive_until(lambda frame: frame["type"] in ends and frame["run_id"] == run["id"])
    return frames[-1]


async def stored_text(url: str) -> str:
    """Returns all that the database holds, as text."""
    connection = await asyncpg.connect(url)
    try:
        rows = []
        for schema, table in await connection.fetch(TABLES):
            rows += await connection.fetch(f'select t::text from "{schema}"."{table}" t')  # noqa: S608 - our tables
        return "\n".join(row[0] for row in rows)
    finally:
        await connection.close()


async def test_a_run_asks_the_model_of_its_user_whose_key_is_seen_nowhere(
    own_application: Application, writer: Person, endpoint: Endpoint
) -> None:
    device = await writer.device()
    new = {"name": "Mine", "provider": "openai", "url": endpoint.url, "key": KEY, "model": "big-1"}
    model = await writer.post("/models", new)
    assert model["key_hint"] == KEY[-4:]
    note = await writer.post("/blobs", {"schema_id": "text-input-v1", "data": {"content": NOTE}})
    request = {"processor_id": "text-expansion", "blob_ids": [note["id"]], "model": model["id"]}
    (run,) = (await writer.post("/runs", request))["items"]
    await end_of(device, run)
    assert set(endpoint.keys) == {KEY}
    assert {sent["model"] for sent in endpoint.requests} == {"big-1"}

    secret = KEY[:-4]
    answers = [await writer.get(path) for path in ("/models", "/runs", f"/runs/{run['id']}", "/events?limit=200")]
    assert secret not in repr([model, answers])
    addresses = running_addresses(own_application.home)
    assert addresses is not None
    database = await stored_text(addresses.postgres_url)
    assert model["id"] in database
    assert secret not in database
    assert secret.encode().hex() not in database
    assert secret not in own_application.processes["up"].log.read_text()


async def test_a_wrong_address_says_so_in_words(writer: Person) -> None:
    new = {"name": "Gone", "provider": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}
    model = await writer.post("/models", new)
    check = await writer.post(f"/models/{model['id']}/test")
    assert (check["works"], "cannot be reached" in check["detail"]) == (False, True)
    refused = await writer.rest.post("/models", json=new | {"url": "http://169.254.169.254/latest"})
    assert refused.status_code == 422
