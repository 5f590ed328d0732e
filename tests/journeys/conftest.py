"""Fixtures: the application in one process, in four processes and with MongoDB, and the users ana and bo."""

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

from reyna.adapters.postgres import migrations
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres
from reyna.sdk import Processor
from tests.journeys.application import SERVICES, Application
from tests.journeys.people import Person
from tests.journeys.processors import hanging_processor, running_worker
from tests.support.mongodb import temporary_database
from tests.support.prose_endpoint import ProseEndpoint

NO_MODEL: Final = {"REYNA_LLM_URL": "http://127.0.0.1:9/v1", "REYNA_LLM_MODEL": "none"}
SECRET: Final = "signs what the services of one test tell each other"
_numbers = count(1)
Builder = Callable[..., Application]


@pytest.fixture(scope="session")
async def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database exists already, with its tables: creating them is what takes long."""
    home = tmp_path_factory.mktemp("lived-in") / "home"
    server = Postgres(Home(home))
    await server.start()
    await migrations.migrate(server.url)
    await server.stop()
    return home


@pytest.fixture(scope="session")
async def application_in_one_process(
    prepared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Application]:
    """`reyna up`, with everything embedded, the language model too."""
    folder = tmp_path_factory.mktemp("one-process")
    shutil.copytree(prepared_home, folder / "home")
    async with running_application(Application(folder, {})) as application:
        yield application


@pytest.fixture(scope="session")
async def prose_endpoint() -> AsyncIterator[ProseEndpoint]:
    """A language model that is connected by its address: it answers quickly, and always as it should."""
    endpoint = ProseEndpoint()
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture(scope="session")
async def application_in_four_processes(
    postgres_server: Postgres, prose_endpoint: ProseEndpoint, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Application]:
    """Four `reyna serve …` and a worker, which share a database, a nats-server and a connected language model."""
    folder = tmp_path_factory.mktemp("four-processes")
    server = Nats(Home(folder / "nats"))
    await server.start()
    try:
        environment = await server_settings(postgres_server, server)
        async with running_application(
            Application(folder, environment | model_settings(prose_endpoint), services=SERVICES)
        ) as application:
            application.nats = server
            yield application
    finally:
        await server.stop()


@pytest.fixture(scope="session")
async def application_on_mongo(
    prepared_home: Path, mongo_server: str, prose_endpoint: ProseEndpoint, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Application]:
    """`reyna up` whose state service keeps its records in MongoDB, with a connected language model."""
    folder = tmp_path_factory.mktemp("on_mongo")
    shutil.copytree(prepared_home, folder / "home")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(temporary_database(mongo_server))
        yield await stack.enter_async_context(
            running_application(Application(folder, model_settings(prose_endpoint) | {"REYNA_STATE_URL": url}))
        )


@pytest.fixture(scope="session", params=["in_one_process", "in_four_processes", "on_mongo"])
def application(request: pytest.FixtureRequest) -> Application:
    """An application that many tests share: leave it running."""
    found: Application = request.getfixturevalue(f"application_{request.param}")
    return found


@pytest.fixture
async def ana(application: Application) -> AsyncIterator[Person]:
    """A new ana in the shared application, her text expansion switched off."""
    person = await application.person("ana")
    yield person
    await person.leave()


@pytest.fixture
async def bo(application: Application) -> AsyncIterator[Person]:
    person = await application.person("bo")
    yield person
    await person.leave()


@pytest.fixture
async def failing_processor(application: Application) -> AsyncIterator[Processor[None]]:
    """A processor whose runs all fail for good."""
    async with running_worker(application) as processor:
        yield processor


@pytest.fixture
async def holding_processor(application: Application) -> AsyncIterator[Processor[None]]:
    """A processor whose runs never end by themselves."""
    async with running_worker(application, hanging_processor) as processor:
        yield processor


@pytest.fixture
async def build_application(tmp_path: Path, prepared_home: Path) -> AsyncIterator[Builder]:
    """Builds applications of the test's own, without a language model; all are killed in the end."""
    async with application_builder(tmp_path, prepared_home) as build:
        yield build


@pytest.fixture(scope="module")
async def build_shared_application(
    tmp_path_factory: pytest.TempPathFactory, prepared_home: Path
) -> AsyncIterator[Builder]:
    """As `build_application`, for applications that the tests of one file share."""
    async with application_builder(tmp_path_factory.mktemp("shared"), prepared_home) as build:
        yield build


@pytest.fixture
async def nats_client(application: Application) -> AsyncIterator[Client]:
    """A connection to the nats-server of the shared application, as a third-party processor has it."""
    connection = await nats.connect(application.nats_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def application_builder(folder: Path, prepared_home: Path) -> AsyncIterator[Builder]:
    """Yields a function that builds applications below this folder; all are killed after the block."""
    applications: list[Application] = []

    def build(**environment: str) -> Application:
        own = folder / f"application-{len(applications)}"
        own.mkdir()
        shutil.copytree(prepared_home, own / "home")
        applications.append(Application(own, NO_MODEL | environment))
        return applications[-1]

    try:
        yield build
    finally:
        for application in applications:
            await application.kill()


@asynccontextmanager
async def running_application(application: Application) -> AsyncIterator[Application]:
    """Runs the application inside this block."""
    try:
        await application.start()
        yield application
    finally:
        await application.stop()


async def server_settings(postgres: Postgres, bus: Nats) -> dict[str, str]:
    """Returns settings for services that share a new database and this nats-server."""
    name = f"journeys_{next(_numbers)}"
    admin = await asyncpg.connect(postgres.url)
    await admin.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
    await admin.close()
    url = urlsplit(postgres.url)._replace(path=f"/{name}").geturl()
    return {"REYNA_POSTGRES_URL": url, "REYNA_NATS_URL": bus.url, "REYNA_SECRET": SECRET}


def model_settings(model: ProseEndpoint) -> dict[str, str]:
    """Returns settings for an application that uses this language model."""
    return {"REYNA_LLM_URL": model.url, "REYNA_LLM_KEY": model.key, "REYNA_LLM_MODEL": model.model}
