"""The composition root: services from their descriptions, in one process or several, and one more of somebody's own."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg
import httpx
import pytest

from reyna.adapters.nats.bus import NatsBus
from reyna.adapters.postgres import migrations
from reyna.adapters.postgres.migrations import tables
from reyna.app.config import Settings
from reyna.app.services import SERVICES
from reyna.app.wiring import RunningApplication, run_application
from reyna.domain.caller import Caller
from reyna.transport.rpc import Signer, remote
from tests.app.reminders.assembly import SERVICE as REMINDERS
from tests.app.reminders.service import Reminders

NAMES: Final = ("schemas", "state", "processors", "studio", "reminders")
FOLDER: Final = Path(__file__).with_name("reminders")
HOW_TO: Final = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-service.md"
FILE: Final = re.compile(r"`services/reminders/(\w+\.py)`:\n\n```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def settings(tmp_path: Path, database_url: str, nats_url: str) -> Settings:
    return Settings(
        home=tmp_path,
        postgres_url=database_url,
        nats_url=nats_url,
        llm_url="http://127.0.0.1:9/v1",
        llm_model="none",
        secret="s" * 32,
        registration="open",
    )


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[RunningApplication]:
    """The four services and a fifth in one process, without workers."""
    await migrations.migrate(settings.postgres_url or "")
    connection = await asyncpg.connect(settings.postgres_url)
    for statement in (*tables.service("reminders"), *tables.collection("reminders.reminders", "due_at timestamptz")):
        await connection.execute(statement)
    await connection.close()
    async with run_application(settings, NAMES, library=(), services=(*SERVICES, REMINDERS)) as running:
        yield running


@pytest.fixture
async def client(application: RunningApplication) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the studio on which a new user has signed in."""
    transport = httpx.ASGITransport(app=application.apps["studio"])  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        new = {"email": "ana@example.org", "password": "a long enough password", "name": "Ana"}
        token = (await client.post("/api/auth/register", json=new)).raise_for_status().json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


async def test_a_fifth_service_answers_below_the_studio_at_its_own_port_and_on_the_bus(
    application: RunningApplication, client: httpx.AsyncClient, settings: Settings
) -> None:
    new = {"text": "The chapter is due.", "due_at": "2030-01-01T00:00:00Z"}
    created = (await client.post("/api/reminders", json=new)).raise_for_status().json()
    assert created["text"] == new["text"]

    transport = httpx.ASGITransport(app=application.apps["reminders"])  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://reminders", headers=client.headers) as own:
        assert [one["id"] for one in (await own.get("/reminders")).raise_for_status().json()] == [created["id"]]
        dependencies = (await own.get("/readyz")).raise_for_status().json()["dependencies"]
        assert dependencies == dict.fromkeys(("nats", "store", "events", "studio"), "up")

    bus = await NatsBus.connect(settings.nats_url or "", name="test")
    try:
        reminders = remote(Reminders, "reminders", bus, Signer(settings.signing_secret()).sign)
        (found,) = await reminders.list(Caller(user_id=created["user_id"]))
        assert found.id == created["id"]
    finally:
        await bus.close()


def test_the_how_to_shows_the_files_of_the_fifth_service() -> None:
    """Line by line, apart from the order of the imports, which follows from the name of the package."""
    shown = {name: sorted(text.splitlines()) for name, text in FILE.findall(HOW_TO.read_text(encoding="utf-8"))}
    files = {
        path.name: sorted(path.read_text(encoding="utf-8").replace("tests.app.", "reyna.services.").splitlines())
        for path in FOLDER.glob("*.py")
        if path.name != "__init__.py"
    }
    assert shown == files


def test_no_two_services_share_a_name_a_port_or_a_handler_argument() -> None:
    for values in (
        [service.name for service in SERVICES],
        [service.port_setting for service in SERVICES],
        [service.handler_argument for service in SERVICES],
    ):
        assert len(values) == len(set(values))


def test_every_neighbour_of_a_service_is_a_service() -> None:
    names = {service.name for service in SERVICES}
    assert [(service.name, other) for service in SERVICES for other in service.neighbours if other not in names] == []
