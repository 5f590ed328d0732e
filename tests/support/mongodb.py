"""Fixtures of MongoDB: the server that REYNA_TEST_MONGO_URL names, or SecantusDB, which speaks its wire protocol."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from secantus import SecantusDBServer

from reyna.adapters.mongo.connection import open_mongo

_numbers = count(1)


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a replica set, for the whole session; tests want `mongo_url`."""
    named = os.environ.get("REYNA_TEST_MONGO_URL")
    if named:
        yield named
        return
    with SecantusDBServer(storage_path=str(tmp_path_factory.mktemp("mongo"))) as server:
        yield f"{server.uri}?replicaSet={server.replica_set_name}"


def new_database_url(url: str) -> str:
    """The URL of a database that nobody else uses, on the same server."""
    return urlsplit(url)._replace(path=f"/reyna_test_{os.getpid()}_{next(_numbers)}").geturl()


@asynccontextmanager
async def temporary_database(server: str) -> AsyncIterator[str]:
    """The URL of an empty database on this server, gone after the block."""
    url = new_database_url(server)
    try:
        yield url
    finally:
        await _dropped(await open_mongo(url))


@pytest.fixture
async def mongo_url(mongo_server: str) -> AsyncIterator[str]:
    """An empty database of the test's own, gone after it."""
    async with temporary_database(mongo_server) as url:
        yield url


@pytest.fixture(scope="session")
async def mongo_database(mongo_server: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """One database for the whole session; whoever uses it empties it first."""
    database = await open_mongo(new_database_url(mongo_server))
    yield database
    await _dropped(database)


async def _dropped(database: AsyncDatabase[dict[str, Any]]) -> None:
    await database.client.drop_database(database)
    await database.client.close()
