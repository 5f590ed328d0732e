"""The repository of backups: what is sealed opens again, what was changed is found, what is the same is stored once."""

from datetime import UTC, datetime, timedelta

import pytest

from reyna.adapters.memory.files import MemoryFiles
from reyna.domain.errors import CannotStart
from reyna.storage.backup.creation import BackupWriter, InstallationFacts
from reyna.storage.backup.cutting import ByteCutter, RowCutter, split_lines
from reyna.storage.backup.encryption import BackupKeys, DamagedBackup
from reyna.storage.backup.manifest import BackupPart, Manifest
from reyna.storage.backup.repository import BackupRepository, DestinationBusy, latest_backup_at
from reyna.storage.backup.verification import read_part, verify_backup

KEYS = BackupKeys(b"k" * 32)
FACTS = InstallationFacts(version="1.0", tables_revision="v0001")
MORNING = datetime(2026, 5, 4, 3, 30, tzinfo=UTC)


async def write(
    repository: BackupRepository, rows: list[str], song: bytes = b"a song", moment: datetime = MORNING
) -> Manifest:
    """Writes a backup of one table and one object."""
    await repository.load_chunks()
    writer = BackupWriter(repository, clock=lambda: moment)
    await writer.load_earlier()
    async with writer.part(BackupPart(kind="table", name="state.blobs"), RowCutter(split_lines)) as table:
        for row in rows:
            await table.feed(row.encode() + b"\n")
    part = BackupPart(kind="object", name="user-1/song", size=len(song), modified_at=1.0)
    if not await writer.keep(part):
        async with writer.part(part, ByteCutter()) as content:
            await content.feed(song)
    return await writer.finish(FACTS)


async def contents(repository: BackupRepository, manifest: Manifest) -> dict[str, bytes]:
    return {
        part.name: b"".join([piece async for piece in read_part(repository, part)])
        async for part in repository.read_parts(manifest)
    }


async def test_what_was_backed_up_comes_back_as_it_was() -> None:
    repository = BackupRepository(MemoryFiles(), KEYS)
    written = await write(repository, ["The ship sailed.", "The storm came."])
    manifest = await repository.read_manifest(written.name)
    assert await contents(repository, manifest) == {
        "state.blobs": b"The ship sailed.\nThe storm came.\n",
        "user-1/song": b"a song",
    }
    assert (manifest.parts, manifest.rows) == (2, 2)


async def test_nothing_of_the_content_and_no_name_can_be_read_at_the_destination() -> None:
    storage = MemoryFiles()
    await write(BackupRepository(storage, KEYS), ["The ship sailed."])
    stored = b"".join(key.encode() + content for key, (content, _) in storage.objects.items())
    assert b"ship" not in stored
    assert b"blobs" not in stored
    assert b"user-1" not in stored


async def test_a_second_backup_of_the_same_content_writes_its_manifest_alone() -> None:
    storage = MemoryFiles()
    repository = BackupRepository(storage, KEYS)
    await write(repository, ["The ship sailed."])
    before = set(storage.objects)
    again = await write(repository, ["The ship sailed."], moment=MORNING + timedelta(days=1))
    assert set(storage.objects) - before == {f"backups/{again.name}"}
    assert again.new_size == 0


async def test_a_changed_row_in_a_long_table_writes_a_small_part_of_it_again() -> None:
    repository = BackupRepository(MemoryFiles(), KEYS)
    rows = [f"{number:08} {number * 7919 % 10_007:05}" * 20 for number in range(40_000)]
    first = await write(repository, rows)
    second = await write(repository, [*rows[:20_000], "a new row", *rows[20_000:]], moment=MORNING + timedelta(days=1))
    assert first.size > 10 * 1024**2
    assert second.new_size < first.new_size / 4


async def test_every_flipped_bit_is_found() -> None:
    storage = MemoryFiles()
    repository = BackupRepository(storage, KEYS)
    manifest = await write(repository, ["The ship sailed."])
    for key, (content, at) in dict(storage.objects).items():
        for place in (0, len(content) // 2, len(content) - 1):
            damaged = bytearray(content)
            damaged[place] ^= 1
            storage.objects[key] = bytes(damaged), at
            with pytest.raises(DamagedBackup):
                await verify_backup(
                    repository, await repository.read_manifest(manifest.name), on_part=lambda part: None
                )
        storage.objects[key] = content, at
    await verify_backup(repository, manifest, on_part=lambda part: None)


async def test_a_missing_chunk_and_one_that_was_exchanged_for_another_are_found() -> None:
    storage = MemoryFiles()
    repository = BackupRepository(storage, KEYS)
    manifest = await write(repository, ["The ship sailed."])
    first, second, *_ = [key for key in storage.objects if key.startswith("chunks/")]
    kept = dict(storage.objects)
    storage.objects[first] = kept[second]
    with pytest.raises(DamagedBackup):
        await verify_backup(repository, manifest, on_part=lambda part: None)
    storage.objects = {key: value for key, value in kept.items() if key != first}
    with pytest.raises(DamagedBackup, match="missing"):
        await verify_backup(repository, manifest, on_part=lambda part: None)


async def test_a_wrong_passphrase_is_one_clear_line_and_the_right_one_opens() -> None:
    storage = MemoryFiles()
    created = await BackupRepository.open(storage, "correct horse battery", create=True)
    manifest = await write(created, ["The ship sailed."])
    opened = await BackupRepository.open(storage, "correct horse battery")
    assert (await contents(opened, manifest))["user-1/song"] == b"a song"
    with pytest.raises(CannotStart, match="not the passphrase"):
        await BackupRepository.open(storage, "wrong horse battery")


@pytest.mark.parametrize(
    ("objects", "passphrase", "reason"),
    [
        ({}, "short", "8 characters"),
        ({"photos/1.jpg": (b"", 0.0)}, "long enough", "holds photos/1.jpg and no backup"),
        ({"reyna-backup.json": (b"{}".ljust(512), 0.0)}, "long enough", "damaged"),
        (
            {
                "reyna-backup.json": (
                    b'{"salt":"AAAA","sealed_key":"AAAA","memory_kib":999999999,"passes":1,"lanes":1}'.ljust(512),
                    0.0,
                )
            },
            "long enough",
            "damaged",
        ),
    ],
)
async def test_a_destination_that_cannot_be_used_is_refused(
    objects: dict[str, tuple[bytes, float]], passphrase: str, reason: str
) -> None:
    storage = MemoryFiles()
    storage.objects = objects
    with pytest.raises(CannotStart, match=reason):
        await BackupRepository.open(storage, passphrase, create=True)
    assert storage.objects == objects


async def test_forgetting_a_backup_removes_what_no_other_needs() -> None:
    storage = MemoryFiles()
    repository = BackupRepository(storage, KEYS)
    first = await write(repository, ["The ship sailed."])
    second = await write(repository, ["The storm came."], moment=MORNING + timedelta(days=1))
    assert await repository.forget([first.name]) == 2  # its table and its index; the song is the same
    assert await repository.list_backups() == [second.name]
    await verify_backup(repository, second, on_part=lambda part: None)


async def test_two_backups_to_one_destination_do_not_run_at_once() -> None:
    storage = MemoryFiles()
    first, second = BackupRepository(storage, KEYS), BackupRepository(storage, KEYS)
    async with first.lock():
        with pytest.raises(DestinationBusy):
            async with second.lock():
                pass
    async with second.lock():
        pass
    assert storage.objects == {}


async def test_the_lock_of_a_backup_that_was_killed_holds_for_ten_minutes() -> None:
    storage = MemoryFiles()
    repository = BackupRepository(storage, KEYS)
    await storage.put("locks/of-another", b"")
    storage.objects["locks/of-another"] = b"", storage.objects["locks/of-another"][1] - 601
    async with repository.lock():
        assert "locks/of-another" not in storage.objects


async def test_the_age_of_the_last_backup_needs_no_passphrase() -> None:
    storage = MemoryFiles()
    assert await latest_backup_at(storage) is None
    await write(BackupRepository(storage, KEYS), ["The ship sailed."])
    assert await latest_backup_at(storage) == MORNING
