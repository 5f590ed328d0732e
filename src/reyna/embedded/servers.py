"""The real servers of this studio, side by side: those that were not set are started here, in our home."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

import msgspec

from reyna.config import Settings
from reyna.embedded.home import Home
from reyna.embedded.llama import Llama
from reyna.embedded.nats import Nats
from reyna.embedded.postgres import Postgres

ADDRESSES: Final = "servers.json"


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the servers are, passwords and keys included; `llm_url` ends in the `/v1` that clients expect."""

    postgres_url: str
    state_url: str
    nats_url: str
    llm_url: str
    llm_key: str
    llm_model: str

    def __repr__(self) -> str:
        return "Addresses(…)"


class Server(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Servers:
    """PostgreSQL, NATS and a language model, as `settings` say; what is embedded lives from `start` to `stop`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home: Home | None = None
        self._running: list[Server] = []

    async def start(self) -> Addresses:
        """Returns when all of them answer. Raises CannotStart, and then nothing is left running."""
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
                (self._home.path / ADDRESSES).unlink(missing_ok=True)
                self._home.unlock()
                self._home = None

    async def _start(self) -> Addresses:
        settings = self._settings
        if settings.postgres_url and settings.nats_url and settings.llm_url:
            return _addresses(settings, None, None, None)
        home = Home(settings.home)
        home.lock()
        self._home = home
        postgres = None if settings.postgres_url else Postgres(home)
        nats = None if settings.nats_url else Nats(home)
        llama = None if settings.llm_url else Llama(home, settings.llm_model)
        self._running = [server for server in (postgres, nats, llama) if server]
        await self._start_all()
        addresses = _addresses(settings, postgres, nats, llama)
        home.keep(ADDRESSES, msgspec.json.encode(addresses).decode())
        return addresses

    async def _start_all(self) -> None:
        starts = [asyncio.create_task(server.start()) for server in self._running]
        try:
            await asyncio.gather(*starts)
        finally:  # when one fails, the others are not waited for
            for start in starts:
                start.cancel()
            await asyncio.wait(starts)


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncIterator[Addresses]:
    """The servers' addresses, while they run."""
    servers = Servers(settings)
    addresses = await servers.start()
    try:
        yield addresses
    finally:
        await servers.stop()


def running(home: Path) -> Addresses | None:
    """The addresses of the studio that runs in this home now, for commands beside it; None when none does."""
    if not (home / "lock").exists():
        return None
    there = Home(home)
    written = there.kept(ADDRESSES)  # not there while it is still starting, and of no worth when it was killed
    return msgspec.json.decode(written, type=Addresses) if written and there.is_held() else None


def _addresses(settings: Settings, postgres: Postgres | None, nats: Nats | None, llama: Llama | None) -> Addresses:
    postgres_url = postgres.url if postgres else settings.postgres_url or ""
    return Addresses(
        postgres_url=postgres_url,
        state_url=settings.state_url or postgres_url,
        nats_url=nats.url if nats else settings.nats_url or "",
        llm_url=llama.url if llama else settings.llm_url or "",
        llm_key=llama.key if llama else settings.llm_key or "",
        llm_model=llama.model if llama else settings.llm_model or "",
    )
