"""The promises of the FileStorage port, on every adapter."""

import asyncio
import os
from pathlib import Path
from uuid import uuid4

import pytest

from reyna.adapters.memory.files import MemoryFiles
from reyna.adapters.objectstore.storage import open_by_url, open_local
from reyna.ports.files import FileStorage, ObjectMissing

S3_URL = os.environ.get("REYNA_TEST_S3_URL", "")  # such as s3://bucket, with AWS_ENDPOINT and keys in the environment
ADAPTERS = ["memory", "local", *(["s3"] if S3_URL else [])]


@pytest.fixture(params=ADAPTERS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> FileStorage:
    match request.param:
        case "memory":
            return MemoryFiles()
        case "local":
            return open_local(tmp_path / "files")
    return open_by_url(f"{S3_URL.rstrip('/')}/{uuid4()}")


async def keys_in(storage: FileStorage, prefix: str) -> list[str]:
    return sorted([found.key async for found in storage.list(prefix)])


async def test_what_is_put_is_read_in_any_range(storage: FileStorage) -> None:
    await storage.put("user-1/upload-1/a", b"0123456789")
    assert await storage.read("user-1/upload-1/a", 0, 10) == b"0123456789"
    assert await storage.read("user-1/upload-1/a", 3, 4) == b"3456"
    assert await storage.read("user-1/upload-1/a", 9, 1) == b"9"


async def test_what_is_put_again_is_replaced(storage: FileStorage) -> None:
    await storage.put("a/b", b"old and longer")
    await storage.put("a/b", b"new")
    assert await storage.read("a/b", 0, 3) == b"new"
    assert [found.size async for found in storage.list("a/")] == [3]


@pytest.mark.parametrize(("start", "length"), [(0, 11), (8, 4), (10, 1), (100, 1)])
async def test_bytes_behind_the_end_are_missing(storage: FileStorage, start: int, length: int) -> None:
    await storage.put("a/b", b"0123456789")
    with pytest.raises(ObjectMissing):
        await storage.read("a/b", start, length)


async def test_what_was_never_put_is_missing(storage: FileStorage) -> None:
    with pytest.raises(ObjectMissing):
        await storage.read("a/b", 0, 1)


async def test_what_is_deleted_is_gone_and_the_rest_stays(storage: FileStorage) -> None:
    for key in ("a/1/x", "a/1/y", "a/2/x"):
        await storage.put(key, b"1")
    await storage.delete(["a/1/x", "a/1/never", "a/3/never"])
    await storage.delete([])
    assert await keys_in(storage, "") == ["a/1/y", "a/2/x"]


async def test_a_list_is_of_one_folder_alone(storage: FileStorage) -> None:
    for key in ("user-1/a/x", "user-1/b/x", "user-12/a/x"):
        await storage.put(key, b"12")
    assert await keys_in(storage, "user-1/") == ["user-1/a/x", "user-1/b/x"]
    assert await keys_in(storage, "user-1/b/") == ["user-1/b/x"]
    assert await keys_in(storage, "nobody/") == []


async def test_objects_can_be_put_and_read_side_by_side(storage: FileStorage) -> None:
    await asyncio.gather(*(storage.put(f"a/{number}", bytes([number]) * 1000) for number in range(50)))
    read = await asyncio.gather(*(storage.read(f"a/{number}", 10, 5) for number in range(50)))
    assert read == [bytes([number]) * 5 for number in range(50)]


async def test_a_storage_that_answers_is_ready(storage: FileStorage) -> None:
    await storage.check()
