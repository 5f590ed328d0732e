"""Starting, stopping, and two at once."""

import asyncio
import signal

import pytest

from tests.journeys.conftest import Builds
from tests.journeys.house import REYNA, House, family, free_ports
from tests.journeys.people import Lost, Person, rest

WITHIN = 5.0  # seconds in which Ctrl-C ends everything: a promise of the product


async def another(house: House, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run a command beside this house: how it ended, and what it said on stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *REYNA,
        *arguments,
        env=house.environment | environment,
        cwd=house.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(), complained.decode()


async def test_a_second_start_in_the_same_home_is_refused_with_one_line(built: Builds) -> None:
    house = built()
    await house.start()
    pid = house.parts["up"].process.pid
    names = ("REYNA_PORT", "REYNA_SCHEMAS_PORT", "REYNA_STATE_PORT", "REYNA_PROCESSORS_PORT")
    elsewhere = dict(zip(names, map(str, free_ports(4)), strict=True))
    code, said, complained = await another(house, "up", **elsewhere)
    assert (code, said) == (1, "")
    (line,) = complained.splitlines()
    assert line.startswith(f"reyna: {house.home} is in use by process {pid}: ")

    code, said, complained = await another(house, "up")
    assert (code, said) == (1, "")
    (line,) = complained.splitlines()
    assert f"(process {pid})" in line

    ana = await house.person("ana")
    device = await ana.device()
    await device.write("the first one is not disturbed")
    await ana.leave()


async def test_ctrl_c_ends_everything_and_leaves_no_process(built: Builds) -> None:
    house = built()
    await house.start()
    ana = await house.person("ana")
    device = await ana.device()
    assert len(family(house.home)) >= 3  # ours, PostgreSQL and nats-server at least
    house.parts["up"].send(signal.SIGINT)
    async with asyncio.timeout(WITHIN):
        code = await house.parts["up"].ended()
    assert (code, family(house.home)) == (0, [])
    with pytest.raises(Lost):
        await device.ask("ping")
    await ana.leave()


async def test_ctrl_c_tells_whoever_waits_for_an_answer_and_says_in_one_line_how_many(built: Builds) -> None:
    house = built()
    await house.start()
    ana = await house.person("ana")
    waiting = [await waiting_for_an_answer(house, ana) for _ in range(2)]
    log = house.parts["up"].log
    before = len(log.read_text())
    await house.stop()
    for reader, writer in waiting:
        answer = (await reader.read()).decode()
        assert answer.startswith("HTTP/1.1 503")
        assert '"reason":"stopping"' in answer
        writer.close()
    said = log.read_text()[before:]
    assert "Traceback" not in said
    assert [line for line in said.splitlines() if "2 request(s) unfinished" in line] == said.splitlines()
    await ana.leave()


async def waiting_for_an_answer(house: House, person: Person) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request that the house has begun to read and whose rest never comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.ports["studio"])
    head = ["POST /api/blobs HTTP/1.1", "host: here", f"authorization: Bearer {person.token}"]
    head += ["content-type: application/json", "content-length: 100", "expect: 100-continue", "", ""]
    writer.write("\r\n".join(head).encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    return reader, writer


async def test_ctrl_c_during_the_start_leaves_no_process(built: Builds) -> None:
    house = built()
    starting = asyncio.create_task(house.parts["up"].start())
    while len(family(house.home)) < 2:  # noqa: ASYNC110 - its first server, which is not our child
        await asyncio.sleep(0)
    house.parts["up"].send(signal.SIGINT)
    async with asyncio.timeout(WITHIN):
        await asyncio.wait([starting])
        await house.parts["up"].ended()
    assert family(house.home) == []
    with pytest.raises(AssertionError, match="did not come up"):
        await starting


async def test_what_i_wrote_is_there_after_a_restart_and_i_am_still_signed_in(built: Builds) -> None:
    house = built()
    await house.start()
    printed = house.link
    assert printed is not None
    ana = await house.person("ana")
    device = await ana.device()
    note = await device.write("The ship.")
    seen = await device.hears("blob.created")
    await house.stop(signal.SIGTERM)
    assert family(house.home) == []
    await house.start()
    assert house.link is None, "the sign-in link is for the first start"
    assert (await ana.get(f"/blobs/{note['id']}"))["data"] == {"content": "The ship."}
    back = await ana.device()
    assert (await back.ask("resume", cursor=seen["cursor"]))["type"] == "resumed"
    await ana.leave()


async def test_a_port_that_is_taken_stops_the_start_with_one_line(built: Builds) -> None:
    house = built()
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", house.ports["state"])
    code, said, complained = await another(house, "up")
    taken.close()
    await taken.wait_closed()
    (line,) = complained.splitlines()
    assert (code, said, family(house.home)) == (1, "", [])
    assert f"port {house.ports['state']}" in line


async def test_a_processor_of_my_own_runs_beside_the_house(house: House) -> None:
    """As in the tutorial: `reyna processor new`, then `reyna processor run`."""
    code, said, complained = await another(house, "processor", "new", "shout")
    assert code == 0, complained
    assert "shout.py" in said
    process = await asyncio.create_subprocess_exec(
        *REYNA, "processor", "run", "shout:shout",
        env=house.environment,
        cwd=house.folder,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert b"At work" in await process.stdout.readline()
    ana = await house.person("ana")
    device = await ana.device()
    note = await device.write("the ship sailed")
    (run,) = (await device.do("run_processor", processor_id="shout", blob_ids=[note["id"]]))["runs"]
    await device.hears("processor.completed", run_id=run["id"])
    (loud,) = await ana.all("/blobs", parent_id=note["id"])
    assert (loud["data"], loud["processor_id"]) == ({"content": "THE SHIP SAILED"}, "shout")
    async with rest(house.address + "/api", ana.token) as mine:
        assert (await mine.get("/processors/shout")).json()["live_workers"] == 1
    await ana.leave()
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


async def test_one_service_without_servers_says_what_to_set(built: Builds) -> None:
    code, said, complained = await another(built(), "serve", "state")
    (line,) = complained.splitlines()
    assert (code, said) == (1, "")
    assert "REYNA_POSTGRES_URL" in line
