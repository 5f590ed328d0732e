"""Real servers for tests, started when the first test asks, and the two users that every test knows."""

import os
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import pytest

from reyna.app import log
from reyna.domain.caller import Caller
from reyna.embedded.home import Home
from reyna.embedded.llama import Llama
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres
from tests.support.scheduler import SharedStartScheduling, count_workers, start_order

pytest_plugins = ["tests.support.buses", "tests.support.mongodb"]
ANA: Final = "user-ana"
BO: Final = "user-bo"
CONNECTIONS_OF_OTHER_APPLICATIONS: Final = 200  # several of them share the server with the tests
_numbers = count(1)


def pytest_configure() -> None:
    # Where nothing may be skipped, nothing may depend on luck either: the same examples in every run.
    hypothesis.settings.register_profile("strict", derandomize=True)
    if os.environ.get("REYNA_TEST_STRICT"):
        hypothesis.settings.load_profile("strict")
    log.configure("info", "console")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: start_order(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedStartScheduling:
    return SharedStartScheduling(config, log)


def pytest_xdist_auto_num_workers() -> int:
    return count_workers(os.cpu_count() or 1)


@pytest.fixture
def ana() -> Caller:
    return Caller(user_id=ANA)


@pytest.fixture
def bo() -> Caller:
    return Caller(user_id=BO)


@pytest.fixture(scope="session")
async def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    """One PostgreSQL for the whole session; tests want `database_url`."""
    server = Postgres(
        Home(tmp_path_factory.mktemp("postgres") / "home"), more_connections=CONNECTIONS_OF_OTHER_APPLICATIONS
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def database_url(postgres_server: Postgres) -> AsyncIterator[str]:
    """An empty database of the test's own, gone after it."""
    name = f"test_{next(_numbers)}"
    admin = await asyncpg.connect(postgres_server.url)
    try:
        await admin.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        yield urlsplit(postgres_server.url)._replace(path=f"/{name}").geturl()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


@pytest.fixture(scope="session")
async def nats_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nats]:
    """One nats-server for tests that leave no stream behind; others want `nats_url`."""
    server = Nats(Home(tmp_path_factory.mktemp("nats") / "home"))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def nats_url(tmp_path: Path) -> AsyncIterator[str]:
    """A nats-server of the test's own, with nothing in it."""
    server = Nats(Home(tmp_path / "nats-home"))
    await server.start()
    yield server.url
    await server.stop()


@pytest.fixture(scope="session")
async def llama_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Llama]:
    """The language model that comes with the studio: small but real."""
    server = Llama(Home(tmp_path_factory.mktemp("llama") / "home"))
    await server.start()
    yield server
    await server.stop()
