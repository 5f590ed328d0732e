"""The verification of a backup: every chunk that it needs is there, opens, and is what its name says."""

from collections.abc import AsyncIterator, Callable

from reyna.storage.backup.encryption import DamagedBackup
from reyna.storage.backup.manifest import BackupPart, Manifest
from reyna.storage.backup.repository import BackupRepository

OnPart = Callable[[BackupPart], None]


async def verify_backup(repository: BackupRepository, manifest: Manifest, on_part: OnPart) -> None:
    """Raises DamagedBackup, and nothing was written anywhere."""
    seen: set[str] = set()
    parts = rows = size = 0
    async for part in repository.read_parts(manifest):
        for reference in part.chunks:
            if reference.name not in seen:
                await repository.read_chunk(reference)
                seen.add(reference.name)
        parts, rows, size = parts + 1, rows + part.rows, size + part.size
        on_part(part)
    if (parts, rows, size) != (manifest.parts, manifest.rows, manifest.size):
        raise DamagedBackup(f"the backup is damaged: {manifest.name} does not have all of its parts")


async def read_part(repository: BackupRepository, part: BackupPart) -> AsyncIterator[bytes]:
    """Yields the content of a part in pieces."""
    for reference in part.chunks:
        yield await repository.read_chunk(reference)
