"""The stores that `bench.scale` measures: bulk writes below the port, and the plans of their queries."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg
import msgspec
from pymongo import AsyncMongoClient, monitoring
from pymongo.asynchronous.database import AsyncDatabase

from reyna.adapters.mongo.connection import open_mongo
from reyna.adapters.mongo.documents import DocumentMapping
from reyna.adapters.mongo.store import MongoStore
from reyna.adapters.postgres.migrations import migrate
from reyna.adapters.postgres.pool import SETTINGS, open_pool
from reyna.adapters.postgres.sql import Table
from reyna.adapters.postgres.store import PostgresStore
from reyna.embedded.home import Home
from reyna.embedded.postgres import Postgres
from reyna.ports.store import Collection, Store
from reyna.services.state.records import COLLECTIONS

Measure = Callable[[Store], Awaitable[object]]
INSERT_DOCUMENTS: Final = 1_000  # documents in one insert
EXPLAIN_SETTINGS: Final = """
    load 'auto_explain'; set client_min_messages = log;
    set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
    set auto_explain.log_parameter_max_length = 0
"""
PLAN_LINE_CHARACTERS: Final = 160  # characters of a line of a plan


class MeasuredStore(Protocol):
    """A store to be measured. `substitute` names the engine that is used instead of the real one, if any."""

    store: Store
    substitute: str | None

    async def keep(self, collection: Collection[Any], records: list[Any]) -> None: ...

    async def settle(self) -> None:
        """Makes the engine do now what it would otherwise do in the middle of a measure."""
        ...

    async def plans(self, measure: Measure) -> list[str]:
        """Returns the plans of the queries of this measure, line by line."""
        ...


class OnPostgres:
    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self._url, self._pool = url, pool
        self.store: Store = PostgresStore(pool, "state", COLLECTIONS)
        self.substitute: str | None = None

    async def keep(self, collection: Collection[Any], records: list[Any]) -> None:
        table = Table(collection)
        namespace, _, name = collection.name.partition(".")
        columns = [column.strip('"') for column in table.row_names]
        rows = [table.row(record) for record in records]
        await self._pool.copy_records_to_table(name, schema_name=namespace, columns=columns, records=rows, timeout=600)

    async def settle(self) -> None:
        await self._pool.execute("vacuum analyze", timeout=600)
        await self._pool.execute("checkpoint", timeout=600)

    async def plans(self, measure: Measure) -> list[str]:
        """Returns the plans that the engine logs for the statements that were run."""
        said: list[str] = []
        connection = await asyncpg.connect(self._url, server_settings=SETTINGS)
        try:
            await connection.execute(EXPLAIN_SETTINGS)
            connection.add_log_listener(lambda _, message: said.append(str(message)))
            await measure(PostgresStore(_Alone(connection), "state", COLLECTIONS))
        finally:
            await connection.close()
        return [line[:PLAN_LINE_CHARACTERS] for plan in said for line in plan.splitlines() if line.strip()]


class _Alone:
    """Yields a pool of one connection, whose log holds every statement."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._turn = connection, asyncio.Lock()

    @asynccontextmanager
    async def acquire(self, timeout: float) -> AsyncIterator[Any]:
        async with self._turn:
            yield self._connection


class OnMongo:
    def __init__(self, url: str, database: AsyncDatabase[dict[str, Any]], substitute: str | None) -> None:
        self._url, self._database, self.substitute = url, database, substitute
        self.store: Store = MongoStore(database, "state", COLLECTIONS)

    async def keep(self, collection: Collection[Any], records: list[Any]) -> None:
        form = DocumentMapping(collection)
        for at in range(0, len(records), INSERT_DOCUMENTS):
            documents = [form.document(record) for record in records[at : at + INSERT_DOCUMENTS]]
            await self._database[form.name].insert_many(documents, ordered=False)

    async def settle(self) -> None:
        await self._database.command("ping")

    async def plans(self, measure: Measure) -> list[str]:
        heard = _Heard()
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self._url, event_listeners=[heard])
        try:
            await measure(MongoStore(client[self._database.name], "state", COLLECTIONS))
        finally:
            await client.close()
        return [line for asked in heard.asked for line in await self._explained(asked)]

    async def _explained(self, asked: dict[str, Any]) -> list[str]:
        delivered = await self._database.command("explain", asked, verbosity="executionStats")
        stats = delivered.get("executionStats", {})
        name = next(iter(asked))
        counts = {key: stats.get(key) for key in ("nReturned", "totalKeysExamined", "totalDocsExamined")}
        question = msgspec.json.encode(asked.get("filter") or asked.get("pipeline"), enc_hook=str).decode()
        plan = msgspec.json.encode(_winning(delivered), enc_hook=str).decode()
        return [
            f"{name} {asked[name]} {question}"[:PLAN_LINE_CHARACTERS],
            f"   {plan}"[:PLAN_LINE_CHARACTERS],
            f"   {counts}",
        ]


class _Heard(monitoring.CommandListener):
    """Returns a command without the fields that belong to the session."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            session = ("lsid", "txnNumber", "$db", "$clusterTime", "startTransaction", "autocommit", "readConcern")
            self.asked.append({name: value for name, value in event.command.items() if name not in session})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Successful answers are not recorded."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Failures are raised by the caller of the command."""


def _winning(delivered: Any) -> Any:
    """Returns the stages of the chosen plan, with the index of each."""
    if isinstance(delivered, dict):
        if "stage" in delivered:
            below = delivered.get("inputStage") or delivered.get("inputStages")
            return [delivered["stage"], *filter(None, [delivered.get("indexName"), _winning(below)])]
        for name in ("queryPlanner", "winningPlan", "queryPlan", "stages", "$cursor"):
            if name in delivered:
                return _winning(delivered[name])
    if isinstance(delivered, list):
        return _winning(delivered[0]) if delivered else None
    return None


@asynccontextmanager
async def on_postgres(folder: Path) -> AsyncIterator[MeasuredStore]:
    server = Postgres(Home(folder / "home"))
    await server.start()
    try:
        await migrate(server.url)
        pool = await open_pool(server.url)
        yield OnPostgres(server.url, pool)
        await pool.close()
    finally:
        await server.stop()


@asynccontextmanager
async def on_mongo(folder: Path) -> AsyncIterator[MeasuredStore]:
    """Yields a store on the server of REYNA_TEST_MONGO_URL, or on SecantusDB."""
    from secantus import SecantusDBServer

    if url := os.environ.get("REYNA_TEST_MONGO_URL"):
        async with _in_mongo(url, None) as filled:
            yield filled
        return
    with SecantusDBServer(storage_path=str(folder / "mongo")) as server:
        async with _in_mongo(f"{server.uri}?replicaSet={server.replica_set_name}", "SecantusDB") as filled:
            yield filled


@asynccontextmanager
async def _in_mongo(url: str, substitute: str | None) -> AsyncIterator[MeasuredStore]:
    opened = await open_mongo(url)
    database = opened.client.get_database(
        f"reyna_scale_{os.getpid()}", write_concern=opened.write_concern, read_concern=opened.read_concern
    )
    try:
        await MongoStore(database, "state", COLLECTIONS).prepare()
        yield OnMongo(url, database, substitute)
    finally:
        await opened.client.drop_database(database)
        await opened.client.close()


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="reyna-scale-")
