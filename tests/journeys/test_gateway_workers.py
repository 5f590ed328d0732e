"""`reyna up --workers 2`: two processes behind one port keep every promise that one process keeps."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reyna.embedded.tcp_ports import holder_pids
from tests.embedded.conftest import wait_until_ended
from tests.journeys.application import Application, processes_of
from tests.journeys.concurrent_writers import AcknowledgedNotes, check_all_events_arrive, check_nothing_is_lost
from tests.journeys.conftest import NO_MODEL, Builder, running_application
from tests.journeys.people import NOTE, TIMEOUT_SECONDS, ConnectionLost, Device, Frame, Person, body_of, rest
from tests.support.tcp import pid_serving

NOT_SIGNED_IN = 4001
MAX_ATTEMPTS = 60  # to reach the other process: each is reached by half of the connections
BUCKETS = 20  # that each user may keep
REVISIONS = 60
SAVES_WHILE_HELD_UP = 200  # in which it happens many times that a commit is made and its event is not sent yet
HELD_UP_SECONDS = 0.05
POLL_SECONDS = 0.05


@pytest.fixture(scope="module")
async def shared(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    folder = tmp_path_factory.mktemp("two-workers")
    shutil.copytree(prepared_home, folder / "home")
    settings = {"REYNA_WORKERS": "2", "REYNA_QUOTA_BUCKETS": str(BUCKETS), "REYNA_LOG_FORMAT": "json"}
    async with running_application(Application(folder, NO_MODEL | settings)) as application:
        yield application


@pytest.fixture
async def mia(shared: Application) -> AsyncIterator[Person]:
    person = await shared.person("mia")
    yield person
    await person.leave()


def pids(application: Application) -> list[int]:
    """The processes that listen on the port of the studio."""
    return sorted(holder_pids(application.ports["studio"]))


def pid_of(application: Application, device: Device) -> int:
    client_port: int = device.connection.local_address[1]
    return pid_serving(application.ports["studio"], client_port, pids(application))


async def device_on_each(application: Application, person: Person) -> dict[int, Device]:
    """Opens devices until there is one at each process; returns it by the process."""
    found: dict[int, Device] = {}
    for _ in range(MAX_ATTEMPTS):
        device = await person.device()
        found.setdefault(pid_of(application, device), device)
        if len(found) == len(pids(application)):
            return found
    raise AssertionError("all connections went to one process")


async def client_on_each(application: Application, person: Person) -> list[httpx.AsyncClient]:
    """Opens connections for REST until there is one at each process; each client has only that one."""
    found: dict[int, httpx.AsyncClient] = {}
    for _ in range(MAX_ATTEMPTS):
        client = rest(f"{application.address}/api", person.token)
        answer = await client.get("/me")
        _, client_port = answer.extensions["network_stream"].get_extra_info("client_addr")
        pid = pid_serving(application.ports["studio"], client_port, pids(application))
        if pid in found:
            await client.aclose()
        found.setdefault(pid, client)
        if len(found) == len(pids(application)):
            return list(found.values())
    raise AssertionError("all connections went to one process")


async def save(device: Device, blob: Frame, text: str) -> Frame:
    """Saves a note on top of its newest revision, however often somebody else is faster; returns it."""
    while True:
        answer = await device.request(
            "update_blob", blob_id=blob["id"], base_revision=blob["revision"], data={"content": text}
        )
        if answer["type"] == "ok":
            saved: Frame = answer["blob"]
            return saved
        blob = answer["current"]


async def test_connections_are_spread_over_the_processes(shared: Application, mia: Person) -> None:
    devices = [await mia.device() for _ in range(40)]
    reached = [pid_of(shared, device) for device in devices]
    assert shared.processes["up"].process.pid in reached
    assert min(reached.count(pid) for pid in pids(shared)) >= 5
    note = await devices[0].write_note("Heard by all.")
    await asyncio.gather(*(device.wait_for("blob.created", blob_id=note["id"]) for device in devices))


async def test_each_process_says_that_it_is_ready(shared: Application, mia: Person) -> None:
    for client in await client_on_each(shared, mia):
        found = body_of(await client.get(f"{shared.address}/readyz"))
        assert found["ready"] is True
        assert {"nats", "store", "events", "disk", "schemas", "state", "processors"} <= set(found["dependencies"])
        await client.aclose()


async def test_revisions_that_are_written_at_both_are_heard_in_order(shared: Application, mia: Person) -> None:
    writers = list((await device_on_each(shared, mia)).values())
    listener = await mia.device()
    note = await writers[0].write_note("Once")

    async def write(device: Device, name: str) -> None:
        blob = note
        for number in range(REVISIONS // len(writers)):
            blob = await save(device, blob, f"{name} wrote {number}")

    await asyncio.gather(*(write(device, f"writer {number}") for number, device in enumerate(writers)))
    frames = await listener.receive_until(lambda frame: frame.get("revision") == REVISIONS + 1)
    heard = [frame["revision"] for frame in frames if frame["type"] in ("blob.created", "blob.updated")]
    assert heard == list(range(1, REVISIONS + 2))


async def test_a_process_that_is_held_up_is_not_overtaken(shared: Application, mia: Person) -> None:
    [worker] = set(pids(shared)) - {shared.processes["up"].process.pid}
    writers = list((await device_on_each(shared, mia)).values())
    listener = await mia.device()
    notes = [await writers[0].write_note(f"Note {number}") for number in range(4)]

    async def write(device: Device, blob: Frame) -> None:
        for number in range(SAVES_WHILE_HELD_UP):
            blob = await save(device, blob, f"{id(device)} {number}")

    writing = asyncio.gather(*(write(device, note) for note in notes for device in writers))
    while not writing.done():
        await asyncio.sleep(2 * HELD_UP_SECONDS)
        os.kill(worker, signal.SIGSTOP)
        await asyncio.sleep(HELD_UP_SECONDS)
        os.kill(worker, signal.SIGCONT)
    await writing
    await check_all_events_arrive(mia, listener, [])


async def test_taking_turns_keeps_the_order_of_every_note(shared: Application, mia: Person) -> None:
    writers = list((await device_on_each(shared, mia)).values())
    listener = await mia.device()
    notes = [await writers[number % 2].write_note(f"Note {number}") for number in range(6)]
    for turn in range(10):
        saved = (save(writers[(turn + number) % 2], note, f"turn {turn}") for number, note in enumerate(notes))
        notes = list(await asyncio.gather(*saved))
    await check_all_events_arrive(mia, listener, [])


async def test_whoever_signs_out_at_one_is_signed_out_at_the_other(shared: Application, mia: Person) -> None:
    devices = await device_on_each(shared, mia)
    clients = await client_on_each(shared, mia)
    body_of(await clients[0].post("/auth/logout"))
    assert [await device.wait_closed() for device in devices.values()] == [NOT_SIGNED_IN] * 2
    assert [(await client.get("/me")).status_code for client in clients] == [401, 401]
    for client in clients:
        await client.aclose()


async def test_a_device_resumes_at_the_other(shared: Application, mia: Person) -> None:
    devices = await device_on_each(shared, mia)
    away_pid, away = next(iter(devices.items()))
    cursor = (await away.request("resume", cursor=away.hello["cursor"]))["cursor"]
    await away.close()
    others = [device for pid, device in devices.items() if pid != away_pid]
    written = [(await others[0].write_note(f"Missed {number}"))["id"] for number in range(10)]
    for _ in range(MAX_ATTEMPTS):
        back = await mia.device_resuming_at(cursor)
        if pid_of(shared, back) != away_pid:
            break
    frames = await back.receive_until(lambda frame: frame["type"] == "resumed")
    assert [frame["blob_id"] for frame in frames if frame["type"] == "blob.created"] == written


@pytest.mark.parametrize(
    ("path", "body", "listed"),
    [
        ("/blobs", {"schema_id": NOTE, "data": {"content": "Once."}}, "/blobs"),
        ("/buckets", {"name": "Once", "type": "scene"}, "/buckets"),
        (
            "/bulk",
            {
                "operations": [
                    {"action": "create_blob", "schema_id": NOTE, "data": {"content": f"Part {n}."}} for n in range(3)
                ]
            },
            "/blobs",
        ),
    ],
)
async def test_two_copies_of_a_request_at_both_have_one_effect(
    shared: Application, mia: Person, path: str, body: Any, listed: str
) -> None:
    clients = await client_on_each(shared, mia)
    made = len(body.get("operations", [body]))
    for number in range(5):
        key = {"Idempotency-Key": f"copy-{number}"}
        answers = await asyncio.gather(*(client.post(path, json=body, headers=key) for client in clients))
        answers += [await client.post(path, json=body, headers=key) for client in clients]
        assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
        assert all(answer.json()["reason"] == "still_running" for answer in answers if answer.status_code == 409)
        assert all(answer.is_success for answer in answers[-2:])
        done = [answer.content for answer in answers if answer.is_success]
        assert done == [done[0]] * len(done)
        assert len(await mia.all(listed)) == (number + 1) * made
    for client in clients:
        await client.aclose()


async def test_a_quota_is_exact_over_both(shared: Application, mia: Person) -> None:
    clients = await client_on_each(shared, mia)
    new = {"name": "Shelf", "type": "scene"}
    answers = await asyncio.gather(*(clients[number % 2].post("/buckets", json=new) for number in range(2 * BUCKETS)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(429)) == (BUCKETS, BUCKETS)
    for client in clients:
        await client.aclose()


async def test_a_killed_process_loses_nothing_that_was_acknowledged_and_comes_back(build_application: Builder) -> None:
    application = build_application(REYNA_WORKERS="2", REYNA_LOG_FORMAT="json")
    await application.start()
    ana = await application.person("ana")
    main = application.processes["up"].process.pid
    [worker] = set(pids(application)) - {main}
    devices = await device_on_each(application, ana)
    before = devices[main].hello["cursor"]
    writing = AcknowledgedNotes()
    work = [asyncio.create_task(writing.write_notes(device, f"at {pid}", 60)) for pid, device in devices.items()]
    await writing.wait_for_count(30)
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(ConnectionLost):
        raise await devices[worker].lost
    await asyncio.gather(*work)
    assert len(writing.confirmed) < 120, "it was not killed in the middle"

    back = await ana.device()
    await back.request("resume", cursor=before)
    frames = await back.receive_until(lambda frame: frame["type"] == "resumed")
    await check_nothing_is_lost(ana, writing)
    await check_all_events_arrive(ana, back, frames)

    await wait_until_restarted(application, {main, worker})
    fresh = await device_on_each(application, ana)
    assert set(fresh) == set(pids(application))
    numbers = {msgspec.json.decode(line).get("worker") for line in json_lines(application)}
    assert {1} <= numbers <= {1, 2}
    await ana.leave()
    await application.stop()
    assert processes_of(application.home) == []


async def test_workers_do_not_outlive_a_killed_main_process(build_application: Builder) -> None:
    application = build_application(REYNA_WORKERS="3")
    await application.start()
    main = application.processes["up"].process
    workers = set(pids(application)) - {main.pid}
    assert len(workers) == 2
    main.kill()
    await asyncio.gather(*(wait_until_ended(pid) for pid in workers))


async def test_ctrl_c_while_workers_start_leaves_no_process(build_application: Builder) -> None:
    application = build_application(REYNA_WORKERS="3")
    starting = asyncio.create_task(application.processes["up"].start())
    while not application.processes["up"].runs or len(processes_of(application.home)) < 4:  # noqa: ASYNC110 - not ours
        await asyncio.sleep(POLL_SECONDS)
    application.processes["up"].send(signal.SIGINT)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await asyncio.wait([starting])
        await application.processes["up"].wait()
    assert processes_of(application.home) == []
    with pytest.raises(AssertionError, match="did not come up"):
        starting.result()


async def wait_until_restarted(application: Application, former: Iterable[int]) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while set(pids(application)) <= set(former):  # noqa: ASYNC110 - it is not our child
            await asyncio.sleep(POLL_SECONDS)


def json_lines(application: Application) -> list[str]:
    return [line for line in application.processes["up"].log.read_text().splitlines() if line.startswith("{")]
