"""A processor saves and opens files: in memory, over the bus, and when it only rehearses."""

from collections.abc import AsyncIterator

import pytest

from reyna.domain.caller import Caller
from reyna.domain.files.file import PART_BYTES
from reyna.sdk import Blob, Context, NotFound, Processor
from reyna.sdk.files.file_access import BusFiles
from reyna.sdk.testing import SavedFiles, a_blob, rehearse, run
from tests.support.files import FilesInMemory

CONTENT = bytes(range(256)) * 20_000  # more than one part
NOTE = a_blob("text-input-v1", {"content": "A storm."})


async def in_pieces(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


binder = Processor("binder", takes="text-input-v1", makes="compiled-book-v1")


@binder
async def bind(blob: Blob, context: Context[None]) -> dict[str, object]:
    file = await context.save_file("book.txt", blob.data["content"].encode())
    again = b"".join([part async for part in context.open_file(file.id)])
    return {"file_id": file.id, "text": again.decode()}


async def test_a_processor_saves_a_file_and_opens_it_again() -> None:
    files = SavedFiles()
    result = await run(binder, NOTE, files=files)
    (file,) = files.files.values()
    assert (file.name, file.size) == ("book.txt", 8)
    assert result.data == {"file_id": file.id, "text": "A storm."}


async def test_a_processor_opens_a_file_that_its_test_has_added() -> None:
    files = SavedFiles()
    added = files.add("song.wav", b"RIFF", "audio/wav")

    reader: Processor[None] = Processor("reader", takes="text-input-v1", makes="compiled-book-v1")

    @reader
    def read(blob: Blob, context: Context[None]) -> dict[str, object]:
        return {"text": b"".join(context.iterate(context.open_file(added.id))).decode()}

    assert (await run(reader, NOTE, files=files)).data == {"text": "RIFF"}


async def test_a_rehearsal_saves_nothing() -> None:
    assert (await rehearse(binder, NOTE)).complete


async def test_a_file_of_any_size_goes_over_the_bus_in_parts(ana: Caller, bo: Caller) -> None:
    assert len(CONTENT) > PART_BYTES
    access = BusFiles(FilesInMemory())
    file = await access.save(ana, "big.bin", in_pieces(CONTENT))
    assert (file.size, file.name) == (len(CONTENT), "big.bin")
    assert b"".join([part async for part in access.open(ana, file.id)]) == CONTENT
    assert await access.save(ana, "again.bin", in_pieces(CONTENT, 7_777)) == file
    with pytest.raises(NotFound):
        await anext(access.open(bo, file.id))
    empty = await access.save(ana, "", in_pieces(b""))
    assert [part async for part in access.open(ana, empty.id)] == []
