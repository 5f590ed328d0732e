"""Starting and stopping the application, and two of them at once."""

import asyncio
import json
import signal

import pytest

from reyna.embedded.tcp_ports import free_ports
from tests.journeys.application import REYNA, Application, processes_of
from tests.journeys.conftest import Builder
from tests.journeys.people import TIMEOUT_SECONDS, ConnectionLost, Person, rest

POLL_SECONDS = 0.02


async def run_command(application: Application, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """Run a command beside this application: how it ended, and what it said on stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *REYNA,
        *arguments,
        env=application.environment | environment,
        cwd=application.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, error_output = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), error_output.decode()


async def test_a_second_start_in_the_same_home_is_refused_with_one_line(build_application: Builder) -> None:
    application = build_application()
    await application.start()
    pid = application.processes["up"].process.pid
    names = ("REYNA_PORT", "REYNA_SCHEMAS_PORT", "REYNA_STATE_PORT", "REYNA_PROCESSORS_PORT")
    elsewhere = dict(zip(names, map(str, free_ports(4)), strict=True))
    code, output, error_output = await run_command(application, "up", **elsewhere)
    assert (code, output) == (1, "")
    (line,) = error_output.splitlines()
    assert line.startswith(f"reyna: {application.home} is in use by process {pid}: ")

    code, output, error_output = await run_command(application, "up")
    assert (code, output) == (1, "")
    (line,) = error_output.splitlines()
    assert f"(process {pid})" in line

    ana = await application.person("ana")
    device = await ana.device()
    await device.write_note("the first one is not disturbed")
    await ana.leave()


async def test_ctrl_c_ends_everything_and_leaves_no_process(build_application: Builder) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    device = await ana.device()
    assert len(processes_of(application.home)) >= 3  # ours, PostgreSQL and nats-server at least
    application.processes["up"].send(signal.SIGINT)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        code = await application.processes["up"].wait()
    assert (code, processes_of(application.home)) == (0, [])
    with pytest.raises(ConnectionLost):
        await device.request("ping")
    await ana.leave()


async def test_ctrl_c_tells_whoever_waits_for_an_answer_and_says_in_one_line_how_many(
    build_application: Builder,
) -> None:
    application = build_application()
    await application.start()
    ana = await application.person("ana")
    waiting = [await waiting_for_an_answer(application, ana) for _ in range(2)]
    log = application.processes["up"].log
    before = len(log.read_text())
    await application.stop()
    for reader, writer in waiting:
        answer = (await reader.read()).decode()
        assert answer.startswith("HTTP/1.1 503")
        assert '"reason":"stopping"' in answer
        writer.close()
    output = log.read_text()[before:]
    assert "Traceback" not in output
    assert [line for line in output.splitlines() if "2 request(s) unfinished" in line] == output.splitlines()
    await ana.leave()


async def waiting_for_an_answer(
    application: Application, person: Person
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request that the application has begun to read and whose rest never comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", application.ports["studio"])
    head = ["POST /api/blobs HTTP/1.1", "host: here", f"authorization: Bearer {person.token}"]
    head += ["content-type: application/json", "content-length: 100", "expect: 100-continue", "", ""]
    writer.write("\r\n".join(head).encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    return reader, writer


async def test_ctrl_c_during_the_start_leaves_no_process(build_application: Builder) -> None:
    application = build_application()
    starting = asyncio.create_task(application.processes["up"].start())
    while len(processes_of(application.home)) < 2:  # noqa: ASYNC110 - its first server, which is not our child
        await asyncio.sleep(POLL_SECONDS)
    application.processes["up"].send(signal.SIGINT)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.wait([starting])
        await application.processes["up"].wait()
    assert processes_of(application.home) == []
    with pytest.raises(AssertionError, match="did not come up"):
        await starting


async def test_what_i_wrote_is_there_after_a_restart_and_i_am_still_signed_in(
    build_application: Builder,
) -> None:
    application = build_application()
    await application.start()
    printed = application.link
    assert printed is not None
    ana = await application.person("ana")
    device = await ana.device()
    note = await device.write_note("The ship.")
    seen = await device.wait_for("blob.created")
    await application.stop(signal.SIGTERM)
    assert processes_of(application.home) == []
    await application.start()
    assert application.link is None, "the sign-in link is for the first start"
    assert (await ana.get(f"/blobs/{note['id']}"))["data"] == {"content": "The ship."}
    back = await ana.device()
    assert (await back.request("resume", cursor=seen["cursor"]))["type"] == "resumed"
    await ana.leave()


async def test_a_port_that_is_taken_stops_the_start_with_one_line(build_application: Builder) -> None:
    application = build_application()
    taken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", application.ports["state"])
    code, output, error_output = await run_command(application, "up")
    taken.close()
    await taken.wait_closed()
    (line,) = error_output.splitlines()
    assert (code, output, processes_of(application.home)) == (1, "", [])
    assert f"port {application.ports['state']}" in line


async def test_a_processor_of_my_own_runs_beside_the_application(application: Application) -> None:
    """As in the tutorial: `reyna processor new`, then `reyna processor run`."""
    code, output, error_output = await run_command(application, "processor", "new", "shout")
    assert code == 0, error_output
    assert "shout.py" in output
    process = await asyncio.create_subprocess_exec(
        *REYNA, "processor", "run", "shout:shout",
        env=application.environment,
        cwd=application.folder,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert b"It is ready" in await process.stdout.readline()
    ana = await application.person("ana")
    device = await ana.device()
    note = await device.write_note("the ship sailed")
    (run,) = (await device.do("run_processor", processor_id="shout", blob_ids=[note["id"]]))["runs"]
    await device.wait_for("processor.completed", run_id=run["id"])
    (loud,) = await ana.all("/blobs", parent_id=note["id"])
    assert (loud["data"], loud["processor_id"]) == ({"content": "THE SHIP SAILED"}, "shout")
    async with rest(application.address + "/api", ana.token) as mine:
        assert (await mine.get("/processors/shout")).json()["live_workers"] == 1
    await ana.leave()
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


async def test_addresses_for_commands_can_be_exported_for_all_of_them(application: Application) -> None:
    """As the documentation says: REYNA_URL and REYNA_TOKEN in the profile of a shell."""
    exported = {"REYNA_URL": application.address, "REYNA_TOKEN": "somebody's"}
    code, output, error_output = await run_command(application, "processor", "list", **exported)
    assert (code, error_output) == (0, "")
    assert "text-expansion" in output


async def test_a_service_beside_others_needs_their_secret(build_application: Builder) -> None:
    servers = {"REYNA_POSTGRES_URL": "postgresql://there/reyna", "REYNA_NATS_URL": "nats://there"}
    application = build_application(**servers)
    for command in (("serve", "state"), ("processor", "run", "shout:shout"), ("processor", "list")):
        code, output, error_output = await run_command(application, *command)
        (line,) = error_output.splitlines()
        assert (code, output) == (1, "")
        assert line.startswith("reyna: REYNA_SECRET is not set.")
    assert not (application.home / "secret").exists()


async def test_a_worker_needs_no_database(build_application: Builder) -> None:
    application = build_application(REYNA_NATS_URL="nats://127.0.0.1:9", REYNA_SECRET="s" * 32)
    code, _, error_output = await run_command(application, "processor", "list")
    assert code == 1
    assert "REYNA_POSTGRES_URL" not in error_output
    assert "NATS" in error_output


async def test_a_start_whose_outputs_are_one_file_writes_json_alone(build_application: Builder) -> None:
    application = build_application()
    process = await asyncio.create_subprocess_exec(
        *REYNA, "up",
        env=application.environment,
        cwd=application.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout
    events = []
    async for line in process.stdout:
        events.append(json.loads(line)["event"])
        if events[-1] == "Ctrl-C stops it.":
            process.send_signal(signal.SIGINT)
    assert await process.wait() == 0
    (ready,) = [event for event in events if event.startswith("ReYNa Studio is ready")]
    (link,) = [event for event in events if "/signin#" in event]
    assert application.address in ready
    assert link.startswith("Sign in the first time with this link")


async def test_one_service_without_servers_says_what_to_set(build_application: Builder) -> None:
    code, output, error_output = await run_command(build_application(), "serve", "state")
    (line,) = error_output.splitlines()
    assert (code, output) == (1, "")
    assert "REYNA_POSTGRES_URL" in line
