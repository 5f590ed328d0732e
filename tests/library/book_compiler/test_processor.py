"""The book compiler as a run: the book of a bucket or of a text, its place, refusals, and the end of its process."""

import asyncio
import hashlib
from typing import Any

import pytest

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.library.book_compiler import book_compiler
from reyna.library.book_compiler.book.tree import MAX_DEPTH
from reyna.library.book_compiler.child_process import compile_in_child
from reyna.library.book_compiler.request import CompileRequest, ImageNames
from reyna.library.book_compiler.settings import BookSettings
from reyna.sdk import Refuse
from reyna.sdk.files.memory_files import SavedFiles
from reyna.sdk.testing import USER, RunResult, a_blob, run
from tests.library.book_compiler.books import WRITTEN_AT, a_long_book
from tests.library.book_compiler.pictures import png_bytes


def bucket(id: str, type: str, parent: str | None = None, **fields: Any) -> Bucket:
    return Bucket(
        id=f"bucket-{id}",
        user_id=USER,
        name=id.capitalize(),
        type=type,
        parent_bucket_id=parent and f"bucket-{parent}",
        rank=id,
        created_at=WRITTEN_AT,
        updated_at=WRITTEN_AT,
        **fields,
    )


def note(content: str, place: str, **fields: Any) -> Blob:
    return a_blob("text-input-v1", {"content": content}, bucket_ids=(f"bucket-{place}",), **fields)


BUCKETS = [
    bucket("book", "book", metadata={"author": "Ana Reyes"}),
    bucket("first", "chapter", "book"),
    bucket("second", "chapter", "book"),
    bucket("notes", "research", "book"),
]


async def compile_with(blob: Blob, *others: Blob, buckets: Any = BUCKETS, **settings: Any) -> RunResult:
    given = {"formats": ["markdown"]} | settings
    return await run(book_compiler, blob, settings=given, blobs=others, buckets=buckets)


async def test_a_book_is_compiled_out_of_its_bucket_and_placed_there() -> None:
    first, second = note("It began.", "first"), note("It *ended*.", "second")
    ran = await compile_with(second, first, note("Facts.", "notes"), bucket_id="bucket-book", formats=["docx", "epub"])
    (output,) = ran.outputs
    assert output.bucket_ids == ("bucket-book",)
    assert (output.data["title"], output.data["author"], output.data["words"]) == ("Book", "Ana Reyes", 4)
    assert [(one["title"], one["content"], one["blob_ids"]) for one in output.data["chapters"]] == [
        ("First", "It began.", [first.id]),
        ("Second", "It *ended*.", [second.id]),
    ]
    assert ran.reports[-1][0] == 1.0


async def test_its_files_are_kept_and_its_images_are_read() -> None:
    files = SavedFiles()
    image = files.add("gallery.png", png_bytes())
    text = note(f"It began.\n\n![The gallery](/api/files/{image.id})\n\n![Gone](file-gone)", "first")
    settings = {"formats": ["html", "docx"]}
    ran = await run(book_compiler, text, settings=settings, buckets=BUCKETS, files=files)
    page, docx = ran.data["files"]
    content = files.contents[page["file_id"]]
    assert (page["format"], page["name"], page["size"]) == ("html", "Book.html", len(content))
    assert page["sha256"] == hashlib.sha256(content).hexdigest()
    assert b'alt="The gallery"' in content
    assert b"[Image: Gone]" in content
    assert files.contents[docx["file_id"]].startswith(b"PK")


async def test_without_a_bucket_it_is_the_book_that_holds_the_text() -> None:
    shelf = bucket("shelf", "shelf")
    book = bucket("book", "book", "shelf")
    ran = await compile_with(note("It began.", "first"), buckets=[shelf, book, *BUCKETS[1:]])
    assert (ran.outputs[0].bucket_ids, ran.data["title"]) == (("bucket-book",), "Book")


async def test_what_cannot_be_a_book_is_refused() -> None:
    text = note("It began.", "first")
    with pytest.raises(Refuse, match="no bucket of yours"):
        await compile_with(text, bucket_id="bucket-none")
    with pytest.raises(Refuse, match="no text in this bucket"):
        await compile_with(text, bucket_id="bucket-second")
    with pytest.raises(Refuse, match="is in no bucket"):
        await compile_with(a_blob("text-input-v1", {"content": "x"}))
    with pytest.raises(Refuse, match="settings"):
        await compile_with(text, formats=["rtf"])


async def test_buckets_that_nest_without_end_are_refused() -> None:
    levels = [bucket("0", "book"), *(bucket(str(n), "scene", str(n - 1)) for n in range(1, MAX_DEPTH + 3))]
    with pytest.raises(Refuse, match="levels"):
        await compile_with(note("x", "0"), buckets=levels)


async def test_a_cancelled_run_ends_its_process(tmp_path: Any) -> None:
    started = asyncio.Event()

    async def on_progress(fraction: float) -> None:
        started.set()

    async def no_images(sources: tuple[str, ...]) -> ImageNames:
        return ImageNames()

    settings = BookSettings(formats=("pdf", "print-pdf"))
    request = CompileRequest(root=a_long_book(), settings=settings, folder=str(tmp_path))
    work = asyncio.create_task(compile_in_child(request, no_images, on_progress))
    await asyncio.wait_for(started.wait(), 120)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work  # returns only after the child has ended
