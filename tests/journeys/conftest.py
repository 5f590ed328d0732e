"""The house in its three forms: one process, four services on their own, one process over MongoDB; and ana and bo."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from reyna.embedded.home import Home
from reyna.embedded.llama import Llama
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres
from tests.journeys.house import SERVICES, House
from tests.journeys.people import Person
from tests.mongodb import lent_database

NO_MODEL: Final = {"REYNA_LLM_URL": "http://127.0.0.1:9/v1", "REYNA_LLM_MODEL": "none"}
SECRET: Final = "signs what the services of one test tell each other"
_numbers = count(1)
Builds = Callable[..., House]


@pytest.fixture(scope="session")
async def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose PostgreSQL has run before: making the first database is what takes long."""
    home = tmp_path_factory.mktemp("lived-in") / "home"
    server = Postgres(Home(home))
    await server.start()
    await server.stop()
    return home


@pytest.fixture(scope="session")
async def one_process_house(lived_in: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """`reyna up`, with everything embedded, the language model too."""
    folder = tmp_path_factory.mktemp("one-process")
    shutil.copytree(lived_in, folder / "home")
    async with standing(House(folder, {})) as house:
        yield house


@pytest.fixture(scope="session")
async def four_processes_house(
    postgres_server: Postgres, llama_server: Llama, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """Four `reyna serve …` and a worker, which share a database, a nats-server and a language model."""
    folder = tmp_path_factory.mktemp("four-processes")
    server = Nats(Home(folder / "nats"))
    await server.start()
    try:
        environment = await around(postgres_server, server)
        async with standing(House(folder, environment | over(llama_server), services=SERVICES)) as house:
            house.nats = server
            yield house
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def mongo_house(
    lived_in: Path, mongo_server: str, llama_server: Llama, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """`reyna up` whose state service keeps its records in MongoDB; the language model it shares with the services."""
    folder = tmp_path_factory.mktemp("mongo")
    shutil.copytree(lived_in, folder / "home")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(lent_database(mongo_server))
        yield await stack.enter_async_context(standing(House(folder, over(llama_server) | {"REYNA_STATE_URL": url})))


@pytest.fixture(scope="session", params=["one_process", "four_processes", "mongo"])
def house(request: pytest.FixtureRequest) -> House:
    """A house that many tests share: leave it standing."""
    found: House = request.getfixturevalue(f"{request.param}_house")
    return found


@pytest.fixture
async def ana(house: House) -> AsyncIterator[Person]:
    """A new ana in the shared house, her text expansion switched off."""
    person = await house.person("ana")
    yield person
    await person.leave()


@pytest.fixture
async def bo(house: House) -> AsyncIterator[Person]:
    person = await house.person("bo")
    yield person
    await person.leave()


@pytest.fixture
async def built(tmp_path: Path, lived_in: Path) -> AsyncIterator[Builds]:
    """Builds houses of the test's own, without a language model, to break at will; none is left standing."""
    houses: list[House] = []

    def build(**environment: str) -> House:
        folder = tmp_path / f"house-{len(houses)}"
        folder.mkdir()
        shutil.copytree(lived_in, folder / "home")
        houses.append(House(folder, NO_MODEL | environment))
        return houses[-1]

    yield build
    for house in houses:
        await house.kill()


@pytest.fixture
async def wire(house: House) -> AsyncIterator[Client]:
    """A connection to the nats-server of the shared house, such as a stranger's processor has."""
    connection = await nats.connect(house.nats_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def standing(house: House) -> AsyncIterator[House]:
    """The house, up and answering inside this block."""
    try:
        await house.start()
        yield house
    finally:
        await house.stop()


async def around(postgres: Postgres, bus: Nats) -> dict[str, str]:
    """What services on their own are told of the servers they share: a new database, and this nats-server."""
    name = f"journeys_{next(_numbers)}"
    admin = await asyncpg.connect(postgres.url)
    await admin.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
    await admin.close()
    url = urlsplit(postgres.url)._replace(path=f"/{name}").geturl()
    return {"REYNA_POSTGRES_URL": url, "REYNA_NATS_URL": bus.url, "REYNA_SECRET": SECRET}


def over(model: Llama) -> dict[str, str]:
    """What a house is told of a language model that it does not start itself."""
    return {"REYNA_LLM_URL": model.url, "REYNA_LLM_KEY": model.key, "REYNA_LLM_MODEL": model.model}
