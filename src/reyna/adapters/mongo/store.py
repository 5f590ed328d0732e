"""The Store port on MongoDB, which must be a replica set or a sharded cluster."""

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

from pymongo import IndexModel, ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern

from reyna.adapters.mongo.abandoned_transactions import AbandonedTransactions
from reyna.adapters.mongo.backfill import backfill_columns, backfill_derived
from reyna.adapters.mongo.connection import ANSWER_TIMEOUT_SECONDS, DURABLE, translate_errors
from reyna.adapters.mongo.documents import (
    EPOCH,
    INDEXES,
    MICROSECOND,
    Document,
    DocumentMapping,
    build_filter,
    build_sorted_query,
    path_of,
    split_where,
    storable,
)
from reyna.adapters.mongo.transaction import (
    TRANSIENT_ERROR,
    DocumentLocks,
    MongoWritePlan,
    WriteConflict,
    clock_key,
    execute,
    plan_write,
)
from reyna.adapters.mongo.walk import walk_levels
from reyna.adapters.outage import Outage
from reyna.domain.errors import Unavailable
from reyna.domain.event import Message
from reyna.ports.store import ClockReading, Collection, Record, Step, Where
from reyna.storage.semantics import check_collection, check_queryable

R = TypeVar("R", bound=Record)

MAX_WRITE_SECONDS: Final = ANSWER_TIMEOUT_SECONDS  # for a write that conflicts with others
SUSPICIOUS_SECONDS: Final = 3.0  # of conflicts, after which a process may have died in the middle of a write
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.001, 0.1  # before such a write is tried again; doubled each time
MAX_COMMIT_ATTEMPTS: Final = 5  # when the answer to a commit is lost, which may be repeated
PAGE_DOCUMENTS: Final = 1_000  # in one answer, as long as they fit in 16 MB
_id: Final = attrgetter("id")


class MongoStore:
    """The records of one service, whose outbox is named after `namespace`; `indexes` are as in `INDEXES`."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        namespace: str,
        collections: Sequence[Collection[Any]],
        *,
        indexes: Mapping[str, Sequence[tuple[str, ...]]] = INDEXES,
        abandoned: AbandonedTransactions | None = None,
    ) -> None:
        self._database = database
        self._mappings = {
            collection.name: DocumentMapping(collection, indexes.get(collection.name, ())) for collection in collections
        }
        self._namespace = namespace
        self._outbox, self._sums = f"{namespace}_outbox", f"{namespace}_sums"
        self._locks, self._abandoned = DocumentLocks(), abandoned or AbandonedTransactions(database.client.admin)
        self._process = os.urandom(4).hex()
        self._last_position = 0
        self._outage = Outage("MongoDB")

    async def prepare(self) -> None:
        """Creates the missing collections, indexes and columns; several processes may do so at once."""
        with self._translate_errors():
            for mapping in self._mappings.values():
                await self._database[mapping.name].create_indexes([IndexModel(keys) for keys in mapping.indexes])
            await self._database[self._outbox].create_indexes([IndexModel([("id", 1)])])
            await self._database[self._sums].create_indexes([IndexModel([("user_id", 1), ("_id", 1)])])
            for mapping in self._mappings.values():
                if mapping.derived:
                    await backfill_derived(self._database, mapping, self._sums)
                await backfill_columns(self._database, mapping, f"{self._namespace}_columns")

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
        check_queryable(collection, (*order, *where))
        mapping = self._mapping(collection)
        if not order and after is None and limit is None and len(parts := split_where(where)) > 1:
            pages = [await self.find(collection, user_id, part) for part in parts]
            return sorted(chain.from_iterable(pages), key=_id, reverse=descending)
        query = build_sorted_query(user_id, where, order, descending, after)
        if query is None or limit == 0:
            return []
        found = await self._find_documents(mapping, query.filter, ("body",), sort=query.sort, limit=limit or 0)
        return [mapping.decode(document["body"]) for document in found]

    async def count(self, collection: Collection[R], user_id: str, where: Where = {}) -> int:
        check_queryable(collection, where)
        mapping, filter = self._mapping(collection), build_filter(user_id, where)
        if filter is None:
            return 0
        with self._translate_errors():
            return await self._database[mapping.name].count_documents(filter)

    async def count_by(self, collection: Collection[R], user_id: str, field: str, where: Where = {}) -> dict[Any, int]:
        check_queryable(collection, (field, *where))
        if len(parts := split_where(where)) > 1:
            counts = [Counter(await self.count_by(collection, user_id, field, part)) for part in parts]
            return dict(sum(counts, Counter()))
        mapping, filter = self._mapping(collection), build_filter(user_id, where)
        if filter is None:
            return {}
        steps = [{"$match": filter}, {"$group": {"_id": f"${path_of(field)}", "number": {"$sum": 1}}}]
        with self._translate_errors():
            rows = await (await self._database[mapping.name].aggregate(steps)).to_list()
        return {mapping.value(field, row["_id"], user_id): row["number"] for row in rows}

    async def select(
        self,
        collection: Collection[R],
        user_id: str,
        fields: Sequence[str],
        where: Where = {},
        *,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        check_queryable(collection, (*fields, *where))
        mapping = self._mapping(collection)
        query = build_sorted_query(user_id, where, (), False, None if after is None else (after,))
        if query is None or limit == 0:
            return []
        paths = ["_id", *(path_of(field) for field in fields)]
        # With a sort, MongoDB may scan all records of the user by id instead of using the index of the filter.
        sort = [] if limit is None else query.sort
        found = await self._find_documents(mapping, query.filter, paths, sort=sort, limit=limit or 0)
        found.sort(key=itemgetter("_id"))
        return [
            tuple(mapping.value(field, document.get(path_of(field)), user_id) for field in fields) for document in found
        ]

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
        check_queryable(collection, (link, *where))

        async def find(more: Where) -> list[R]:
            mapping, filter = self._mapping(collection), build_filter(user_id, where, more)
            found = [] if filter is None else await self._find_documents(mapping, filter, ("body",), sort=[])
            return [mapping.decode(document["body"]) for document in found]

        async def find_links() -> dict[str, str | None]:
            return dict(await self.select(collection, user_id, ("id", link), where))

        return await walk_levels(find, find_links, start, link, toward, depth)

    async def write(self, *steps: Step, messages: Sequence[Message] = ()) -> None:
        plan = plan_write(self._mappings, steps, messages)
        if plan.is_empty:
            return
        with self._translate_errors():
            async with self._locks.hold(plan.documents):
                await self._retry(plan)

    async def sums(self, user_id: str) -> dict[str, int]:
        if not storable(user_id):
            return {}
        with self._translate_errors():
            found = await self._database[self._sums].find({"user_id": user_id, "name": {"$ne": None}}).to_list()
        return {document["name"]: document["value"] for document in found}

    async def clock_reading(self, user_id: str) -> ClockReading:
        if not storable(user_id):
            return ClockReading()
        with self._translate_errors():
            stored = await self._database[self._sums].find_one({"_id": clock_key(user_id), "user_id": user_id})
        return ClockReading(stored["number"], stored["by"], stored["others"]) if stored else ClockReading()

    async def list_users(self, after: str | None, limit: int) -> list[str]:
        steps: list[Document] = [
            {"$match": {"user_id": {"$gt": after or ""}}},
            {"$group": {"_id": "$user_id"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ]
        with self._translate_errors():
            rows = await (await self._database[self._sums].aggregate(steps)).to_list()
        return [row["_id"] for row in rows]

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        if limit == 0:
            return []
        filter: Document = {"_id": {"$lt": _outbox_position((before - EPOCH) // MICROSECOND * 1000)}}
        if under:
            filter["subject"] = {"$gte": under, "$lt": under.removesuffix(".") + "/"}  # a slash comes behind a dot
        with self._translate_errors():
            cursor = self._database[self._outbox].find(filter).sort("_id", 1).limit(limit).batch_size(PAGE_DOCUMENTS)
            return [Message(row["id"], row["subject"], bytes(row["body"])) for row in await cursor.to_list()]

    async def mark_sent(self, ids: Sequence[str]) -> None:
        with self._translate_errors():
            await self._database[self._outbox].delete_many({"id": {"$in": list(ids)}})

    async def check(self) -> None:
        with self._translate_errors():
            await self._database.client.admin.command("ping")

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Translates errors, and logs an outage once."""
        try:
            with translate_errors():
                yield
        except Unavailable as error:
            self._outage.report(error.__cause__ or error)
            raise
        self._outage.end()

    def _mapping(self, collection: Collection[Any]) -> DocumentMapping:
        check_collection({name: mapping.collection for name, mapping in self._mappings.items()}, collection)
        return self._mappings[collection.name]

    async def _find_documents(
        self,
        mapping: DocumentMapping,
        filter: Document,
        fields: Sequence[str],
        *,
        sort: list[tuple[str, int]],
        limit: int = 0,
    ) -> list[Document]:
        projection = {"_id": 0} | dict.fromkeys(fields, 1)
        with self._translate_errors():
            cursor = self._database[mapping.name].find(
                filter, projection, sort=sort, limit=limit, batch_size=PAGE_DOCUMENTS
            )
            return await cursor.to_list()

    async def _retry(self, plan: MongoWritePlan) -> None:
        """Executes the plan, again for some time when MongoDB aborts it because of writes to the same documents."""
        pause, started_at = FIRST_PAUSE_SECONDS, time.monotonic()
        while True:
            try:
                await self._execute(plan)
            except (PyMongoError, WriteConflict) as error:
                waited = time.monotonic() - started_at
                if not _is_transient(error) or waited > MAX_WRITE_SECONDS:
                    raise
                if waited > SUSPICIOUS_SECONDS:
                    await self._abandoned.end()
            else:
                return
            await asyncio.sleep(random.uniform(0, pause))  # noqa: S311  (so that conflicting writers spread)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    async def _execute(self, plan: MongoWritePlan) -> None:
        outbox = [
            {"_id": self._next_outbox_position(), "id": message.id, "subject": message.subject, "body": message.body}
            for message in plan.messages
        ]
        if plan.is_single:
            await execute(self._database, plan, self._namespace, outbox, None)
            return
        async with self._database.client.start_session() as session:
            await session.start_transaction(ReadConcern("snapshot"), DURABLE, ReadPreference.PRIMARY)
            await execute(self._database, plan, self._namespace, outbox, session)
            await _commit(session)

    def _next_outbox_position(self) -> str:
        """Returns a position behind all earlier ones of this process, and unlike those of any other process."""
        self._last_position = max(self._last_position + 1, time.time_ns())
        return f"{_outbox_position(self._last_position)}-{self._process}"


def _outbox_position(nanoseconds: int) -> str:
    return f"{nanoseconds:020}"


async def _commit(session: AsyncClientSession) -> None:
    for attempt in range(1, MAX_COMMIT_ATTEMPTS + 1):
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            if attempt == MAX_COMMIT_ATTEMPTS or not error.has_error_label("UnknownTransactionCommitResult"):
                raise
        else:
            return


def _is_transient(error: Exception) -> bool:
    """Returns whether nothing was written and another attempt may succeed; without a server the driver has waited."""
    if isinstance(error, PyMongoError):
        unreachable = isinstance(error, ServerSelectionTimeoutError)
        return error.has_error_label(TRANSIENT_ERROR) and not unreachable
    return isinstance(error, WriteConflict)
