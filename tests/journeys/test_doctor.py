"""`reyna doctor` beside a house: all is well, and what is broken on purpose is named and mended."""

import asyncio
from asyncio.subprocess import PIPE, STDOUT

import asyncpg

from reyna.embedded.servers import running
from tests.journeys.conftest import Builds
from tests.journeys.house import REYNA, House
from tests.journeys.people import Person


async def doctor(house: House, *options: str) -> tuple[int, str]:
    """Its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *REYNA, "doctor", *options, env=house.environment, cwd=house.folder, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_all_is_well_in_a_house_that_runs(house: House, ana: Person) -> None:
    chapter = await ana.post("/buckets", {"name": "One", "type": "scene"})
    await (await ana.device()).write("The ship sailed.", bucket_ids=[chapter["id"]])
    code, said = await doctor(house)
    assert code == 0, said
    for line in ("settings", "state answers", "streams and consumers are as wanted", "the language model"):
        assert line in said
    assert ana.id not in said
    assert ("sh.shardCollection" in said) == ("mongodb" in house.environment.get("REYNA_STATE_URL", ""))


async def test_a_house_that_does_not_run_is_looked_at_as_far_as_that_goes(built: Builds) -> None:
    house = built()
    code, said = await doctor(house)
    assert code == 0, said
    assert "no studio is running" in said
    assert f"port {house.ports['state']} is free for state" in said
    house.home.chmod(0o755)
    code, said = await doctor(house)
    assert code == 1
    assert f"chmod 700 {house.home}" in said


async def test_what_is_broken_is_named_and_sums_are_mended(built: Builds) -> None:
    house = built()
    await house.start()
    ana = await house.person("ana")
    chapter = await ana.post("/buckets", {"name": "One", "type": "scene"})
    device = await ana.device()
    note = await device.write("The ship sailed.", bucket_ids=[chapter["id"]])
    addresses = running(house.home)
    assert addresses is not None
    database = await asyncpg.connect(addresses.postgres_url)
    await database.execute("update state.sums set value = 7 where user_id = $1 and name = 'blobs'", ana.id)
    code, said = await doctor(house)
    assert code == 1
    assert f"{ana.id}: 1 sums differ from what is there (blobs: 7 instead of 1)" in said
    assert (await ana.get("/me"))["usage"]["blobs"] == 7

    code, said = await doctor(house, "--mend")
    assert f"{ana.id}: sums are recounted" in said
    assert (await ana.get("/me"))["usage"]["blobs"] == 1

    await database.execute("delete from state.blobs where id = $1", note["id"])
    await database.close()
    code, said = await doctor(house, "--mend")
    assert code == 1
    assert f"{ana.id}: 1 places of blobs that are gone ({chapter['id']}:{note['id']})" in said
    await ana.leave()
    await house.stop()
