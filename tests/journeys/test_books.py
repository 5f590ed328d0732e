"""A book from its buckets to its files: compiled by a run, and by the command on a terminal."""

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import Any, Final
from zipfile import is_zipfile

from tests.journeys.people import Person

COMPILED: Final = "compiled-book-v1"


async def a_book(person: Person) -> dict[str, Any]:
    """Returns a book with two chapters, written in another order than they are read in."""
    book: dict[str, Any] = await person.post("/buckets", {"name": "The Storm", "type": "book"})
    for name in ("One", "Two"):
        chapter = {"name": name, "type": "chapter", "parent_bucket_id": book["id"]}
        place = [(await person.post("/buckets", chapter))["id"]]
        note = {"schema_id": "text-input-v1", "data": {"content": f"Chapter {name}."}, "bucket_ids": place}
        book["note"] = (await person.post("/blobs", note))["id"]
    return book


async def test_a_bucket_is_compiled_as_one_book(ana: Person, bo: Person) -> None:
    device = await ana.device()
    book = await a_book(ana)
    body = {"processor_id": "book-compiler", "bucket_id": book["id"], "settings": {"formats": ["docx", "pdf"]}}
    assert (await bo.rest.post("/runs", json=body)).status_code == 404
    (run,) = (await ana.post("/runs", body))["items"]
    ended = await device.receive_until(
        lambda frame: (
            frame["type"] in {"processor.completed", "processor.failed", "processor.refused"}
            and frame["run_id"] == run["id"]
        )
    )
    assert ended[-1]["type"] == "processor.completed", ended[-1]
    compiled = await ana.get(f"/blobs/{ended[-1]['output_blob_ids'][0]}")
    assert (compiled["schema_id"], compiled["bucket_ids"]) == (COMPILED, [book["id"]])
    assert [(one["title"], one["content"]) for one in compiled["data"]["chapters"]] == [
        ("One", "Chapter One."),
        ("Two", "Chapter Two."),
    ]
    docx, pdf = compiled["data"]["files"]
    assert (docx["name"], pdf["name"]) == ("The Storm.docx", "The Storm.pdf")
    content = (await ana.rest.get(f"/files/{pdf['file_id']}")).content
    assert (content[:5], hashlib.sha256(content).hexdigest()) == (b"%PDF-", pdf["sha256"])
    assert (await bo.rest.get(f"/files/{pdf['file_id']}")).status_code == 404
    assert await bo.all("/blobs", schema_id=COMPILED) == []


async def test_the_command_writes_the_files_of_a_book(ana: Person, bo: Person, tmp_path: Path) -> None:
    book = await a_book(ana)
    made = await compile_book(ana, book["id"], "-f", "docx", "-f", "epub", "-f", "pdf", "-o", str(tmp_path / "out"))
    assert made == (0, "")
    files = {path.suffix: path for path in (tmp_path / "out").iterdir()}
    assert {*files} == {".docx", ".epub", ".pdf"}
    assert is_zipfile(files[".docx"])
    assert files[".pdf"].read_bytes().startswith(b"%PDF-")
    code, said = await compile_book(bo, book["id"], "-o", str(tmp_path / "other"))
    assert (code, (tmp_path / "other").exists()) == (1, False), said


async def compile_book(person: Person, bucket_id: str, *options: str) -> tuple[int | None, str]:
    """Returns the exit code of the command, and what it printed as errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reyna", "book", "compile", bucket_id, *options),
        env={"REYNA_URL": person.address, "REYNA_TOKEN": person.token},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    return process.returncode, errors.decode()
