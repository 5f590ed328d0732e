"""The guard of the disk space: nothing new is written to a nearly full disk, reads work, and it recovers by itself."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.errors import StorageFull
from reyna.ports.store import Collection, Delete, Put
from reyna.storage.disk_space import RECOVERY_BYTES, DiskSpace, DiskSpaceGuard

MIN_FREE_BYTES = 100 * 1024**2
ANA = "user-ana"


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    user_id: str = ANA
    revision: int = 1
    created_at: datetime = datetime(2026, 5, 4, tzinfo=UTC)


THINGS = Collection("state.things", Thing)


class Disk:
    """A disk whose room a test sets; time passes with each look."""

    def __init__(self) -> None:
        self.free, self.looks = MIN_FREE_BYTES, 0

    def of(self, folder: Path) -> int:
        self.looks += 1
        return self.free


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def store(disk: Disk) -> DiskSpaceGuard:
    seconds = iter(range(0, 1_000_000, 2))
    space = DiskSpace(Path(), least=MIN_FREE_BYTES, free=disk.of, clock=lambda: float(next(seconds)))
    return DiskSpaceGuard(MemoryStore([THINGS]), space)


async def test_nothing_new_is_written_while_there_is_no_room_and_all_can_be_read(
    store: DiskSpaceGuard, disk: Disk
) -> None:
    await store.write(Put(THINGS, Thing(id="thing-1")))
    disk.free = MIN_FREE_BYTES - 1
    with pytest.raises(StorageFull, match="Only 99 MiB are free"):
        await store.write(Put(THINGS, Thing(id="thing-2")))
    assert await store.get(THINGS, ANA, "thing-1") == Thing(id="thing-1")
    assert await store.get(THINGS, ANA, "thing-2") is None


async def test_what_only_removes_is_done(store: DiskSpaceGuard, disk: Disk) -> None:
    await store.write(Put(THINGS, Thing(id="thing-1")))
    disk.free = 0
    await store.write(Delete(THINGS, ANA, "thing-1"))
    assert await store.get(THINGS, ANA, "thing-1") is None


async def test_it_heals_by_itself_with_a_margin(store: DiskSpaceGuard, disk: Disk) -> None:
    disk.free = MIN_FREE_BYTES - 1
    with pytest.raises(StorageFull):
        await store.write(Put(THINGS, Thing(id="thing-1")))
    disk.free = MIN_FREE_BYTES + RECOVERY_BYTES - 1
    with pytest.raises(StorageFull):
        await store.write(Put(THINGS, Thing(id="thing-1")))
    disk.free = MIN_FREE_BYTES + RECOVERY_BYTES
    await store.write(Put(THINGS, Thing(id="thing-1")))


async def test_the_disk_is_looked_at_once_a_second(disk: Disk) -> None:
    space = DiskSpace(Path(), least=MIN_FREE_BYTES, free=disk.of, clock=lambda: 7.0)
    for _ in range(100):
        assert space.problem() is None
    assert disk.looks == 1
