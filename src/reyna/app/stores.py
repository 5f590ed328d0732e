"""The stores of the services: which database a service's records go to, the layers over it, and the files."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Final, NamedTuple

from reyna.adapters.outage import Outage
from reyna.adapters.postgres import migrations
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.search.index import PostgresSearchIndex, open_search_pool
from reyna.adapters.postgres.search.passages import PostgresPassageIndex, has_vectors
from reyna.adapters.postgres.store import PostgresStore
from reyna.app.addresses import Addresses
from reyna.app.config import Settings
from reyna.domain.errors import CannotStart
from reyna.ports.bus import Bus
from reyna.ports.files import FileStorage
from reyna.ports.passages import PassageIndex
from reyna.ports.search import SearchIndex
from reyna.ports.store import Collection, Store
from reyna.services.composition import ServiceDescription
from reyna.storage.disk_space import DiskSpace, DiskSpaceGuard
from reyna.storage.outbox.event_bundles import sent_events_collection
from reyna.storage.outbox.relay import Relay
from reyna.storage.outbox.sent_events import SentEvents
from reyna.transport.http import Check

POOL_CONNECTIONS: Final = 12  # to a database; group commit keeps two busy with writes, the rest read


def open_file_storage(settings: Settings) -> FileStorage:
    """Returns the storage of files: a directory in the home, or what the settings name. Raises CannotStart."""
    from reyna.adapters.objectstore.storage import open_by_url, open_local  # not for those that keep no files

    if settings.files_url is not None:
        return open_by_url(settings.files_url)
    return open_local(settings.home.absolute() / "files")


class OpenStore(NamedTuple):
    """The store of one service, and the checks of its database and of its outbox."""

    store: Store
    check_database: Check
    check_outbox: Check


class ServiceStores:
    """Opens the stores of the services in this process; services with the same database share its connections."""

    def __init__(self, addresses: Addresses, settings: Settings, bus: Bus, stack: AsyncExitStack) -> None:
        self._addresses, self._settings, self._bus, self._stack = addresses, settings, bus, stack
        self._pools: dict[str, Any] = {}
        self._search_pool: Any = None
        self.search_index: SearchIndex | None = None  # once it is open
        self._outage = Outage("PostgreSQL")
        is_embedded = not (settings.postgres_url and settings.nats_url)
        self.disk_space = DiskSpace(settings.home, least=settings.free_bytes) if is_embedded else None

    async def open(self, service: ServiceDescription[Any]) -> OpenStore:
        """Opens the database of a service and starts the relay of its events. Raises CannotStart and Fault."""
        sent = sent_events_collection(service.name)
        database = await self._open_database(service, (*service.collections, sent))
        retention = timedelta(days=self._settings.event_days)
        guarded: Store = database
        if self.disk_space is not None and not service.writes_on_full_disk:
            guarded = DiskSpaceGuard(database, self.disk_space)
        relay = Relay(guarded, self._bus, sent_events=SentEvents(database, self._bus, sent, retention=retention))
        await relay.start()
        self._stack.push_async_callback(relay.stop)
        return OpenStore(relay, database.check, relay.check_outbox)

    async def open_search_index(self) -> SearchIndex:
        """Returns the search index, which is in PostgreSQL wherever content is stored. Raises CannotStart and Fault."""
        if self.search_index is None:
            self.search_index = PostgresSearchIndex(await self._open_search_pool())
        return self.search_index

    async def open_passage_index(self) -> PassageIndex | None:
        """Returns the vectors of passages; None where PostgreSQL has no extension for them. Raises as above."""
        pool = await self._open_search_pool()
        return PostgresPassageIndex(pool) if await has_vectors(pool) else None

    async def _open_search_pool(self) -> Any:
        if self._search_pool is None:
            await self._open_pool(self._addresses.postgres_url)
            self._search_pool = await open_search_pool(self._addresses.postgres_url)
            self._stack.push_async_callback(self._search_pool.close)
        return self._search_pool

    async def _open_database(self, service: ServiceDescription[Any], collections: Sequence[Collection[Any]]) -> Store:
        url = getattr(self._addresses, service.store_setting)
        opened = self._open_mongo if url.startswith("mongodb") else self._open_postgres
        return await opened(url, service.name, collections)

    async def _open_postgres(self, url: str, namespace: str, collections: Sequence[Collection[Any]]) -> Store:
        store = PostgresStore(await self._open_pool(url), namespace, collections, self._outage)
        await store.verify()
        return store

    async def _open_pool(self, url: str) -> Any:
        """Returns the pool of a database, whose tables are migrated first."""
        if url not in self._pools:
            await migrations.migrate(url)
            pool = self._pools[url] = await open_pool(url, size=POOL_CONNECTIONS)
            self._stack.push_async_callback(pool.close)
        return self._pools[url]

    async def _open_mongo(self, url: str, namespace: str, collections: Sequence[Collection[Any]]) -> Store:
        try:
            from reyna.adapters.mongo.connection import open_mongo
            from reyna.adapters.mongo.store import MongoStore
        except ModuleNotFoundError as error:
            raise CannotStart(f"REYNA_STATE_URL: pip install reyna-studio[mongo] first ({error}).") from error
        database = await open_mongo(url)
        self._stack.push_async_callback(database.client.close)
        store = MongoStore(database, namespace, collections)
        await store.prepare()
        return store
