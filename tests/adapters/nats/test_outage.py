"""Outages of NATS: what is lost with a connection has failed, and what has failed is not sent later."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.nats.bus import NatsBus
from reyna.adapters.nats.connection import Connection
from reyna.adapters.nats.publisher import Publisher
from reyna.domain.errors import Fault, TimedOut
from reyna.domain.event import Message
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.ports.bus import Delivery, RpcReply, RpcRequest
from reyna.storage.outbox.relay import Relay
from tests.adapters.nats.test_bus import wait_until_back
from tests.support.collector import Collector

LOG: Final = logging.getLogger(__name__)
MANY_BYTES: Final = 8 * 1024 * 1024  # bytes; more than the kernel takes for a server that does not read
LONG_SECONDS: Final = 60.0  # seconds; no test here lasts so long
_numbers = count(1)


def an_event(body: bytes, user: str = "user-ana") -> Message:
    return Message(f"event-{next(_numbers)}", f"reyna.event.{user}.blob.created.text-input-v1", body)


def freeze_server(server: Nats) -> None:
    assert server.process.pid
    os.kill(server.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, server.process.pid, os.WSTOPPED)  # until then some of its threads may still read


def thaw_server(server: Nats) -> None:
    assert server.process.pid
    os.kill(server.process.pid, signal.SIGCONT)


def kill_server(server: Nats) -> None:
    """What it had not read yet is lost; the one who keeps it starts it again."""
    assert server.process.pid
    os.kill(server.process.pid, signal.SIGKILL)


async def stored_bodies(bus: NatsBus) -> list[bytes]:
    until = (await bus.position()).last
    return [event.body.rstrip(b".") async for event in bus.replay("reyna.event.>", after=0, until=until)]


class TcpProxy:
    """A way to the server that can get stuck: then it reads nothing any more of what is sent on it."""

    def __init__(self, server: Nats) -> None:
        self._server = server
        self._ways: list[tuple[asyncio.StreamWriter, asyncio.Task[None]]] = []
        self._listening: asyncio.Server | None = None

    async def open(self) -> str:
        self._listening = await asyncio.start_server(self._through, "127.0.0.1", 0)
        port = self._listening.sockets[0].getsockname()[1]
        return self._server.url.replace(f":{self._server.port}", f":{port}")

    async def _through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        there = asyncio.create_task(_carry(reader, far_writer))
        self._ways.append((writer, there))
        await _carry(far_reader, writer)

    async def block(self) -> None:
        for _, there in self._ways:
            there.cancel()
            await asyncio.wait([there])

    def end(self) -> None:
        """As a server ends a connection, without reading what is on its way."""
        for writer, _ in self._ways:
            writer.write(b"-ERR 'Stale Connection'\r\n")

    async def close(self) -> None:
        assert self._listening
        self._listening.close()
        for writer, there in self._ways:
            there.cancel()
            writer.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one end is gone, with which the other goes."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError as error:
        LOG.debug("A line has ended: %s", error)
    writer.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Nats]:
    server = Nats(Home(tmp_path / "home"))
    await server.start()
    yield server
    if server.process.pid:
        thaw_server(server)
    await server.stop()


@pytest.fixture
async def bus(server: Nats) -> AsyncIterator[NatsBus]:
    """Whoever publishes on it has the patience not to see a failure by itself."""
    bus = await NatsBus.connect(server.url, name="test", ack_timeout=LONG_SECONDS)
    await bus.provision()
    yield bus
    await bus.close()


@pytest.fixture
async def relay(bus: NatsBus) -> AsyncIterator[Relay]:
    relay = Relay(MemoryStore([]), bus, sweep=0.05, mark=0.01)
    await relay.start()
    await relay.sweep()
    yield relay
    await relay.stop()


async def wait_for_bodies(bus: NatsBus, wanted: int) -> list[bytes]:
    async with asyncio.timeout(LONG_SECONDS):
        while True:
            found = await stored_bodies(bus)
            if len(found) >= wanted:
                return found


# --- publishing ---


async def test_what_was_reported_as_failed_is_not_sent_by_a_later_connection(bus: NatsBus, server: Nats) -> None:
    freeze_server(server)
    messages = [an_event(str(number).encode().ljust(MANY_BYTES // 100, b".")) for number in range(200)]
    answers = []
    for message in messages:
        answers.append(asyncio.ensure_future(bus.publish(message)))
        await asyncio.sleep(0)  # written one by one, until the socket takes no more and the client keeps the rest
    kill_server(server)
    done = await asyncio.gather(*answers, return_exceptions=True)
    assert all(isinstance(one, Fault) for one in done)
    await wait_until_back(bus)
    assert await stored_bodies(bus) == []
    await asyncio.gather(*[bus.publish(message) for message in messages])
    assert await stored_bodies(bus) == [str(number).encode() for number in range(200)]


async def test_what_is_lost_with_a_connection_has_failed_before_there_is_another(bus: NatsBus, server: Nats) -> None:
    freeze_server(server)
    lost = [asyncio.ensure_future(bus.publish(an_event(b"lost"))) for _ in range(10)]
    kill_server(server)
    await asyncio.wait(lost)
    assert all(isinstance(one.exception(), Fault) for one in lost)
    await wait_until_back(bus)
    await bus.publish(an_event(b"after"))
    assert await stored_bodies(bus) == [b"after"]


async def test_nothing_is_taken_until_whoever_waits_has_heard_of_a_failure(bus: NatsBus, server: Nats) -> None:
    connection = Connection()
    await connection.connect(server.url)
    publisher = Publisher(connection, LONG_SECONDS)
    await publisher.open()
    told = Collector[str]()
    first = publisher.publish(an_event(b"first"))
    first.add_done_callback(lambda _: told("first failed"))
    publisher.fail_all()
    assert not told.items
    with pytest.raises(Fault):
        publisher.publish(an_event(b"second")).result()
    await told.first(1)
    await publisher.publish(an_event(b"third"))
    assert await stored_bodies(bus) == [b"third"]
    await publisher.close()
    await connection.close()


async def test_nothing_that_waits_for_the_socket_is_sent_when_what_came_before_it_has_failed(server: Nats) -> None:
    """More than the client holds, so that some of it is not written when the patience for all of it ends."""
    bus = await NatsBus.connect(server.url, name="test", ack_timeout=0.5)
    await bus.provision()
    freeze_server(server)
    waiting = [
        asyncio.ensure_future(bus.publish(an_event(str(n).encode().ljust(MANY_BYTES // 4, b".")))) for n in range(30)
    ]
    await asyncio.wait(waiting[:1])
    late = asyncio.ensure_future(bus.publish(an_event(b"late")))
    await asyncio.wait(waiting)
    assert all(isinstance(one.exception(), Fault) for one in waiting)
    thaw_server(server)
    await asyncio.wait([late])
    await wait_until_back(bus)
    found = await stored_bodies(bus)
    assert found == [str(n).encode() for n in range(len(found))]
    await bus.close()


@pytest.mark.parametrize("end", [kill_server, thaw_server])
async def test_nothing_overtakes_what_was_under_way_when_the_server_froze(
    relay: Relay, bus: NatsBus, server: Nats, end: Callable[[Nats], None]
) -> None:
    """Each user writes on at every moment of it; nobody's events change places, are lost or come twice."""
    wanted = {user: [f"{user} {number}".encode() for number in range(300)] for user in ("user-ana", "user-bo")}

    async def write(user: str) -> None:
        for number, body in enumerate(wanted[user]):
            await relay.write(messages=[an_event(body.ljust(20_000, b"."), user)])
            written(number)
            if number == 100:
                await goes_on.wait()

    written, goes_on = Collector[int](), asyncio.Event()
    freeze_server(server)
    writers = [asyncio.create_task(write(user)) for user in wanted]
    await written.first(202)
    end(server)
    await bus.wait_until_connected()
    goes_on.set()
    await asyncio.gather(*writers)
    await wait_until_back(bus)
    found = await wait_for_bodies(bus, 600)
    for user, bodies in wanted.items():
        assert [body for body in found if body.startswith(user.encode())] == bodies
    assert len(found) == 600


async def test_a_stuck_line_is_given_up_with_what_waits_on_it(server: Nats) -> None:
    line = TcpProxy(server)
    bus = await NatsBus.connect(await line.open(), name="test", ack_timeout=LONG_SECONDS)
    try:
        await bus.provision()
        await line.block()
        lost = [asyncio.ensure_future(bus.publish(an_event(b"lost".ljust(MANY_BYTES // 20, b".")))) for _ in range(40)]
        await asyncio.sleep(0)
        line.end()
        await asyncio.wait(lost)
        assert all(isinstance(one.exception(), Fault) for one in lost)
        await wait_until_back(bus)
        await bus.publish(an_event(b"after"))
        assert await stored_bodies(bus) == [b"after"]
    finally:
        await bus.close()
        await line.close()


async def test_closing_does_not_wait_for_a_server_that_reads_nothing(server: Nats) -> None:
    bus = await NatsBus.connect(server.url, name="test", ack_timeout=0.5)
    await bus.provision()
    freeze_server(server)
    waiting = []
    for _ in range(200):
        waiting.append(asyncio.ensure_future(bus.publish(an_event(b"".ljust(MANY_BYTES // 100, b".")))))
        await asyncio.sleep(0)
    async with asyncio.timeout(LONG_SECONDS):
        await bus.close()
    assert all(isinstance(one.exception(), Fault) for one in waiting)


# --- verbs and work ---


async def test_a_question_that_timed_out_while_nobody_was_there_is_never_asked(bus: NatsBus, server: Nats) -> None:
    asked = Collector[bytes]()

    async def answer(request: RpcRequest) -> RpcReply:
        asked(request.body)
        return RpcReply(b"yes")

    await bus.serve("state", "1.0.0", ["create_blob"], answer)
    await server.stop()
    with pytest.raises(TimedOut):
        await bus.request("state", "create_blob", b"first", {}, timeout=0.2)
    patient = asyncio.create_task(bus.request("state", "create_blob", b"second", {}, timeout=LONG_SECONDS))
    await asyncio.sleep(0)
    await server.start()
    assert (await patient).body == b"yes"
    assert asked.items == [b"second"]


async def test_work_that_ends_while_the_server_is_away_is_not_done_again(bus: NatsBus, server: Nats) -> None:
    begun, release, ended = Collector[bytes](), asyncio.Event(), asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        begun(delivery.body)
        await release.wait()
        ended.set()

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle)
    await bus.publish(Message("run-1", "reyna.run.text-expansion.user-ana", b"work"))
    await begun.first(1)
    await server.stop()
    release.set()
    await ended.wait()
    await server.start()
    await wait_until_back(bus)
    async with asyncio.timeout(LONG_SECONDS):
        while True:
            info = await bus.call_jetstream("CONSUMER.INFO.RUNS.text-expansion")
            if not info["num_ack_pending"]:
                break
    assert info["num_redelivered"] == 0
    assert begun.items == [b"work"]
