"""Import of a legacy file: every line exactly once, whichever process is killed meanwhile."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.journeys.application import Application, without_settings
from tests.journeys.conftest import Builder
from tests.journeys.people import TIMEOUT_SECONDS, Person, body_of, rest

LINES = 3000
BOOKS, CHAPTERS = 5, 60
KILLED_AT = 800


def lines() -> list[bytes]:
    """A small library: each chapter in its book, each third line derived from the one before, of which the first is
    not in the file."""
    return [
        msgspec.json.encode(
            {"id": f"note-{number}", "content": f"{number} {'x' * 300}", "created_at": 1_600_000_000 + number}
            | {"book_id": f"book-{number % BOOKS}", "chapter_id": f"chapter-{number % CHAPTERS}"}
            | ({"parent_id": f"note-{number - 1}"} if number % 3 == 0 else {})
        )
        for number in range(LINES)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "old.jsonl"
    path.write_bytes(b"\n".join(lines()))
    return path


async def started(application: Application, file: Path, *options: str) -> Process:
    """Starts `reyna migrate legacy`; with a token it needs no settings of the application."""
    environment = without_settings(application.environment) if "--token" in options else application.environment
    command = (sys.executable, "-m", "reyna", "migrate", "legacy", str(file), "--json", *options)
    return await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=application.folder, stdout=PIPE, stderr=PIPE
    )


async def ended(process: Process) -> tuple[int | None, Any]:
    """Its exit code and its report."""
    async with asyncio.timeout(2 * TIMEOUT_SECONDS):
        out, complaint = await process.communicate()
    return process.returncode, msgspec.json.decode(out) if out else complaint.decode()


async def check_everything_is_there_once(person: Person) -> None:
    blobs = await person.all("/blobs")
    assert sorted(blob["legacy"]["id"] for blob in blobs) == sorted(f"note-{number}" for number in range(LINES))
    by_id = {blob["id"]: blob for blob in blobs}
    derived = [blob for blob in blobs if blob["parent_id"] is not None]
    known = [blob for blob in derived if blob["parent_id"] in by_id]
    assert (len(derived), len(known)) == (LINES // 3, LINES // 3 - 1)
    for blob in known:
        assert by_id[blob["parent_id"]]["legacy"]["id"] == blob["legacy"]["parent_id"]
    buckets = await person.all("/buckets")
    assert Counter(bucket["type"] for bucket in buckets) == {"book": BOOKS, "chapter": CHAPTERS}
    assert sum(bucket["blob_count"] for bucket in buckets) == 2 * LINES


async def test_a_killed_migration_is_finished_by_a_second_run(application: Application, file: Path) -> None:
    ana = await application.person("ana", expands=True)
    device = await ana.device()
    first = await started(application, file, "--user", ana.email)
    for _ in range(KILLED_AT):
        await device.wait_for("blob.created")
    first.send_signal(signal.SIGKILL)
    await first.wait()
    code, report = await ended(await started(application, file, "--user", ana.email))
    assert code == 0, report
    assert (report["created"] + report["already_there"], report["rejected"]) == (LINES, 0)
    assert 0 < report["already_there"] < LINES, "it was not killed in the middle"
    await check_everything_is_there_once(ana)
    note = await device.write_note("A note of one's own sets to work what is switched on.")
    await device.wait_for("processor.requested", blob_id=note["id"])
    assert [run["blob_id"] for run in await ana.all("/runs")] == [note["id"]]
    await ana.leave()


async def test_a_migration_is_finished_after_the_studio_was_killed(build_application: Builder, file: Path) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    device = await ana.device()
    through_the_door = ("--url", application.address, "--token", ana.token)
    first = await started(application, file, *through_the_door)
    for _ in range(KILLED_AT):
        await device.wait_for("blob.created")
    await application.kill()
    code, complaint = await ended(first)
    assert code == 1 and "run the same command again" in complaint
    await application.start()
    code, report = await ended(await started(application, file, *through_the_door))
    assert code == 0, report
    assert report["created"] + report["already_there"] == LINES
    assert 0 < report["already_there"] < LINES, "it was not killed in the middle"
    await check_everything_is_there_once(ana)
    await ana.leave()


async def test_a_body_far_beyond_the_usual_limit_is_worked_off_while_it_arrives(
    application: Application, ana: Person
) -> None:
    text = "The ship sailed into the storm. " * 15_000
    big = [msgspec.json.encode({"id": str(number), "content": text, "book_id": "b"}) for number in range(20)]
    device = await ana.device()

    async def sent() -> AsyncIterator[bytes]:
        for line in big[:-1]:
            yield line + b"\n"
        await device.wait_for("blob.created")  # while the rest is still to come
        yield b"torn\n" + big[-1]

    async with rest(f"{application.address}/api", ana.token) as asking:
        report = body_of(await asking.post("/migrate/legacy", content=sent()))
    assert sum(map(len, big)) > 9_000_000
    assert (report["created"], report["rejected"], report["left_out"]) == (20, 1, [20])
    assert [note["line"] for note in report["notes"]] == [20]


async def test_a_dry_run_through_the_door_leaves_nothing(application: Application, ana: Person) -> None:
    query = {"dry_run": "true", "map": ["scene_id=scene:book_id", "chapter_id="]}
    body = b'{"id": 1, "content": "a", "book_id": 1, "scene_id": 2}\n{"id": 2, "schema_id": "no-such-v1"}'
    async with rest(f"{application.address}/api", ana.token) as asking:
        report = body_of(await asking.post("/migrate/legacy", content=body, params=query))
        refused = await asking.post("/migrate/legacy", content=body, params={"map": "scene_id"})
        misspelt = await asking.post("/migrate/legacy", content=body, params={"dryrun": "true"})
    assert (report["dry_run"], report["created"], report["buckets"], report["kept_whole"]) == (True, 2, 2, 1)
    assert (refused.status_code, misspelt.status_code) == (422, 422)
    assert await ana.all("/blobs") == [] and await ana.all("/buckets") == []


async def test_what_cannot_be_taken_is_put_aside_in_a_file(
    application: Application, ana: Person, tmp_path: Path
) -> None:
    file = tmp_path / "old.jsonl"
    file.write_bytes(b'{"id": 1, "content": "good"}\r\n{"torn\r\n\r\n{"id": 1, "content": "another"}')
    code, report = await ended(await started(application, file, "--user", ana.email))
    assert (code, report["left_out"]) == (1, [2, 4])
    assert (tmp_path / "old.rejected.jsonl").read_bytes() == b'{"torn\n{"id": 1, "content": "another"}\n'
    code, complaint = await ended(await started(application, file, "--user", "nobody@journeys.example"))
    assert code == 1 and "no account" in complaint
