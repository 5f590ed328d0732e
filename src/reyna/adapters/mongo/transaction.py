"""A write to MongoDB: planned, and executed in one transaction, or without one when it is a single document."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from typing import Any, Final, Literal
from weakref import WeakValueDictionary

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from reyna.adapters.mongo.documents import Document, DocumentMapping, build_filter, document_key, storable
from reyna.domain.event import Message
from reyna.ports.store import AdvanceClock, ClockReading, Delete, Increment, Put, Require, RequirementNotMet, Step
from reyna.storage.semantics import (
    Additions,
    additions_of,
    advances_of,
    check_collection,
    check_queryable,
    check_written_once,
    key_of,
)

DUPLICATE_KEY: Final = 11000
TRANSIENT_ERROR: Final = "TransientTransactionError"  # the label of errors after which nothing was written
BATCH_OPERATIONS: Final = 1_000  # in one command, which the driver keeps below 48 MB
# Requirements first: they are about the state before the write.
ORDER: Final = ("require", "insert", "update", "upsert", "delete")
Kind = Literal["require", "insert", "update", "upsert", "delete"]
Operation = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne


class WriteConflict(Exception):
    """An upsert met a document that was inserted meanwhile; another attempt finds and changes it."""


def clock_key(user_id: str) -> str:
    """Returns the `_id` of the document of a user's logical clock, which is stored beside the sums; no sum has it."""
    return document_key(user_id, "/order")


class MongoWritePlan:
    """The operations of a write by kind and collection, its increments, the keys of all documents, and its messages."""

    def __init__(
        self, additions: Additions, clock_steps: Mapping[str, AdvanceClock], messages: Sequence[Message]
    ) -> None:
        self.groups: dict[tuple[Kind, str], list[Operation]] = {}
        self.additions = {
            document_key(user_id, name): (user_id, name, *what) for (user_id, name), what in additions.items()
        }
        self.clock_steps = {clock_key(user_id): step for user_id, step in clock_steps.items()}
        self.documents = {f"sum/{key}" for key in (*self.additions, *self.clock_steps)}
        self.messages = messages

    @property
    def is_empty(self) -> bool:
        return not (self.groups or self.additions or self.clock_steps or self.messages)

    @property
    def is_single(self) -> bool:
        """True when the plan is a single command on one document."""
        if self.clock_steps or any(at_most is not None for *_, at_most in self.additions.values()):
            return False
        return sum(map(len, self.groups.values())) + len(self.additions) + len(self.messages) == 1


def plan_write(
    mappings: Mapping[str, DocumentMapping], steps: Sequence[Step], messages: Sequence[Message]
) -> MongoWritePlan:
    """Returns the plan of a write.

    Raises ValueError for a malformed write, and RequirementNotMet for a condition on what MongoDB cannot hold.
    """
    check_written_once(steps)
    additions = additions_of(steps)
    if not all(storable(one) for (user_id, name), (by, _) in additions.items() for one in (user_id, name, by)):
        raise ValueError("MongoDB cannot hold this sum")
    clock_steps = advances_of(steps)
    if not all(map(storable, clock_steps)):
        raise ValueError("MongoDB cannot hold this user")
    plan = MongoWritePlan(additions, clock_steps, messages)
    known = {name: mapping.collection for name, mapping in mappings.items()}
    requirements: set[tuple[str, str]] = set()
    impossible: RequirementNotMet | None = None
    for step in steps:
        if isinstance(step, Increment | AdvanceClock):
            continue
        check_collection(known, step.collection)
        name, user_id, id = key_of(step)
        if isinstance(step, Require):
            check_queryable(step.collection, step.where)
        kind, operation = _operation(mappings[name], step)
        if operation is None:
            impossible = impossible or RequirementNotMet(name, "delete" if kind == "delete" else "require")
            continue
        if kind == "require":
            if (same := (document_key(user_id, id), repr(operation))) in requirements:
                continue
            requirements.add(same)
        plan.groups.setdefault((kind, name), []).append(operation)
        plan.documents.add(f"{name}/{document_key(user_id, id)}")
    if impossible:
        raise impossible
    return plan


def _operation(mapping: DocumentMapping, step: Put | Delete | Require) -> tuple[Kind, Operation | None]:
    """Returns the operation of a step; None when its condition cannot hold."""
    match step:
        case Put(record=record, expects=expects):
            document = mapping.document(record)
            if expects == 0:
                return "insert", InsertOne(document)
            # With the user beside the `_id`, a sharded deployment knows which shard to ask.
            selector = {"_id": document["_id"], "user_id": record.user_id}
            if expects is None:
                return "upsert", ReplaceOne(selector, document, upsert=True)
            return "update", ReplaceOne({**selector, "revision": expects}, document)
        case Delete(user_id=user_id, id=id):
            possible = storable(user_id) and storable(id)
            return "delete", DeleteOne({"_id": document_key(user_id, id), "user_id": user_id}) if possible else None
        case Require(user_id=user_id, id=id, where=where):
            wanted = build_filter(user_id, {"id": id}, where)
            # In a transaction a document that was only read may be changed by others until the commit, one that was
            # written may not: a counter is the smallest change that MongoDB does not skip.
            return "require", None if wanted is None else UpdateOne(wanted, {"$inc": {"needed": 1}})


async def execute(
    database: AsyncDatabase[Document], plan: MongoWritePlan, namespace: str, outbox: Sequence[Document], session: Any
) -> None:
    """Executes the plan in this session's transaction. Raises RequirementNotMet when a condition does not hold."""
    for kind, name in sorted(plan.groups, key=lambda group: (ORDER.index(group[0]), group[1])):
        for operations in _batches(plan.groups[kind, name]):
            await _write(kind, name, database[name.replace(".", "_")], operations, session)
    for batch in _batches(outbox):
        await database[f"{namespace}_outbox"].insert_many(batch, session=session)
    if plan.additions or plan.clock_steps:
        await _add_to_sums(database[f"{namespace}_sums"], plan, session)


async def _add_to_sums(
    sums: AsyncCollection[Document], plan: MongoWritePlan, session: AsyncClientSession | None
) -> None:
    """Adds the increments and clock steps, last, because many writes lock the same sums: only for the commit."""
    operations = {
        key: UpdateOne({"_id": key, "user_id": user_id}, {"$inc": {"value": by}, "$set": {"name": name}}, upsert=True)
        for key, (user_id, name, by, _) in plan.additions.items()
    }
    repeated = {key: _repeated_clock_step(key, step) for key, step in plan.clock_steps.items()}
    done = 0
    for batch in _batches(operation for _, operation in sorted((operations | repeated).items())):
        done += await _write("upsert", "sums", sums, batch, session)
    if done < len(operations) + len(repeated):
        for key, step in sorted(plan.clock_steps.items()):
            await _advance_clock(sums, key, step, session)
    bounds = {key: (name, at_most) for key, (_, name, _, at_most) in plan.additions.items() if at_most is not None}
    if not bounds:
        return
    users = sorted({user_id for user_id, *_ in plan.additions.values()})  # so that a cluster knows which shards to ask
    async for document in sums.find({"user_id": {"$in": users}, "_id": {"$in": list(bounds)}}, session=session):
        name, at_most = bounds[document["_id"]]
        if document["value"] > at_most:
            raise RequirementNotMet(name, "increment")


def _repeated_clock_step(key: str, step: AdvanceClock) -> UpdateOne:
    """Returns the update for the usual case: the process that wrote last writes again."""
    selector = {"_id": key, "user_id": step.user_id, "by": step.by, "others": {"$lt": step.limit}}
    return UpdateOne(selector, {"$max": {"number": step.number}})


async def _advance_clock(
    sums: AsyncCollection[Document], key: str, step: AdvanceClock, session: AsyncClientSession | None
) -> None:
    """Advances a clock that another process has written last, or none yet. Raises RequirementNotMet."""
    stored = await sums.find_one({"_id": key, "user_id": step.user_id}, session=session)
    reading = ClockReading(stored["number"], stored["by"], stored["others"]) if stored else ClockReading()
    if not reading.allows(step):
        raise RequirementNotMet("", "advance_clock")
    now = reading.advanced(step)
    document = {"number": now.number, "by": now.by, "others": now.others}
    if stored is None:
        await _write("upsert", "sums", sums, [InsertOne({"_id": key, "user_id": step.user_id, **document})], session)
        return
    unchanged = {"_id": key, "user_id": step.user_id, "number": reading.number, "by": reading.by}
    if await _write("upsert", "sums", sums, [UpdateOne(unchanged, {"$set": document})], session) == 0:
        raise WriteConflict


async def _write(
    kind: Kind,
    name: str,
    collection: AsyncCollection[Document],
    operations: list[Any],
    session: AsyncClientSession | None,
) -> int:
    """Executes operations of one kind; returns the number of documents that were found or created."""
    try:
        result = await collection.bulk_write(operations, session=session)
    except BulkWriteError as error:
        if error.has_error_label(TRANSIENT_ERROR) or not any(
            problem["code"] == DUPLICATE_KEY for problem in error.details["writeErrors"]
        ):
            raise
        raise (WriteConflict() if kind == "upsert" else RequirementNotMet(name, "put")) from None
    counts = {"require": result.matched_count, "update": result.matched_count, "delete": result.deleted_count}
    if counts.get(kind, len(operations)) != len(operations):
        raise RequirementNotMet(name, kind if kind in ("require", "delete") else "put")
    return result.matched_count + result.upserted_count


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH_OPERATIONS)):
        yield batch


class DocumentLocks:
    """Serialises the writes of this process to the same document.

    MongoDB does not queue writers of the same document: it aborts all transactions but one, to be tried again. So a
    bucket into which much is put at once would see more aborted than committed work.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, documents: Iterable[str]) -> AsyncIterator[None]:
        """Holds the locks of these documents, taken in their order, so that no two writers wait for each other."""
        locks = [self._locks.setdefault(document, asyncio.Lock()) for document in sorted(documents)]
        async with AsyncExitStack() as stack:
            for lock in locks:
                await stack.enter_async_context(lock)
            yield
