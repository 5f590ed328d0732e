"""A write to MongoDB: made ready, and done in one transaction, or without one when it is a single document."""

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

from reyna.adapters.mongo_documents import Document, Form, key, matching, storable
from reyna.domain.event import Message
from reyna.ports import Add, Drop, Need, Put, Step, Unmet
from reyna.steps import Additions, added, key_of, must_be_askable, must_know, written

DUPLICATE_KEY: Final = 11000
TAKEN_BACK: Final = "TransientTransactionError"  # nothing was written, and it may be tried again
BATCH: Final = 1_000  # operations in one command; whatever their size, the driver keeps each below 48 MB
# Needs first: they are about what was there before the write.
ORDER: Final = ("need", "insert", "update", "upsert", "drop")
Kind = Literal["need", "insert", "update", "upsert", "drop"]
Operation = InsertOne[Document] | UpdateOne | ReplaceOne[Document] | DeleteOne


class Taken(Exception):
    """An upsert met a document that was inserted meanwhile: done again, it finds and changes it."""


class Plan:
    """Operations by kind and collection, what is added to sums, the keys of all these documents, and messages."""

    def __init__(self, additions: Additions, messages: Sequence[Message]) -> None:
        self.groups: dict[tuple[Kind, str], list[Operation]] = {}
        self.additions = {key(user_id, name): (user_id, name, *what) for (user_id, name), what in additions.items()}
        self.documents = {f"sum/{place}" for place in self.additions}
        self.messages = messages

    @property
    def is_nothing(self) -> bool:
        return not (self.groups or self.additions or self.messages)

    @property
    def is_single(self) -> bool:
        """Whether one command on one document does it."""
        if any(at_most is not None for *_, at_most in self.additions.values()):
            return False
        return sum(map(len, self.groups.values())) + len(self.additions) + len(self.messages) == 1


def planned(forms: Mapping[str, Form], steps: Sequence[Step], messages: Sequence[Message]) -> Plan:
    """Raises ValueError for a write that makes no sense, and Unmet for a condition on what MongoDB cannot hold."""
    written(steps)
    additions = added(steps)
    if not all(storable(one) for (user_id, name), (by, _) in additions.items() for one in (user_id, name, by)):
        raise ValueError("MongoDB cannot hold this sum")
    plan = Plan(additions, messages)
    known = {name: form.collection for name, form in forms.items()}
    needs: set[tuple[str, str]] = set()
    impossible: Unmet | None = None
    for step in steps:
        if isinstance(step, Add):
            continue
        must_know(known, step.collection)
        name, user_id, id = key_of(step)
        if isinstance(step, Need):
            must_be_askable(step.collection, step.where)
        kind, operation = _operation(forms[name], step)
        if operation is None:
            impossible = impossible or Unmet(name, "drop" if kind == "drop" else "need")
            continue
        if kind == "need":
            if (same := (key(user_id, id), repr(operation))) in needs:
                continue
            needs.add(same)
        plan.groups.setdefault((kind, name), []).append(operation)
        plan.documents.add(f"{name}/{key(user_id, id)}")
    if impossible:
        raise impossible
    return plan


def _operation(form: Form, step: Put | Drop | Need) -> tuple[Kind, Operation | None]:
    """What is to be done for a step; None when its condition cannot hold."""
    match step:
        case Put(record=record, expects=expects):
            document = form.document(record)
            if expects == 0:
                return "insert", InsertOne(document)
            # With the user beside the `_id`, a sharded deployment knows which shard to ask.
            there = {"_id": document["_id"], "user_id": record.user_id}
            if expects is None:
                return "upsert", ReplaceOne(there, document, upsert=True)
            return "update", ReplaceOne({**there, "revision": expects}, document)
        case Drop(user_id=user_id, id=id):
            possible = storable(user_id) and storable(id)
            return "drop", DeleteOne({"_id": key(user_id, id), "user_id": user_id}) if possible else None
        case Need(user_id=user_id, id=id, where=where):
            wanted = matching(user_id, {"id": id}, where)
            # In a transaction a document that was only read may be changed by others until the commit. One that was
            # written may not: counting who needed it is the smallest change that MongoDB does not skip.
            return "need", None if wanted is None else UpdateOne(wanted, {"$inc": {"needed": 1}})


async def carried_out(
    database: AsyncDatabase[Document], plan: Plan, namespace: str, letters: Sequence[Document], session: Any
) -> None:
    """Do all of the plan, in this session's transaction. Raises Unmet at the first condition that does not hold."""
    for kind, name in sorted(plan.groups, key=lambda group: (ORDER.index(group[0]), group[1])):
        for operations in _batches(plan.groups[kind, name]):
            await _sent(kind, name, database[name.replace(".", "_")], operations, session)
    for batch in _batches(letters):
        await database[f"{namespace}_outbox"].insert_many(batch, session=session)
    if plan.additions:
        await _add(database[f"{namespace}_sums"], plan, session)


async def _add(sums: AsyncCollection[Document], plan: Plan, session: AsyncClientSession | None) -> None:
    """Last, because many want the same sums: theirs are held for no longer than the commit takes."""
    operations = [
        UpdateOne({"_id": place, "user_id": user_id}, {"$inc": {"value": by}, "$set": {"name": name}}, upsert=True)
        for place, (user_id, name, by, _) in sorted(plan.additions.items())
    ]
    for batch in _batches(operations):
        await _sent("upsert", "sums", sums, batch, session)
    bounds = {place: (name, at_most) for place, (_, name, _, at_most) in plan.additions.items() if at_most is not None}
    if not bounds:
        return
    users = sorted({user_id for user_id, *_ in plan.additions.values()})  # so that a cluster knows which shards to ask
    async for document in sums.find({"user_id": {"$in": users}, "_id": {"$in": list(bounds)}}, session=session):
        name, at_most = bounds[document["_id"]]
        if document["value"] > at_most:
            raise Unmet(name, "add")


async def _sent(
    kind: Kind,
    name: str,
    collection: AsyncCollection[Document],
    operations: list[Any],
    session: AsyncClientSession | None,
) -> None:
    try:
        told = await collection.bulk_write(operations, session=session)
    except BulkWriteError as error:
        if error.has_error_label(TAKEN_BACK) or not any(
            problem["code"] == DUPLICATE_KEY for problem in error.details["writeErrors"]
        ):
            raise
        raise (Taken() if kind == "upsert" else Unmet(name, "put")) from None
    done = {"need": told.matched_count, "update": told.matched_count, "drop": told.deleted_count}
    if done.get(kind, len(operations)) != len(operations):
        raise Unmet(name, kind if kind in ("need", "drop") else "put")


def _batches(items: Iterable[Any]) -> Iterable[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


class Turns:
    """Lets the writes of this process that are about the same document go one after the other.

    MongoDB does not queue those who want the same document: it takes all transactions back but one, to be tried again.
    So a bucket into which much is put at once would see more work undone than done.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, documents: Iterable[str]) -> AsyncIterator[None]:
        """When it is the turn of whoever writes these; in their order, so that no two wait for each other."""
        locks = [self._locks.setdefault(document, asyncio.Lock()) for document in sorted(documents)]
        async with AsyncExitStack() as stack:
            for lock in locks:
                await stack.enter_async_context(lock)
            yield
