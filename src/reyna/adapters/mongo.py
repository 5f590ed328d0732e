"""The Store port on MongoDB: a collection for each of ours, and an outbox beside them; a replica set is required."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Final, Literal, TypeVar

from bson.errors import BSONError
from pymongo import AsyncMongoClient, IndexModel, ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    InvalidURI,
    NetworkTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from reyna.adapters.mongo_documents import (
    EPOCH,
    INDEXES,
    MICROSECOND,
    Document,
    Form,
    listing,
    matching,
    path,
    pieces,
    storable,
)
from reyna.adapters.mongo_walk import walked
from reyna.adapters.mongo_write import TAKEN_BACK, Plan, Taken, Turns, carried_out, planned
from reyna.config import CannotStart, WrongSetting, without_password
from reyna.domain.errors import Fault, TimedOut
from reyna.domain.event import Message
from reyna.ports import Collection, Record, Step, Where
from reyna.steps import must_be_askable, must_know

R = TypeVar("R", bound=Record)

DATABASE: Final = "reyna"  # when the URL names none
PATIENCE: Final = 30.0  # seconds for an answer, and for a write that others keep getting in the way of
PAUSES: Final = (0.001, 0.1)  # seconds before such a write is tried again: at first, at most; doubled each time
COMMITS: Final = 5  # asked for when the answer to the first got lost; a commit may be repeated
TOO_LARGE: Final = frozenset({10334, 17419, 17420})  # a document of more than 16 MB, at an insert or a change
PAGE: Final = 1_000  # documents in one answer, as long as they fit in 16 MB
# For what the URL leaves out.
OPTIONS: Final[Mapping[str, Any]] = {
    "appName": "reyna",
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": int(PATIENCE * 1000),
}
# What was acknowledged is on the disks of most members, and what was read will not be taken back.
DURABLE: Final = WriteConcern(w="majority", j=True)
SETTLED: Final = ReadConcern("majority")
_id: Final = attrgetter("id")
ALONE: Final = (
    "REYNA_STATE_URL: the MongoDB there runs alone, and only a replica set (of one member, if you like) has "
    "transactions: start it with --replSet NAME, run rs.initiate() once, and set mongodb://…/reyna?replicaSet=NAME"
)


async def open_mongo(url: str) -> AsyncDatabase[Document]:
    """The database that `mongodb://user:password@host,host/database?replicaSet=name` names; `.client.close()` ends it.

    Raises CannotStart when the URL makes no sense or names a server without transactions, Fault when nobody answers.
    """
    try:
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            url, **{name: value for name, value in OPTIONS.items() if f"{name}=".lower() not in url.lower()}
        )
    except (ConfigurationError, InvalidURI, ValueError) as error:
        raise WrongSetting("REYNA_STATE_URL", without_password(str(error))) from None
    try:
        with _faults():
            hello = await client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise CannotStart(ALONE)
    except BaseException:
        await client.close()
        raise
    return client.get_default_database(
        DATABASE, read_preference=ReadPreference.PRIMARY, write_concern=DURABLE, read_concern=SETTLED
    )


def sharding(database: str, collections: Sequence[Collection[Any]]) -> list[str]:
    """The lines for mongosh that spread these over the shards of a cluster, by user; the outbox stays in one place."""
    names = [Form(collection).name for collection in collections]
    names += sorted({f"{collection.name.partition('.')[0]}_sums" for collection in collections})
    return [
        f'sh.enableSharding("{database}")',
        *(f'sh.shardCollection("{database}.{name}", {{ user_id: 1, _id: 1 }})' for name in names),
    ]


class MongoStore:
    """Records of one service; `namespace` leads the name of its outbox. `indexes` as in `INDEXES`."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        namespace: str,
        collections: Sequence[Collection[Any]],
        *,
        indexes: Mapping[str, Sequence[tuple[str, ...]]] = INDEXES,
    ) -> None:
        self._database = database
        self._forms = {held.name: Form(held, indexes.get(held.name, ())) for held in collections}
        self._namespace = namespace
        self._outbox, self._sums = f"{namespace}_outbox", f"{namespace}_sums"
        self._turns = Turns()
        self._writer = os.urandom(4).hex()
        self._latest = 0

    async def prepare(self) -> None:
        """Make the collections and indexes that are not there yet; several processes may do so at once."""
        with _faults():
            for form in self._forms.values():
                await self._database[form.name].create_indexes([IndexModel(keys) for keys in form.indexes])
            await self._database[self._outbox].create_indexes([IndexModel([("id", 1)])])
            await self._database[self._sums].create_indexes([IndexModel([("user_id", 1), ("_id", 1)])])

    async def get(self, collection: Collection[R], user_id: str, id: str) -> R | None:
        found: list[R] = await self.find(collection, user_id, {"id": id}, limit=1)
        return found[0] if found else None

    async def find(
        self,
        collection: Collection[R],
        user_id: str,
        where: Where = {},
        *,
        order: Sequence[str] = (),
        descending: bool = False,
        after: Sequence[Any] | None = None,
        limit: int | None = None,
    ) -> list[R]:
        must_be_askable(collection, (*order, *where))
        form = self._form(collection)
        if not order and after is None and limit is None and len(asked := pieces(where)) > 1:
            parts = [await self.find(collection, user_id, piece) for piece in asked]
            return sorted(chain.from_iterable(parts), key=_id, reverse=descending)
        question = listing(user_id, where, order, descending, after)
        if question is None or limit == 0:
            return []
        found = await self._found(form, question.filter, ("body",), sort=question.sort, limit=limit or 0)
        return [form.decode(document["body"]) for document in found]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        must_be_askable(collection, where)
        form, filter = self._form(collection), matching(user_id, where)
        if filter is None:
            return 0
        with _faults():
            return await self._database[form.name].count_documents(filter)

    async def tally(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        must_be_askable(collection, (field, *where))
        if len(asked := pieces(where)) > 1:
            parts = [Counter(await self.tally(collection, user_id, field, piece)) for piece in asked]
            return dict(sum(parts, Counter()))
        form, filter = self._form(collection), matching(user_id, where)
        if filter is None:
            return {}
        steps = [{"$match": filter}, {"$group": {"_id": f"${path(field)}", "number": {"$sum": 1}}}]
        with _faults():
            told = await (await self._database[form.name].aggregate(steps)).to_list()
        return {form.value(field, row["_id"], user_id): row["number"] for row in told}

    async def pick(
        self,
        collection: Collection[R],
        user_id: str,
        fields: Sequence[str],
        where: Where = {},
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        must_be_askable(collection, (*fields, *where))
        form = self._form(collection)
        question = listing(user_id, where, (), False, None if after is None else (after,))
        if question is None or limit == 0:
            return []
        paths = ["_id", *(path(field) for field in fields)]
        # Asked for in order, MongoDB may go through all records of the user by id instead of by the fitting index.
        sort = [] if limit is None else question.sort
        found = await self._found(form, question.filter, paths, sort=sort, limit=limit or 0)
        found.sort(key=itemgetter("_id"))
        return [tuple(form.value(field, document.get(path(field)), user_id) for field in fields) for document in found]

    async def walk(
        self,
        collection: Collection[R],
        user_id: str,
        start: Sequence[str],
        link: str,
        *,
        toward: Literal["children", "parents"],
        depth: int | None = None,
        where: Where = {},
    ) -> list[tuple[int, R]]:
        must_be_askable(collection, (link, *where))

        async def ask(more: Where) -> list[R]:
            form, filter = self._form(collection), matching(user_id, where, more)
            found = [] if filter is None else await self._found(form, filter, ("body",), sort=[])
            return [form.decode(document["body"]) for document in found]

        async def links() -> dict[str, str | None]:
            return dict(await self.pick(collection, user_id, ("id", link), where))

        return await walked(ask, links, start, link, toward, depth)

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        plan = planned(self._forms, steps, messages)
        if plan.is_nothing:
            return
        with _faults():
            async with self._turns.of(plan.documents):
                await self._insist(plan)

    async def sums(self, user_id: str) -> dict[str, int]:
        if not storable(user_id):
            return {}
        with _faults():
            found = await self._database[self._sums].find({"user_id": user_id}).to_list()
        return {document["name"]: document["value"] for document in found}

    async def users(self, after: str | None, limit: int) -> list[str]:
        steps: list[Document] = [
            {"$match": {"user_id": {"$gt": after or ""}}},
            {"$group": {"_id": "$user_id"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
        with _faults():
            told = await (await self._database[self._sums].aggregate(steps)).to_list()
        return [row["_id"] for row in told]

    async def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        if limit == 0:
            return []
        filter = {"_id": {"$lt": _place((before - EPOCH) // MICROSECOND * 1000)}}
        with _faults():
            cursor = self._database[self._outbox].find(filter).sort("_id", 1).limit(limit).batch_size(PAGE)
            return [Message(row["id"], row["subject"], bytes(row["body"])) for row in await cursor.to_list()]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        with _faults():
            await self._database[self._outbox].delete_many({"id": {"$in": list(ids)}})

    async def check(self) -> None:
        with _faults():
            await self._database.client.admin.command("ping")

    def _form(self, collection: Collection[Any]) -> Form:
        must_know({name: form.collection for name, form in self._forms.items()}, collection)
        return self._forms[collection.name]

    async def _found(
        self, form: Form, filter: Document, fields: Sequence[str], *, sort: list[tuple[str, int]], limit: int = 0
    ) -> list[Document]:
        shown = {"_id": 0} | dict.fromkeys(fields, 1)
        with _faults():
            cursor = self._database[form.name].find(filter, shown, sort=sort, limit=limit, batch_size=PAGE)
            return await cursor.to_list()

    async def _insist(self, plan: Plan) -> None:
        """Do the plan; again, for a while, when MongoDB took it back because others were at the same documents."""
        pause, longest = PAUSES
        until = time.monotonic() + PATIENCE
        while True:
            try:
                await self._do(plan)
            except (PyMongoError, Taken) as error:
                if not _worth_another_try(error) or time.monotonic() > until:
                    raise
            else:
                return
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311  (spreads those who met)
            pause = min(2 * pause, longest)

    async def _do(self, plan: Plan) -> None:
        letters = [
            {"_id": self._next_place(), "id": message.id, "subject": message.subject, "body": message.body}
            for message in plan.messages
        ]
        if plan.is_single:
            await carried_out(self._database, plan, self._namespace, letters, None)
            return
        async with self._database.client.start_session() as session:
            await session.start_transaction(ReadConcern("snapshot"), DURABLE, ReadPreference.PRIMARY)
            await carried_out(self._database, plan, self._namespace, letters, session)
            await _commit(session)

    def _next_place(self) -> str:
        """Behind every place that this process gave before, and unlike any that another one gives."""
        self._latest = max(self._latest + 1, time.time_ns())
        return f"{_place(self._latest)}-{self._writer}"


def _place(nanoseconds: int) -> str:
    return f"{nanoseconds:020}"


async def _commit(session: AsyncClientSession) -> None:
    for attempt in range(1, COMMITS + 1):
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            if attempt == COMMITS or not error.has_error_label("UnknownTransactionCommitResult"):
                raise
        else:
            return


def _worth_another_try(error: Exception) -> bool:
    """Whether nothing was written, and it may go better next time. Nobody there: the driver has waited long enough."""
    if isinstance(error, PyMongoError):
        unreachable = isinstance(error, ServerSelectionTimeoutError)
        return error.has_error_label(TAKEN_BACK) and not unreachable
    return isinstance(error, Taken)


@contextmanager
def _faults() -> Iterator[None]:
    """What goes wrong at MongoDB, in the house's words."""
    try:
        yield
    except (NetworkTimeout, ExecutionTimeout, WTimeoutError) as error:
        raise TimedOut("MongoDB did not answer in time.") from error
    except ConnectionFailure as error:
        raise Fault(f"MongoDB cannot be reached: {str(error).partition(', Timeout:')[0]}") from error
    except BulkWriteError as error:  # which shows what the user wrote, and must not get into a log
        code, said = _first_problem(error)
        if code in TOO_LARGE:
            raise ValueError(f"MongoDB cannot hold this: {said}") from None
        raise Fault(f"MongoDB did not do this: {said} (code {code})") from None
    except PyMongoError as error:
        raise Fault(f"MongoDB did not do this: {str(error).partition(', full error:')[0]}") from error
    except BSONError as error:
        raise ValueError(f"MongoDB cannot hold this: {error}") from error
    except Taken as error:
        raise TimedOut("MongoDB was too busy with the same record.") from error


def _first_problem(error: BulkWriteError) -> tuple[int | None, str | None]:
    """Its code and text."""
    problems = [*error.details["writeErrors"], *error.details["writeConcernErrors"], {}]
    return problems[0].get("code"), problems[0].get("errmsg")
