"""The servers of this studio: PostgreSQL, NATS and a language model; those that are not set are started here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec

from reyna.adapters.postgres.search.index import POOL_CONNECTIONS as SEARCH_CONNECTIONS
from reyna.app.addresses import ADDRESSES_FILE, Addresses
from reyna.app.config import Settings
from reyna.app.stores import POOL_CONNECTIONS
from reyna.embedded.embedder.process import Embedder, is_embedder_installed
from reyna.embedded.home import Home
from reyna.embedded.llama import Llama
from reyna.embedded.nats import EVENT_BYTES, Nats
from reyna.embedded.postgres import Postgres


class Server(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Servers:
    """The servers that the settings name, and the embedded ones, which run from `start` to `stop`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home: Home | None = None
        self._running: list[Server] = []
        self.embedder: Embedder | None = None
        self.lost_power = False  # while the embedded NATS ran, which may have lost its last messages

    async def start(self) -> Addresses:
        """Starts them all and returns when they answer. Raises CannotStart, and then nothing is left running."""
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Returns within 5 s, with nothing left running; harmless when nothing runs."""
        try:
            await asyncio.gather(*(server.stop() for server in self._running))
        finally:
            self._running.clear()
            if self._home:
                (self._home.path / ADDRESSES_FILE).unlink(missing_ok=True)
                self._home.unlock()
                self._home = None

    async def _start(self) -> Addresses:
        settings = self._settings
        if settings.postgres_url and settings.nats_url and settings.llm_url:
            return _addresses(settings, None, None, None, None)
        home = Home(settings.home)
        home.lock()
        self._home = home
        postgres = (
            None
            if settings.postgres_url
            else Postgres(
                home, more_connections=settings.workers * SEARCH_CONNECTIONS + (settings.workers - 1) * POOL_CONNECTIONS
            )
        )
        nats = None if settings.nats_url else Nats(home, settings.event_bytes or EVENT_BYTES)
        llama = None if settings.llm_url else Llama(home, settings.llm_model)
        if settings.embeddings == "on" and not settings.embeddings_url and is_embedder_installed():
            self.embedder = Embedder(home)
        self._running = [server for server in (postgres, nats, llama, self.embedder) if server]
        await self._start_all()
        self.lost_power = nats is not None and nats.lost_power
        addresses = _addresses(settings, postgres, nats, llama, self.embedder)
        home.write(ADDRESSES_FILE, msgspec.json.encode(addresses).decode())
        return addresses

    async def _start_all(self) -> None:
        starts = [asyncio.create_task(server.start()) for server in self._running]
        try:
            await asyncio.gather(*starts)
        finally:  # when one fails, the others are cancelled
            for start in starts:
                start.cancel()
            await asyncio.wait(starts)


@asynccontextmanager
async def run_servers(settings: Settings) -> AsyncIterator[Addresses]:
    """Runs the servers and yields their addresses."""
    servers = Servers(settings)
    addresses = await servers.start()
    try:
        yield addresses
    finally:
        await servers.stop()


def _addresses(
    settings: Settings, postgres: Postgres | None, nats: Nats | None, llama: Llama | None, embedder: Embedder | None
) -> Addresses:
    configured = settings if settings.embeddings == "on" else Settings()
    postgres_url = postgres.url if postgres else settings.postgres_url or ""
    return Addresses(
        postgres_url=postgres_url,
        state_url=settings.state_url or postgres_url,
        nats_url=nats.url if nats else settings.nats_url or "",
        llm_url=llama.url if llama else settings.llm_url or "",
        llm_key=llama.key if llama else settings.llm_key or "",
        llm_model=llama.model if llama else settings.llm_model or "",
        embeddings_url=embedder.url if embedder else configured.embeddings_url or "",
        embeddings_key=embedder.key if embedder else configured.embeddings_key or "",
        embeddings_model=embedder.model if embedder else configured.embeddings_model or "",
    )
