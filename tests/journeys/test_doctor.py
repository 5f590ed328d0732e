"""`reyna doctor` beside an application: it finds no problem, and names and mends what was broken on purpose."""

import asyncio
from asyncio.subprocess import PIPE, STDOUT

import asyncpg

from reyna.app.addresses import running_addresses
from tests.journeys.application import REYNA, Application
from tests.journeys.conftest import Builder
from tests.journeys.people import Person


async def doctor(application: Application, *options: str) -> tuple[int, str]:
    """Its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *REYNA, "doctor", *options, env=application.environment, cwd=application.folder, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_all_is_well_in_an_application_that_runs(application: Application, ana: Person) -> None:
    chapter = await ana.post("/buckets", {"name": "One", "type": "scene"})
    await (await ana.device()).write_note("The ship sailed.", bucket_ids=[chapter["id"]])
    code, output = await doctor(application)
    assert code == 0, output
    for line in (
        "settings",
        "state answers",
        "streams and consumers are as wanted",
        "the language model",
        "REYNA_EMBEDDINGS",
    ):
        assert line in output, output
    assert ana.id not in output
    assert ("sh.shardCollection" in output) == ("mongodb" in application.environment.get("REYNA_STATE_URL", ""))


async def test_an_application_that_does_not_run_is_looked_at_as_far_as_that_goes(
    build_application: Builder,
) -> None:
    application = build_application()
    code, output = await doctor(application)
    assert code == 0, output
    assert "no studio is running" in output
    assert f"port {application.ports['state']} is free for state" in output
    application.home.chmod(0o755)
    code, output = await doctor(application)
    assert code == 1
    assert f"chmod 700 {application.home}" in output


async def test_what_is_broken_is_named_and_sums_are_mended(build_application: Builder) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    chapter = await ana.post("/buckets", {"name": "One", "type": "scene"})
    device = await ana.device()
    note = await device.write_note("The ship sailed.", bucket_ids=[chapter["id"]])
    addresses = running_addresses(application.home)
    assert addresses is not None
    database = await asyncpg.connect(addresses.postgres_url)
    await database.execute("update state.sums set value = 7 where user_id = $1 and name = 'blobs'", ana.id)
    code, output = await doctor(application)
    assert code == 1
    assert f"{ana.id}: sums that differ from what is there: 1 (blobs: 7 instead of 1)" in output
    assert (await ana.get("/me"))["usage"]["blobs"] == 7

    code, output = await doctor(application, "--mend")
    assert f"{ana.id}: sums are recounted" in output
    assert (await ana.get("/me"))["usage"]["blobs"] == 1

    await database.execute("delete from state.blobs where id = $1", note["id"])
    await database.close()
    code, output = await doctor(application, "--mend")
    assert code == 1
    assert f"{ana.id}: places of blobs that are gone: 1 ({chapter['id']}:{note['id']})" in output
    await ana.leave()
    await application.stop()
