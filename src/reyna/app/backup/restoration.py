"""The restoration of a backup into an empty home, and into empty databases of your own where the settings name some."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reyna.adapters.postgres import migrations
from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.store import PostgresStore
from reyna.adapters.postgres.table_copy import TableRestore, drop_tables, table_restore
from reyna.app.backup.backup import DOCUMENT_PREFIX, TABLE_SCHEMAS, BackupProgress, secret_fingerprint
from reyna.app.backup.home_files import write_home_file
from reyna.app.config import Settings
from reyna.app.servers import run_servers
from reyna.app.services import find_service
from reyna.app.stores import open_file_storage
from reyna.domain.errors import CannotStart, Fault
from reyna.embedded.home import Home
from reyna.ports.files import FileStorage
from reyna.services.processors.dispatch.lost_messages import send_lost_messages
from reyna.storage.backup.encryption import DamagedBackup
from reyna.storage.backup.manifest import BackupPart, Manifest
from reyna.storage.backup.repository import BackupRepository
from reyna.storage.backup.verification import read_part, verify_backup
from reyna.transport.rpc import Signer

if TYPE_CHECKING:
    from reyna.adapters.mongo.document_copy import DocumentCopies

UNUSED_NATS_URL: Final = "nats://unused.invalid"  # so that no server is started; nothing connects to it
UNUSED_LLM_URL: Final = "http://unused.invalid"
MAX_OBJECT_BYTES: Final = 256 * 1024**2  # of one object, which is written as a whole; those of files have 8 MiB


class InstallationRestoration:
    """Restores one backup. Nothing is written before all of it was read once and found whole."""

    def __init__(self, settings: Settings, repository: BackupRepository, manifest: Manifest) -> None:
        self._settings, self._repository, self._manifest = settings, repository, manifest

    async def check_target(self, *, force: bool) -> None:
        """Raises CannotStart unless the home and the databases are empty; with `force` only where a studio runs, or
        where the backup does not fit the settings."""
        home, manifest = self._settings.home, self._manifest
        if (home / "lock").exists() and Home(home).is_held():
            raise CannotStart(f"a studio is running in {home}: stop it first, or set REYNA_HOME to another folder")
        if manifest.tables_revision > migrations.newest():
            raise CannotStart(
                f"the backup is of a later version ({manifest.version}): install that version of the studio"
            )
        if manifest.documents != (self._settings.state_url or "").startswith("mongodb"):
            raise CannotStart(
                "the backup has the content of a MongoDB: set REYNA_STATE_URL to one that is empty"
                if manifest.documents
                else "the backup has its content in PostgreSQL: do not set REYNA_STATE_URL to a MongoDB"
            )
        if self._settings.secret is not None:
            self._check_secret()
        if not force:
            await self._check_empty()

    async def verify(self, progress: BackupProgress) -> None:
        """Reads and checks all of it. Raises DamagedBackup."""
        progress.begin("Checking", self._manifest.parts)
        await verify_backup(self._repository, self._manifest, progress.advance)

    async def run(self, progress: BackupProgress, *, force: bool) -> None:
        """Restores it. With `force`, a home that holds something is set aside first, under another name.

        Raises Fault and CannotStart; then the home is as empty as before.
        """
        home = self._settings.home
        if force:
            await self._clear(home)
        progress.begin("Restoring", self._manifest.parts)
        try:
            await self._restore(progress)
        except BaseException:
            _empty(home)
            with suppress(Fault):  # a server that went away is the reason perhaps
                await self._drop_databases()
            raise

    async def _check_empty(self) -> None:
        home = self._settings.home
        if home.exists() and (not home.is_dir() or any(home.iterdir())):
            raise CannotStart(f"{home} holds something already: set REYNA_HOME to an empty folder, or give --force")
        url = self._settings.postgres_url
        if url is not None and await migrations.revision_at(url) is not None:
            raise CannotStart("REYNA_POSTGRES_URL: the database holds a studio: name an empty one, or give --force")
        if self._manifest.documents:
            async with _documents(self._settings.state_url or "") as copies:
                if await copies.list_collections():
                    raise CannotStart("REYNA_STATE_URL: the database holds a studio: name an empty one, or --force")

    async def _clear(self, home: Path) -> None:
        await asyncio.to_thread(_set_aside, home)
        await self._drop_databases()

    async def _drop_databases(self) -> None:
        """Drops the tables and documents in databases of your own; embedded ones are in the home."""
        if self._settings.postgres_url is not None:
            await drop_tables(self._settings.postgres_url, (*TABLE_SCHEMAS, "search"))
        if self._manifest.documents:
            async with _documents(self._settings.state_url or "") as copies:
                await copies.drop()

    async def _restore(self, progress: BackupProgress) -> None:
        home = Home(self._settings.home)
        files = open_file_storage(self._settings)
        own = replace(
            self._settings,
            nats_url=self._settings.nats_url or UNUSED_NATS_URL,
            llm_url=self._settings.llm_url or UNUSED_LLM_URL,
        )
        async for part in self._repository.read_parts(self._manifest):
            if part.kind == "home":  # before the servers, which find their passwords there
                write_home_file(home, part.name, await self._read_whole(part))
                progress.advance(part)
        self._check_secret()
        async with run_servers(own) as addresses:
            url = addresses.postgres_url
            async with table_restore(url, self._manifest.tables_revision) as tables:
                async for part in self._repository.read_parts(self._manifest):
                    if part.kind != "home":
                        await self._restore_part(part, tables, files)
                        progress.advance(part)
                await tables.set_sequences(self._manifest.sequences)
            await migrations.migrate(url)
            await self._send_lost_messages(url)

    async def _restore_part(self, part: BackupPart, tables: TableRestore, files: FileStorage) -> None:
        match part.kind:
            case "table":
                await tables.fill(part.name, part.columns, read_part(self._repository, part))
            case "documents":
                async with _documents(self._settings.state_url or "") as copies:
                    await copies.fill(part.name, read_part(self._repository, part))
            case _:
                await files.put(part.name, await self._read_whole(part))

    async def _read_whole(self, part: BackupPart) -> bytes:
        if part.size > MAX_OBJECT_BYTES:
            raise DamagedBackup(f"the backup has an object that is too large: {part.name}")
        return b"".join([piece async for piece in read_part(self._repository, part)])

    def _check_secret(self) -> None:
        """Raises CannotStart where the keys of models and the tokens of workers could not be read any more."""
        expected = self._manifest.secret_fingerprint
        if expected is not None and secret_fingerprint(self._settings, self._repository) != expected:
            raise CannotStart("REYNA_SECRET: the backup was made with another one; set it to the same text as there")

    async def _send_lost_messages(self, url: str) -> None:
        """Hands runs to workers again, and dead letters to those who listen: the streams are not in the backup."""
        service = find_service("processors")
        pool = await open_pool(url, size=1)
        try:
            store = PostgresStore(pool, service.name, service.collections)
            await send_lost_messages(store, Signer(self._settings.signing_secret()))
        finally:
            await pool.close()


@asynccontextmanager
async def _documents(url: str) -> AsyncIterator["DocumentCopies"]:
    from reyna.adapters.mongo.document_copy import document_copies  # only with MongoDB

    async with document_copies(url, DOCUMENT_PREFIX) as copies:
        yield copies


def _set_aside(home: Path) -> None:
    home = home.absolute()
    if home.is_dir() and any(home.iterdir()):
        home.rename(home.with_name(f"{home.name}.before-{datetime.now(UTC).strftime('%Y%m%dT%H%M%S')}"))


def _empty(home: Path) -> None:
    """Removes what a restoration that failed has left in the home, and not the folder, which may be a mount."""
    for path in home.iterdir() if home.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
