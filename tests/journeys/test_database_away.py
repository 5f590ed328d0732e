"""PostgreSQL goes away and comes back: every service answers 503 with Retry-After, and the log has one line."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres
from tests.journeys.application import Application
from tests.journeys.conftest import NO_MODEL, running_application, server_settings
from tests.journeys.people import NOTE, rest

LISTS = {"schemas": "/schemas", "state": "/blobs", "processors": "/instances"}


@pytest.fixture
async def postgres(tmp_path: Path, prepared_home: Path) -> AsyncIterator[Postgres]:
    server = Postgres(Home(Path(shutil.copytree(prepared_home, tmp_path / "postgres"))))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def application(tmp_path: Path, postgres: Postgres) -> AsyncIterator[Application]:
    nats = Nats(Home(tmp_path / "nats"))
    await nats.start()
    try:
        environment = await server_settings(postgres, nats) | NO_MODEL
        async with running_application(Application(tmp_path, environment)) as application:
            yield application
    finally:
        await nats.stop()


def says_when_to_try_again(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == "unavailable"


async def test_an_absence_is_503_on_every_door_and_one_line_in_the_log(
    application: Application, postgres: Postgres
) -> None:
    ana = await application.person("ana")
    device = await ana.device()
    await device.write_note("The ship sailed.")
    await postgres.stop()
    new = {"schema_id": NOTE, "data": {"content": "The ship sailed on."}}
    for _ in range(5):
        says_when_to_try_again(await ana.rest.post("/blobs", json=new))
        says_when_to_try_again(await ana.rest.get("/blobs"))
        for service, path in LISTS.items():
            async with rest(application.url_of(service), ana.token) as client:
                says_when_to_try_again(await client.get(path))
        answer = await device.request("create_blob", **new)
        assert (answer["type"], answer["code"], answer["reason"]) == ("error", "fault", "unavailable")
    async with rest(application.address) as anybody:
        answer_ready = await anybody.get("/readyz")
        assert answer_ready.status_code == 503
        assert answer_ready.json()["dependencies"]["store"] != "up"
        assert (await anybody.get("/healthz")).status_code == 200

    await postgres.start()
    note = await ana.post("/blobs", new)
    await device.wait_for("blob.created", blob_id=note["id"])
    output = application.process_for("studio").log.read_text()
    assert output.count("is away") == 1
    assert output.count("is back") == 1
    assert [line for line in output.splitlines() if "Traceback" in line] == []
    await ana.leave()


async def test_readyz_names_the_model_that_it_can_do_without(application: Application) -> None:
    async with rest(application.address) as anybody:
        answer = await anybody.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert "cannot be reached" in answer.json()["dependencies"]["model"]
