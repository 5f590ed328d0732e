"""The NATS adapter: restarts, drift, wrong settings, and a look with NATS's own tools."""

import asyncio
import logging
import shutil
import sys
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import msgspec
import pytest
from nats.aio.client import Client

from reyna.adapters.nats.bus import NatsBus
from reyna.adapters.nats.jetstream_api import ApiRefused
from reyna.adapters.nats.streams import Drift, differences
from reyna.domain.errors import Fault, TooLarge
from reyna.domain.event import Message
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.embedded.server_process import ServerProcess, ServerSpec
from reyna.embedded.tcp_ports import free_port
from reyna.ports.bus import Delivery, ReceivedMessage, RpcReply, RpcRequest
from tests.support.collector import Collector

_numbers = count(1)


def an_event(body: bytes = b"{}", user: str = "user-ana") -> Message:
    return Message(f"event-{next(_numbers)}", f"reyna.event.{user}.blob.created.text-input-v1", body)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Nats]:
    """A nats-server that a test may stop and start again."""
    server = Nats(Home(tmp_path / "home"))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def bus(server: Nats) -> AsyncIterator[NatsBus]:
    bus = await NatsBus.connect(server.url, name="test", ack_timeout=0.5)
    await bus.provision()
    yield bus
    await bus.close()


# --- setting up ---


async def start_server(folder: Path, config: str) -> tuple[ServerProcess, str]:
    """A nats-server with a configuration of one's own."""
    home = Home(folder)
    home.folder("nats")
    port = free_port(None)
    home.write("nats/nats.conf", f'listen: "127.0.0.1:{port}"\n{config}\n')
    binary = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    argv = (str(binary), "--config", str(home.folder("nats") / "nats.conf"))

    async def there() -> None: ...

    child = ServerProcess(home, ServerSpec(name="nats", argv=argv, ready_line="Server is ready", check=there))
    await child.start()
    return child, f"nats://127.0.0.1:{port}"


async def test_a_server_for_small_messages_only_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    child, url = await start_server(tmp_path / "home", "max_payload: 1MB")
    try:
        with pytest.raises(Fault, match="max_payload"):
            await NatsBus.connect(url, name="test")
    finally:
        await child.stop()


async def test_a_server_without_jetstream_is_refused_with_what_to_do(tmp_path: Path) -> None:
    child, url = await start_server(tmp_path / "home", "max_payload: 8MB")
    try:
        bus = await NatsBus.connect(url, name="test")
        with pytest.raises(Fault, match="-js"):
            await bus.provision()
        await bus.close()
    finally:
        await child.stop()


async def test_no_server_is_one_line_with_its_address_and_without_its_password() -> None:
    port = free_port(None)
    with pytest.raises(Fault, match=f"127.0.0.1:{port}") as refused:
        await NatsBus.connect(f"nats://reyna:sesame@127.0.0.1:{port}", name="test", connect_timeout=0.2)
    assert "sesame" not in str(refused.value)


async def test_provisioning_again_changes_nothing(bus: NatsBus) -> None:
    before = await bus.call_jetstream("STREAM.INFO.EVENTS")
    await bus.provision()
    after = await bus.call_jetstream("STREAM.INFO.EVENTS")
    assert (after["config"], after["created"]) == (before["config"], before["created"])


async def test_the_time_events_are_kept_follows_its_setting(bus: NatsBus, server: Nats) -> None:
    await bus.publish(an_event())
    longer = await NatsBus.connect(server.url, name="test", retention_days=90)
    await longer.provision()
    info = await longer.call_jetstream("STREAM.INFO.EVENTS")
    assert info["config"]["max_age"] == 90 * 86_400 * 10**9
    assert info["state"]["messages"] == 1
    await longer.close()


async def test_a_stream_that_drifted_is_refused_and_left_alone(bus: NatsBus) -> None:
    there = (await bus.call_jetstream("STREAM.INFO.EVENTS"))["config"]
    await bus.call_jetstream("STREAM.UPDATE.EVENTS", there | {"subjects": ["reyna.event.*.blob.>"]})
    with pytest.raises(Drift, match=r"EVENTS.*subjects.*nats stream") as drifted:
        await bus.provision()
    assert 'wanted is ["reyna.event.>"]' in str(drifted.value)
    left = (await bus.call_jetstream("STREAM.INFO.EVENTS"))["config"]
    assert left["subjects"] == ["reyna.event.*.blob.>"]


async def handle_nothing(delivery: Delivery) -> None: ...


async def test_a_consumer_follows_its_patience_and_drifts_in_nothing_else(bus: NatsBus) -> None:
    first = await bus.subscribe("EVENTS", "matching", "reyna.event.>", handle_nothing, ack_wait=30)
    await first.stop()
    await bus.subscribe("EVENTS", "matching", "reyna.event.>", handle_nothing, ack_wait=60)
    info = await bus.call_jetstream("CONSUMER.INFO.EVENTS.matching")
    assert info["config"]["ack_wait"] == 60 * 10**9
    with pytest.raises(Drift, match=r"consumer matching of EVENTS.*filter_subject.*nats consumer"):
        await bus.subscribe("EVENTS", "matching", "reyna.event.user-ana.>", handle_nothing)


def test_only_fields_that_are_wanted_are_compared() -> None:
    wanted = {"subjects": ["b", "a"], "max_age": 0, "republish": {"src": "a", "dest": "b"}}
    there = {"subjects": ["a", "b"], "republish": {"src": "a", "dest": "b", "headers_only": False}, "sealed": True}
    assert differences(wanted, there) == {}
    assert differences(wanted, there | {"max_age": 5}) == {"max_age": (5, 0)}


async def test_a_replay_leaves_no_consumer_behind(bus: NatsBus) -> None:
    await bus.publish(an_event())
    assert [one.sequence async for one in bus.replay("reyna.event.>", after=0, until=1)] == [1]
    assert (await bus.call_jetstream("STREAM.INFO.EVENTS"))["state"]["consumer_count"] == 0


async def test_a_replay_passes_over_events_that_are_gone(bus: NatsBus) -> None:
    await asyncio.gather(*[bus.publish(an_event()) for _ in range(10)])
    for sequence in (4, 5, 9, 10):
        await bus.call_jetstream("STREAM.MSG.DELETE.EVENTS", {"seq": sequence})
    await bus.call_jetstream("STREAM.PURGE.EVENTS", {"seq": 3})
    assert [one.sequence async for one in bus.replay("reyna.event.>", after=0, until=10)] == [3, 6, 7, 8]
    position = await bus.position()
    assert (position.first, position.last) == (3, 10)


async def test_a_stream_made_anew_has_another_epoch(bus: NatsBus) -> None:
    before = await bus.position()
    await bus.call_jetstream("STREAM.DELETE.EVENTS")
    with pytest.raises(Fault, match="EVENTS"):
        await bus.position()
    await bus.provision()
    assert (await bus.position()).epoch != before.epoch


async def test_a_purged_stream_is_empty_at_its_place(bus: NatsBus) -> None:
    await asyncio.gather(*[bus.publish(an_event()) for _ in range(3)])
    await bus.call_jetstream("STREAM.PURGE.EVENTS")
    position = await bus.position()
    assert (position.first, position.last) == (4, 3)


# --- verbs, seen by NATS's own tools ---


async def test_a_service_can_be_discovered_and_counts_its_answers(bus: NatsBus, server: Nats) -> None:
    async def answer(request: RpcRequest) -> RpcReply:
        return RpcReply(b"no", ("404", "not_found")) if request.body else RpcReply(b"yes")

    await bus.serve("state", "1.2.3", ["blobs.get", "tree"], answer)
    await bus.request("state", "blobs.get", b"", {}, timeout=30)
    await bus.request("state", "blobs.get", b"!", {}, timeout=30)
    stranger = Client()
    await stranger.connect(server.url)
    try:
        ping = msgspec.json.decode((await stranger.request("$SRV.PING.state", timeout=30)).data)
        info = msgspec.json.decode((await stranger.request("$SRV.INFO", timeout=30)).data)
        stats = msgspec.json.decode((await stranger.request(f"$SRV.STATS.state.{ping['id']}", timeout=30)).data)
    finally:
        await stranger.close()
    assert (ping["name"], ping["version"], ping["type"]) == ("state", "1.2.3", "io.nats.micro.v1.ping_response")
    assert {one["subject"] for one in info["endpoints"]} == {"reyna.rpc.state.blobs.get", "reyna.rpc.state.tree"}
    blob = next(one for one in stats["endpoints"] if one["name"] == "blobs_get")
    assert (blob["num_requests"], blob["num_errors"], blob["last_error"]) == (2, 1, "404:not_found")


async def test_a_question_too_long_for_the_server_is_refused_for_good(bus: NatsBus) -> None:
    with pytest.raises(TooLarge):
        await bus.request("state", "create_blob", b"x" * 8 * 1024 * 1024, {}, timeout=30)


# --- restarts ---


async def test_a_message_for_a_server_that_is_away_is_a_fault_and_can_be_repeated(bus: NatsBus, server: Nats) -> None:
    await server.stop()
    message = an_event()
    with pytest.raises(Fault):
        await bus.publish(message)
    with pytest.raises(Fault):
        await bus.check()
    await server.start()
    await wait_until_back(bus)
    await bus.publish(message)
    await bus.publish(message)
    assert (await bus.position()).last == 1


async def wait_until_back(bus: NatsBus) -> None:
    """Until the bus answers again; it may learn only now that its connection is gone."""
    async with asyncio.timeout(60):
        while True:
            await bus.wait_until_connected()
            try:
                return await bus.check()
            except Fault:
                await asyncio.sleep(0)


async def test_everything_comes_back_with_the_server(bus: NatsBus, server: Nats) -> None:
    heard, handled = Collector[ReceivedMessage](), Collector[bytes]()

    async def handle(delivery: Delivery) -> None:
        handled(delivery.body)

    async def answer(request: RpcRequest) -> RpcReply:
        return RpcReply(b"here")

    await bus.listen("reyna.live.user-ana.>", heard)
    await bus.subscribe("EVENTS", "matching", "reyna.event.>", handle)
    await bus.serve("state", "1.0.0", ["blobs.get"], answer)
    await bus.publish(an_event(b"before"))
    await handled.first(1)
    await heard.first(1)
    await server.stop()
    await server.start()
    await wait_until_back(bus)
    await bus.publish(an_event(b"after"))
    assert await handled.first(2) == [b"before", b"after"]
    assert [one.body for one in await heard.first(2)] == [b"before", b"after"]
    assert (await bus.request("state", "blobs.get", b"", {}, timeout=30)).body == b"here"


async def wait_until_lost(bus: NatsBus) -> None:
    async with asyncio.timeout(60):
        while bus.is_connected:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)


async def test_whoever_must_know_is_told_that_the_connection_is_back(bus: NatsBus, server: Nats) -> None:
    returned = asyncio.Event()
    bus.on_reconnect(returned.set)
    await server.stop()
    await wait_until_lost(bus)
    assert not returned.is_set()
    async with asyncio.timeout(60):
        await server.start()
        await returned.wait()
    assert bus.is_connected


async def test_a_listener_hears_in_order_what_came_while_its_own_line_was_cut(bus: NatsBus, server: Nats) -> None:
    """The server restarts, and somebody else is back and publishes before we are."""
    heard, foreign = Collector[ReceivedMessage](), Collector[ReceivedMessage]()
    await bus.listen("reyna.live.user-ana.>", heard)
    await bus.listen("reyna.live.user-bo.>", foreign)
    await bus.publish(an_event(b"0"))
    await heard.first(1)
    await server.stop()
    await server.start()
    early = await NatsBus.connect(server.url, name="early")
    for number in range(1, 21):
        await early.publish(an_event(str(number).encode(), "user-ana" if number % 2 else "user-bo"))
    await wait_until_back(bus)
    for number in range(21, 41):
        await early.publish(an_event(str(number).encode(), "user-ana"))
    expected = [b"0", *(str(n).encode() for n in range(1, 20, 2)), *(str(n).encode() for n in range(21, 41))]
    assert [one.body for one in await heard.first(len(expected))] == expected
    assert [one.sequence for one in heard.items] == sorted({one.sequence or 0 for one in heard.items})
    assert len(await foreign.first(10)) == 10
    await early.close()


async def test_work_in_hand_while_the_server_restarts_is_not_lost(bus: NatsBus, server: Nats) -> None:
    begun, release, handled = Collector[bytes](), asyncio.Event(), Collector[bytes]()

    async def handle(delivery: Delivery) -> None:
        begun(delivery.body)
        await release.wait()
        handled(delivery.body)

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle, parallel=2)
    for number in range(6):
        await bus.publish(Message(f"run-{number}", "reyna.run.text-expansion.user-ana", str(number).encode()))
    await begun.first(2)
    await server.stop()
    release.set()
    await server.start()
    await wait_until_back(bus)
    done = await handled.first(6)
    assert set(done) == {str(number).encode() for number in range(6)}


async def test_a_deleted_consumer_is_made_again(bus: NatsBus, caplog: pytest.LogCaptureFixture) -> None:
    handled = Collector[bytes]()

    async def handle(delivery: Delivery) -> None:
        handled(delivery.body)

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle)
    with caplog.at_level(logging.ERROR):
        await bus.call_jetstream("CONSUMER.DELETE.RUNS.text-expansion")
        await bus.publish(Message("run-1", "reyna.run.text-expansion.user-ana", b"work"))
        assert await handled.first(1) == [b"work"]
    with pytest.raises(ApiRefused):
        await bus.call_jetstream("CONSUMER.INFO.RUNS.somebody-else")


async def test_closing_waits_for_what_is_under_way(server: Nats) -> None:
    bus = await NatsBus.connect(server.url, name="test")
    await bus.provision()
    futures = [asyncio.ensure_future(bus.publish(an_event())) for _ in range(100)]
    await bus.close()
    assert [future.exception() for future in futures] == [None] * 100
    with pytest.raises(Fault):
        await bus.publish(an_event())
    with pytest.raises(Fault):
        await bus.check()


async def test_thousands_of_listeners_hear_only_their_own(bus: NatsBus) -> None:
    heard = [Collector[ReceivedMessage]() for _ in range(3000)]
    await asyncio.gather(*[bus.listen(f"reyna.live.user-{n}.>", one) for n, one in enumerate(heard)])
    await bus.publish(an_event(b"x", "user-2777"))
    assert [one.body for one in await heard[2777].first(1)] == [b"x"]
    assert sum(len(one.items) for one in heard) == 1


async def test_what_differs_is_told_and_left_alone(bus: NatsBus) -> None:
    await bus.subscribe("EVENTS", "matching", "reyna.event.*.blob.created.>", handle_nothing)
    assert await bus.describe_drift({"EVENTS": ["matching"]}) == []
    assert await bus.describe_drift({"RUNS": ["text-expansion"]}) == ["consumer text-expansion of RUNS is missing"]
    there = (await bus.call_jetstream("STREAM.INFO.EVENTS", {}))["config"]
    await bus.call_jetstream("STREAM.UPDATE.EVENTS", there | {"subjects": ["reyna.event.>", "other.>"]})
    (said,) = await bus.describe_drift({})
    assert said == 'stream EVENTS: subjects is ["reyna.event.>","other.>"], wanted is ["reyna.event.>"]'
    await bus.call_jetstream("STREAM.DELETE.DEAD", {})
    assert len(await bus.describe_drift({})) == 2
