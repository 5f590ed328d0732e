"""Backup and restore of a whole installation: everything comes back, as it was at one moment, while writing goes on."""

import asyncio
import os
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any, Final

from tests.journeys.application import REYNA, Application
from tests.journeys.concurrent_writers import AcknowledgedNotes
from tests.journeys.conftest import Builder
from tests.journeys.people import Person

PASSPHRASE: Final = "correct horse battery staple"
SONG: Final = os.urandom(5 * 1024**2)


async def reyna(application: Application, *words: str, **environment: str) -> tuple[int, str]:
    """The exit code of a command beside this application, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *REYNA,
        *words,
        env=application.environment | environment,
        cwd=application.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def fill(person: Person) -> str:
    """Makes a little of everything: notes with revisions, places, trash, a model; returns the id of a file."""
    device = await person.device()
    book = await person.post("/buckets", {"name": "The Storm", "type": "topic", "metadata": {"genre": "sea"}})
    chapter = await person.post("/buckets", {"name": "One", "type": "scene", "parent_bucket_id": book["id"]})
    for number in range(5):
        note = await device.write_note(f"The ship sailed {number}. \\N\t\r\n \u2028 🌊", bucket_ids=[chapter["id"]])
        await device.do("update_blob", blob_id=note["id"], data={"content": f"changed {number}"}, base_revision=1)
    await device.do("trash_blob", blob_id=note["id"])
    await person.post(
        "/models",
        {
            "name": "Mine",
            "provider": "openai",
            "url": "http://127.0.0.1:9/v1",
            "key": "a-secret-key-of-mine",
            "model": "tiny",
        },
    )
    answer = await person.rest.post("/files", content=SONG, headers={"Content-Type": "application/octet-stream"})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


async def everything(person: Person) -> dict[str, Any]:
    """All that a user can read of what is theirs."""
    found: dict[str, Any] = {
        path: await person.all(path)
        for path in ("/blobs", "/buckets", "/trash", "/journal", "/models", "/instances", "/runs")
    }
    for blob in found["/blobs"]:
        found[blob["id"]] = (
            await person.all(f"/blobs/{blob['id']}/revisions"),
            await person.get(f"/blobs/{blob['id']}/places"),
        )
    for bucket in found["/buckets"]:
        found[bucket["id"]] = await person.all(f"/buckets/{bucket['id']}/items")
    found["/me"] = (await person.get("/me"))["usage"]
    found["/events"] = {event["id"] for event in await person.all("/events")}
    return found


async def test_a_studio_comes_back_from_a_backup_that_was_made_while_it_was_written_to(
    build_application: Builder, tmp_path: Path
) -> None:
    application = build_application()
    await application.start()
    ana, bo = await application.person("ana"), await application.person("bo")
    file_id = await fill(ana)
    before = await everything(ana)

    passphrase, backups = tmp_path / "passphrase", tmp_path / "backups"
    passphrase.write_text(PASSPHRASE + "\n")
    options = (str(backups), "--passphrase-file", str(passphrase))
    writing = AcknowledgedNotes()
    work = asyncio.create_task(writing.write_notes(await bo.device(), "desk", 10_000))
    await writing.wait_for_count(5)
    acknowledged = set(writing.confirmed)
    code, said = await reyna(application, "backup", *options)
    assert code == 0, said
    work.cancel()
    await asyncio.wait([work])
    await ana.leave()
    await bo.leave()
    await application.stop()

    restored = build_application()
    restored.home = restored.folder / "empty"
    for environment in (restored.environment, *(process.environment for process in restored.processes.values())):
        environment["REYNA_HOME"] = str(restored.home)
    code, said = await reyna(restored, "restore", *options)
    assert code == 0, said
    assert "is as it should be" in said
    await restored.start()
    ana.address = bo.address = restored.address
    ana_again, bo_again = await ana.sign_in(), await bo.sign_in()
    after = await everything(ana_again)
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert (await ana_again.rest.get(f"/files/{file_id}")).content == SONG
    assert (await bo_again.rest.get(f"/files/{file_id}")).status_code == 404
    notes = {blob["id"] for blob in await bo_again.all("/blobs")}
    assert acknowledged <= notes
    device = await bo_again.device()
    await device.write_note("after it")
    await device.wait_for("blob.created")
    await ana_again.leave()
    await bo_again.leave()
    await restored.stop()


async def test_what_cannot_be_restored_is_one_clear_line_and_leaves_nothing(
    build_application: Builder, tmp_path: Path
) -> None:
    application = build_application()
    passphrase, backups = tmp_path / "passphrase", tmp_path / "backups"
    passphrase.write_text(PASSPHRASE)
    options = (str(backups), "--passphrase-file", str(passphrase))
    code, said = await reyna(application, "backup", *options)  # no studio runs there
    assert code == 0, said

    empty = application.folder / "empty"
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase")
    code, said = await reyna(
        application, "restore", str(backups), "--passphrase-file", str(wrong), REYNA_HOME=str(empty)
    )
    assert (code, said) == (1, "reyna: this is not the passphrase of the backup (or its key is damaged)\n")
    chunk = max((path for path in backups.glob("chunks/*/*")), key=lambda path: path.stat().st_size)
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    code, said = await reyna(application, "restore", *options, REYNA_HOME=str(empty))
    assert (code, f"{chunk.name} is not as it was written" in said) == (1, True), said
    assert not empty.exists() or not any(empty.iterdir())
