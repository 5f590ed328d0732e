"""A library with every feature in it, and its archive."""

import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest

from reyna.adapters.memory.files import MemoryFiles
from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.bucket import Bucket, NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Refusal
from reyna.domain.files.file import NewUpload
from reyna.domain.schema import NewSchema
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.service import State
from reyna.services.state.transfer.exports.library_export import LibraryExport

RECIPE = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"type": "string"}}},
    "required": ["steps"],
}


@pytest.fixture
def store(memory_store: Store) -> Store:
    """The store of most tests; the round trip has every other one too."""
    return memory_store


@pytest.fixture
def file_content() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
async def state(store: Store, schemas: Schemas, file_content: MemoryFiles) -> State:
    return State(store, schemas, file_storage=file_content)


class LibraryBuilder:
    """Makes one of everything for one user."""

    def __init__(self, state: State, schemas: Schemas, caller: Caller) -> None:
        self.state, self.schemas, self.caller = state, schemas, caller

    async def bucket(self, name: str, type: str = "scene", under: str | None = None, **more: Any) -> Bucket:
        new = NewBucket(name=name, type=type, parent_bucket_id=under, **more)
        return await self.state.buckets.create(self.caller, new)

    async def text(self, content: str, *buckets: str, parent: str | None = None, **more: Any) -> Blob:
        data = {"content": content} | more
        new = NewBlob(schema_id="text-input-v1", data=data, bucket_ids=buckets, parent_id=parent)
        return await self.state.blobs.create(self.caller, new, parent_revision=None if parent is None else 1)

    async def blob(self, schema_id: str, data: Any, *buckets: str) -> Blob:
        new = NewBlob(schema_id=schema_id, data=data, bucket_ids=buckets)
        return await self.state.blobs.create(self.caller, new)

    async def change(self, blob: Blob, content: str, base: int | None = None) -> Blob:
        change = BlobChange(data=blob.data | {"content": content}, base_revision=base or blob.revision)
        return await self.state.blobs.change(self.caller, blob.id, change)

    async def file(self, content: bytes, name: str) -> str:
        upload = await self.state.uploads.begin(self.caller, NewUpload(name=name))
        await self.state.uploads.append(self.caller, upload.id, 0, content)
        return (await self.state.uploads.finish(self.caller, upload.id)).id

    async def build(self) -> dict[str, Any]:
        """A book with chapters, a blob in three buckets, labels, revisions, late saves, derived and stale blobs, a
        schema of the user's own, a file, unplaced blobs, and things in the trash."""
        recipe = await self.schemas.versions.register(self.caller, NewSchema(name="recipe", json_schema=RECIPE))
        book = await self.bucket("The: Storm/Book?", "book", metadata={"author": "Ana", "language": "en"})
        one = await self.bucket("Chapter One", "chapter", book.id)
        two = await self.bucket("Chapter Two", "chapter", book.id)
        songs = await self.bucket("Songs \u266a", "album-of-mine", metadata={"b": 1.5, "a": [None, True]})
        first = await self.text("# The sea\n\nIt was calm.\r\n", one.id, title="Opening", style="dark")
        shared = await self.text("A refrain.\n\n", two.id, one.id, songs.id)
        await self.state.placements.place(self.caller, songs.id, shared.id, label="chorus")
        await self.state.placements.place(self.caller, one.id, shared.id, after=None)
        derived = await self.text("Derived.", book.id, parent=first.id)
        changed = await self.change(first, "# The sea\n\nIt raged.")
        changed = await self.change(changed, "# The sea\n\nIt raged all night.")
        with suppress(Refusal):
            await self.change(changed, "Too late.", base=1)
        await self.state.revisions.rename(self.caller, first.id, 2, "Second draft")
        image = await self.file(b"\x89PNG\r\n\x1a\n" + bytes(300), "Cover: \u00e9.PNG")
        cover = await self.blob("recipe-v1", {"steps": ["mix", image], "x": {"y": 0.1}}, songs.id)
        last = await self.bucket("Chapter Zero", "chapter", book.id, after=None)
        loose = await self.text("Loose end")
        await self.text("---\nreyna: not ours\n---\n")
        gone = await self.text("Gone", one.id)
        await self.state.trash.trash_blob(self.caller, gone.id)
        return {
            "book": book, "one": one, "two": two, "songs": songs, "first": changed, "shared": shared, "image": image,
            "derived": derived, "cover": cover, "last": last, "loose": loose, "recipe": recipe, "gone": gone,
        }  # fmt: skip


@pytest.fixture
def library(state: State, schemas: Schemas, ana: Caller) -> LibraryBuilder:
    return LibraryBuilder(state, schemas, ana)


async def export_bytes(state: State, caller: Caller, bucket_id: str | None = None, *, revisions: bool = True) -> bytes:
    body = await LibraryExport(state, caller, bucket_id, revisions=revisions).begin()
    return b"".join([chunk async for chunk in body])


def entries_of(archive: bytes) -> dict[str, bytes]:
    """The entries of an archive by path, each of which is there once and whole."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert len(names) == len(set(names))
        return {name: opened.read(name) for name in names}
