"""Backfill: documents that were stored before a column existed get its value, once."""

from typing import Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from reyna.adapters.mongo.documents import Document, DocumentMapping

BATCH_DOCUMENTS: Final = 500


async def backfill_derived(database: AsyncDatabase[Document], mapping: DocumentMapping, marks: str) -> None:
    """Fills in the missing derived columns of all documents of a collection.

    Leaves a mark in the collection `marks`, as a document without a user; with the mark, it does nothing. Several
    processes may run it at once, and a write that comes between has the column already.
    """
    mark = f"derived:{mapping.name}:{','.join(mapping.derived)}"
    if await database[marks].find_one({"_id": mark}) is not None:
        return
    first = mapping.derived[0]
    changes: list[UpdateOne] = []
    async for document in database[mapping.name].find({first: {"$exists": False}}, {"body": 1, "revision": 1}):
        changes.append(_set_derived(mapping, document))
        if len(changes) == BATCH_DOCUMENTS:
            await database[mapping.name].bulk_write(changes, ordered=False)
            changes = []
    if changes:
        await database[mapping.name].bulk_write(changes, ordered=False)
    await database[marks].update_one({"_id": mark}, {"$set": {"user_id": None}}, upsert=True)


async def backfill_columns(database: AsyncDatabase[Document], mapping: DocumentMapping, known_columns: str) -> None:
    """Fills in columns that are new since the last start; the collection `known_columns` says which are not."""
    columns, collection = sorted(mapping.collection.columns), database[mapping.name]
    known = await database[known_columns].find_one({"_id": mapping.name})
    new = [column for column in columns if known is None or column not in known["columns"]]
    if not new:
        return
    incomplete = {"$or": [{column: {"$exists": False}} for column in new]}
    async for document in collection.find(incomplete, {"body": 1, "revision": 1}):
        complete = mapping.document(mapping.decode(document["body"]))
        unchanged = {"_id": document["_id"], "user_id": complete["user_id"], "revision": document["revision"]}
        await collection.update_one(unchanged, {"$set": {column: complete[column] for column in new}})
    await database[known_columns].replace_one({"_id": mapping.name}, {"columns": columns}, upsert=True)


def _set_derived(mapping: DocumentMapping, document: Document) -> UpdateOne:
    record: Any = mapping.decode(document["body"])
    values = {column: getattr(record, column) for column in mapping.derived}
    return UpdateOne({"_id": document["_id"], "revision": document["revision"]}, {"$set": values})
