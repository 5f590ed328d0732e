"""A process that died within a transaction holds up nobody for long."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from reyna.adapters.mongo.abandoned_transactions import AbandonedTransactions, abandoned_session_ids
from reyna.adapters.mongo.connection import open_mongo
from reyna.adapters.mongo.documents import Document
from reyna.adapters.mongo.store import MongoStore
from reyna.ports.store import Increment, Put
from tests.contracts.sample_records import COUNTERS, THINGS, a_thing

ANA = "user-ana"
DEAD = UUID(int=1)
# as https://www.mongodb.com/docs/manual/reference/operator/aggregation/currentOp/ shows an idle session
SESSION: Mapping[str, Any] = {
    "type": "idleSession",
    "appName": "reyna",
    "active": False,
    "lsid": {"id": DEAD, "uid": b"whose"},
    "transaction": {"timeOpenMicros": 6_000_000, "timeInactiveMicros": 5_900_000},
}


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ({}, [DEAD]),
        ({"appName": "another program"}, []),
        ({"transaction": {"timeOpenMicros": 6_000_000, "timeInactiveMicros": 1_000_000}}, []),
        ({"transaction": {}}, []),
    ],
)
def test_only_our_own_and_only_what_nobody_works_on_any_more(difference: dict[str, Any], expected: list[UUID]) -> None:
    assert abandoned_session_ids([{**SESSION, **difference}], "reyna") == expected


class Admin:
    """Stands in for the database `admin` of a server that lists sessions, which SecantusDB does not do."""

    def __init__(self, client: AsyncMongoClient[Document], dead: AsyncClientSession) -> None:
        self.client, self._dead = client, dead
        self.commands: list[Any] = []

    async def aggregate(self, steps: Sequence[Any]) -> "Admin":
        self.commands.append(steps)
        return self

    async def to_list(self) -> list[Any]:
        return [SESSION] if self._dead.in_transaction else []

    async def command(self, command: Any) -> None:
        self.commands.append(command)
        await self._dead.abort_transaction()


async def test_a_write_is_done_while_a_dead_process_holds_what_it_needs(mongo_url: str) -> None:
    dead, living = await open_mongo(mongo_url), await open_mongo(mongo_url)
    session = dead.client.start_session()
    admin = Admin(living.client, session)
    abandoned = AbandonedTransactions(cast("AsyncDatabase[Document]", admin))
    store = MongoStore(living, "ports", (THINGS, COUNTERS), abandoned=abandoned)
    await store.prepare()
    await store.write(Put(THINGS, a_thing("first")), Increment(ANA, "things", 1))
    await session.start_transaction()
    await dead["ports_sums"].update_many({"user_id": ANA}, {"$inc": {"value": 1}}, session=session)
    await store.write(Put(THINGS, a_thing("second")), Increment(ANA, "things", 1))
    assert (await store.sums(ANA))["things"] == 2
    assert admin.commands[-1] == {"killSessions": [{"id": DEAD}]}
    await session.end_session()
    for database in (dead, living):
        await database.client.close()


class RefusingAdmin:
    """Stands in for the database `admin` of a server that answers with this error."""

    def __init__(self, client: AsyncMongoClient[Document], error: PyMongoError) -> None:
        self.client, self.searches, self._error = client, 0, error

    async def aggregate(self, steps: Sequence[Any]) -> None:
        self.searches += 1
        raise self._error


@pytest.mark.parametrize(
    ("error", "searches"),
    [(OperationFailure("not authorized on admin", 13), 1), (AutoReconnect("the primary has changed"), 2)],
)
async def test_a_refusal_is_final_and_a_lost_connection_is_not(
    mongo_url: str, caplog: pytest.LogCaptureFixture, error: PyMongoError, searches: int
) -> None:
    database = await open_mongo(mongo_url)
    admin = RefusingAdmin(database.client, error)
    abandoned = AbandonedTransactions(cast("AsyncDatabase[Document]", admin), search_interval=0.0)
    with caplog.at_level(logging.WARNING, "reyna.adapters.mongo.abandoned_transactions"):
        assert (await abandoned.end(), await abandoned.end()) == (0, 0)
    assert (admin.searches, len(caplog.messages)) == (searches, searches)
    await database.client.close()
