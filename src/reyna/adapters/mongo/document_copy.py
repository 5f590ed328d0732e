"""Copies of all documents of a service, out of one snapshot and into a new database, as BSON."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from bson import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from reyna.adapters.mongo.connection import DURABLE, open_mongo, translate_errors
from reyna.adapters.mongo.documents import Document
from reyna.storage.backup.cutting import split_documents

RAW: Final[Any] = CodecOptions(document_class=RawBSONDocument)
PAGE_DOCUMENTS: Final = 1_000


class DocumentCopies:
    """The collections of one service in a database; their names begin with `prefix`."""

    def __init__(self, database: AsyncDatabase[Document], prefix: str) -> None:
        self.database, self._prefix = database, prefix
        self._session: AsyncClientSession | None = None

    async def list_collections(self) -> list[str]:
        with translate_errors():
            names = await self.database.list_collection_names()
        return sorted(name for name in names if name.startswith(self._prefix))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Inside of the block, everything is read as it was at one moment."""
        async with self.database.client.start_session(snapshot=True) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    async def copy(self, name: str, feed: Callable[[bytes], Awaitable[None]]) -> None:
        """Hands the documents of a collection to `feed`, in the order of their keys. Raises Fault."""
        collection: Any = self.database.get_collection(name, codec_options=RAW, read_preference=ReadPreference.PRIMARY)
        with translate_errors():
            cursor = collection.find({}, sort=[("_id", 1)], batch_size=PAGE_DOCUMENTS, session=self._session)
            async with cursor:
                async for document in cursor:
                    await feed(document.raw)

    async def fill(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """Replaces the documents of a collection. Raises Fault."""
        collection: Any = self.database.get_collection(name, codec_options=RAW, write_concern=DURABLE)
        rest = b""
        with translate_errors():
            await collection.delete_many({})
            async for piece in pieces:
                documents, rest = split_documents(rest + piece)
                for start in range(0, len(documents), PAGE_DOCUMENTS):
                    page = [RawBSONDocument(document) for document in documents[start : start + PAGE_DOCUMENTS]]
                    await collection.insert_many(page)

    async def drop(self) -> None:
        with translate_errors():
            for name in await self.list_collections():
                await self.database.drop_collection(name)


@asynccontextmanager
async def document_copies(url: str, prefix: str) -> AsyncIterator[DocumentCopies]:
    """Yields the collections at this URL whose names begin with `prefix`. Raises Fault and CannotStart."""
    database = await open_mongo(url)
    try:
        yield DocumentCopies(database, prefix)
    finally:
        await database.client.close()
