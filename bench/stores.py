"""The two stores a library can be put into, filled past their promises, and asked how they find their answers."""

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

from reyna.adapters.migrations import migrate
from reyna.adapters.mongo import MongoStore, open_mongo
from reyna.adapters.mongo_documents import Form
from reyna.adapters.postgres import SETTINGS, PostgresStore, open_pool
from reyna.adapters.postgres_sql import Table
from reyna.embedded.home import Home
from reyna.embedded.postgres import Postgres
from reyna.ports import Collection, Store
from reyna.state.records import COLLECTIONS

Measure = Callable[[Store], Awaitable[object]]
AT_ONCE: Final = 1_000  # documents in one insert
TELLING: Final = """
    load 'auto_explain'; set client_min_messages = log;
    set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
    set auto_explain.log_parameter_max_length = 0
"""
LENGTH: Final = 160  # characters of a line of a plan


class Filled(Protocol):
    """A store to be measured. `stands_in` is what answers instead of the real engine, if something does."""

    store: Store
    stands_in: str | None

    async def keep(self, collection: Collection[Any], records: list[Any]) -> None: ...

    async def settle(self) -> None:
        """Let the engine do now what it would otherwise do in the middle of a measure."""
        ...

    async def plans(self, measure: Measure) -> list[str]:
        """How each question of this measure is answered, line by line."""
        ...


class OnPostgres:
    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self._url, self._pool = url, pool
        self.store: Store = PostgresStore(pool, "state", COLLECTIONS)
        self.stands_in: str | None = None

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
        """As the engine itself tells them of the very statements that were run."""
        said: list[str] = []
        connection = await asyncpg.connect(self._url, server_settings=SETTINGS)
        try:
            await connection.execute(TELLING)
            connection.add_log_listener(lambda _, message: said.append(str(message)))
            await measure(PostgresStore(_Alone(connection), "state", COLLECTIONS))
        finally:
            await connection.close()
        return [line[:LENGTH] for plan in said for line in plan.splitlines() if line.strip()]


class _Alone:
    """A pool of one connection, so that whoever listens to it hears everything."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._turn = connection, asyncio.Lock()

    @asynccontextmanager
    async def acquire(self, timeout: float) -> AsyncIterator[Any]:
        async with self._turn:
            yield self._connection


class OnMongo:
    def __init__(self, url: str, database: AsyncDatabase[dict[str, Any]], stands_in: str | None) -> None:
        self._url, self._database, self.stands_in = url, database, stands_in
        self.store: Store = MongoStore(database, "state", COLLECTIONS)

    async def keep(self, collection: Collection[Any], records: list[Any]) -> None:
        form = Form(collection)
        for at in range(0, len(records), AT_ONCE):
            documents = [form.document(record) for record in records[at : at + AT_ONCE]]
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
        told = await self._database.command("explain", asked, verbosity="executionStats")
        stats = told.get("executionStats", {})
        name = next(iter(asked))
        counts = {key: stats.get(key) for key in ("nReturned", "totalKeysExamined", "totalDocsExamined")}
        question = msgspec.json.encode(asked.get("filter") or asked.get("pipeline"), enc_hook=str).decode()
        plan = msgspec.json.encode(_winning(told), enc_hook=str).decode()
        return [f"{name} {asked[name]} {question}"[:LENGTH], f"   {plan}"[:LENGTH], f"   {counts}"]


class _Heard(monitoring.CommandListener):
    """What is asked, without what belongs to the session."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate"):
            session = ("lsid", "txnNumber", "$db", "$clusterTime", "startTransaction", "autocommit", "readConcern")
            self.asked.append({name: value for name, value in event.command.items() if name not in session})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Only what is asked is of interest."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """It is raised where it was asked."""


def _winning(told: Any) -> Any:
    """The stages of the plan that was chosen, with the index of each; of whatever an explanation looks like."""
    if isinstance(told, dict):
        if "stage" in told:
            below = told.get("inputStage") or told.get("inputStages")
            return [told["stage"], *filter(None, [told.get("indexName"), _winning(below)])]
        for name in ("queryPlanner", "winningPlan", "queryPlan", "stages", "$cursor"):
            if name in told:
                return _winning(told[name])
    if isinstance(told, list):
        return _winning(told[0]) if told else None
    return None


@asynccontextmanager
async def on_postgres(folder: Path) -> AsyncIterator[Filled]:
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
async def on_mongo(folder: Path) -> AsyncIterator[Filled]:
    """The deployment that REYNA_TEST_MONGO_URL names, in a database of its own; or SecantusDB, which stands in."""
    from secantus import SecantusDBServer

    if url := os.environ.get("REYNA_TEST_MONGO_URL"):
        async with _in_mongo(url, None) as filled:
            yield filled
        return
    with SecantusDBServer(storage_path=str(folder / "mongo")) as server:
        async with _in_mongo(f"{server.uri}?replicaSet={server.replica_set_name}", "SecantusDB") as filled:
            yield filled


@asynccontextmanager
async def _in_mongo(url: str, stands_in: str | None) -> AsyncIterator[Filled]:
    opened = await open_mongo(url)
    database = opened.client.get_database(
        f"reyna_scale_{os.getpid()}", write_concern=opened.write_concern, read_concern=opened.read_concern
    )
    try:
        await MongoStore(database, "state", COLLECTIONS).prepare()
        yield OnMongo(url, database, stands_in)
    finally:
        await opened.client.drop_database(database)
        await opened.client.close()


def a_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="reyna-scale-")
