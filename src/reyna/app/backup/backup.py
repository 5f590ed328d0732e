"""The backup of a running installation: its tables, documents, files and secrets, of one moment."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple, Protocol

from reyna import __version__
from reyna.adapters.postgres import migrations
from reyna.adapters.postgres.table_copy import table_snapshot
from reyna.app.addresses import Addresses
from reyna.app.backup.home_files import list_home_files
from reyna.app.config import Settings
from reyna.app.services import SERVICE_NAMES
from reyna.app.stores import open_file_storage
from reyna.domain.errors import CannotStart
from reyna.ports.files import FileStorage, ObjectMissing
from reyna.storage.backup.creation import BackupWriter, InstallationFacts
from reyna.storage.backup.cutting import MAX_PIECE_BYTES, ByteCutter, RowCutter, split_documents, split_lines
from reyna.storage.backup.manifest import BackupPart, Manifest, moment_of
from reyna.storage.backup.repository import BackupRepository
from reyna.storage.backup.retention import KeepRule, select_expired

TABLE_SCHEMAS: Final = SERVICE_NAMES  # the search index is built anew from them
DOCUMENT_SERVICE: Final = "state"  # the only service that may store elsewhere than in PostgreSQL
DOCUMENT_PREFIX: Final = f"{DOCUMENT_SERVICE}_"


class BackupProgress(Protocol):
    """Hears how far a backup or a restoration is."""

    def begin(self, step: str, parts: int) -> None: ...

    def advance(self, part: BackupPart) -> None: ...


class SilentProgress:
    def begin(self, step: str, parts: int) -> None: ...

    def advance(self, part: BackupPart) -> None: ...


class FinishedBackup(NamedTuple):
    """A backup that was written, and the names of those that were removed for their age."""

    manifest: Manifest
    removed: list[str]


async def create_backup(
    settings: Settings,
    addresses: Addresses,
    destination: FileStorage,
    passphrase: str,
    *,
    keep: Sequence[KeepRule] = (),
    progress: BackupProgress | None = None,
) -> FinishedBackup:
    """Writes a backup of the installation with these servers, and removes those that `keep` lets go.

    Raises Fault, and CannotStart; what was stored until then is used by the next backup.
    """
    repository = await BackupRepository.open(destination, passphrase, create=True)
    async with repository.lock():
        await repository.load_chunks()
        progress = progress or SilentProgress()
        manifest = await InstallationBackup(settings, addresses, repository, progress).write()
        names = {name: moment_of(name) for name in await repository.list_backups()}
        expired = set(select_expired([moment for moment in names.values() if moment], keep))
        removed = [name for name, moment in names.items() if moment in expired]
        if removed:
            await repository.forget(removed)
    return FinishedBackup(manifest, removed)


class InstallationBackup:
    """Reads an installation and hands it to a repository.

    The tables come first, then the documents, then the files: what a later one is missed by in an earlier one is made
    again or collected, never the other way round.
    """

    def __init__(
        self, settings: Settings, addresses: Addresses, repository: BackupRepository, progress: BackupProgress
    ) -> None:
        self._settings, self._addresses, self._progress = settings, addresses, progress
        self._repository = repository
        self._writer = BackupWriter(repository, on_part=progress.advance)

    async def write(self) -> Manifest:
        await self._writer.load_earlier()
        self._progress.begin("Secrets", 0)
        for name, content in list_home_files(self._settings.home):
            async with self._writer.part(BackupPart(kind="home", name=name), ByteCutter()) as writer:
                await writer.feed(content)
        documents = self._addresses.state_url.startswith("mongodb")
        async with AsyncExitStack() as stack:
            revision = await migrations.revision_at(self._addresses.postgres_url)
            if revision is None:
                raise CannotStart("there is nothing to back up: the studio was never started with this database")
            tables = await stack.enter_async_context(table_snapshot(self._addresses.postgres_url, TABLE_SCHEMAS))
            self._progress.begin("Tables", len(tables.tables))
            for table in tables.tables:
                part = BackupPart(kind="table", name=table.full_name, columns=table.columns)
                async with self._writer.part(part, RowCutter(split_lines)) as writer:
                    await tables.copy(table, writer.feed)
            sequences = tables.sequences
        if documents:
            await self._write_documents()
        await self._write_objects(open_file_storage(self._settings))
        return await self._writer.finish(
            InstallationFacts(
                version=__version__,
                tables_revision=revision,
                sequences=sequences,
                documents=documents,
                secret_fingerprint=secret_fingerprint(self._settings, self._repository),
            )
        )

    async def _write_documents(self) -> None:
        from reyna.adapters.mongo.document_copy import document_copies  # only with MongoDB

        async with document_copies(self._addresses.state_url, DOCUMENT_PREFIX) as copies, copies.snapshot():
            names = await copies.list_collections()
            self._progress.begin("Documents", len(names))
            for name in names:
                part = BackupPart(kind="documents", name=name)
                async with self._writer.part(part, RowCutter(split_documents)) as writer:
                    await copies.copy(name, writer.feed)

    async def _write_objects(self, files: FileStorage) -> None:
        found = [one async for one in files.list("")]
        self._progress.begin("Files", len(found))
        for one in found:
            part = BackupPart(kind="object", name=one.key, size=one.size, modified_at=one.modified_at)
            if await self._writer.keep(part):
                continue
            try:
                async with self._writer.part(part, ByteCutter()) as writer:
                    for start in range(0, one.size, MAX_PIECE_BYTES):
                        await writer.feed(await files.read(one.key, start, min(MAX_PIECE_BYTES, one.size - start)))
            except ObjectMissing:  # collected since it was listed
                continue


def secret_fingerprint(settings: Settings, repository: BackupRepository) -> str | None:
    """Returns the fingerprint of the secret of the installation; None where it has none yet."""
    if settings.secret is None and not (settings.home / "secret").is_file():
        return None
    return repository.keys.fingerprint(settings.signing_secret())
