"""A library leaves the studio and comes back, by the commands and through the door."""

import asyncio
import sys
import zipfile
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.journeys.application import Application, without_settings
from tests.journeys.people import TIMEOUT_SECONDS, Person, body_of, rest


async def run_command(application: Application, *words: str) -> tuple[int | None, str, str]:
    """The exit code of a command, and what it says; with a token it needs no settings of the application."""
    environment = without_settings(application.environment) if "--token" in words else application.environment
    command = (sys.executable, "-m", "reyna", *words)
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=application.folder, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(TIMEOUT_SECONDS):
        out, complaint = await process.communicate()
    return process.returncode, out.decode(), complaint.decode()


async def test_a_library_is_exported_by_the_command_and_through_the_door(
    application: Application, ana: Person, tmp_path: Path
) -> None:
    async with rest(f"{application.address}/api", ana.token) as api:
        book = body_of(await api.post("/buckets", json={"name": "Storms", "type": "book"}))
        text = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed."}, "bucket_ids": [book["id"]]}
        body_of(await api.post("/blobs", json=text))
    through_the_door = ("--url", application.address, "--token", ana.token)
    code, said, complaint = await run_command(application, "export", str(tmp_path / "door.zip"), *through_the_door)
    assert code == 0, complaint
    assert "1 blob, in 1 bucket, all of them checked." in said
    code, _, complaint = await run_command(application, "export", str(tmp_path / "bus.zip"), "--user", ana.email)
    assert code == 0, complaint
    assert (tmp_path / "bus.zip").read_bytes() == (tmp_path / "door.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "bus.zip") as archive:
        assert "library/01 Storms/01 The ship sailed.md" in archive.namelist()
    code, _, complaint = await run_command(application, "export", str(tmp_path / "bus.zip"), *through_the_door)
    assert code == 1 and "is there already" in complaint
    missing = ("--bucket", "bucket-none")
    code, _, complaint = await run_command(application, "export", str(tmp_path / "no.zip"), *missing, *through_the_door)
    assert code == 1 and "nothing of yours" in complaint
    assert not (tmp_path / "no.zip").exists() and not (tmp_path / "no.zip.part").exists()
