"""Sockets end with their session, however it ended and wherever they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Fault, NotSignedIn
from reyna.ports.store import Delete, Put
from reyna.services.studio.accounts.accounts import AccountChange
from reyna.services.studio.records import FAILED_ATTEMPTS, SESSIONS, Session
from reyna.services.studio.sign_in.session_store import LIFETIMES, SessionStore, session_id_of
from reyna.services.studio.sign_in.session_watch import SessionWatch
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from tests.services.studio.conftest import PASSWORD, bearer
from tests.services.studio.fake_websocket import MAX_WAIT_SECONDS, FakeDevice, connect
from tests.services.studio.harness import StudioHarness

SIGNED_OUT = 4001
CREDENTIALS = Credentials(email="ana@example.test", password=PASSWORD)


class DisconnectedBus(MemoryBus):
    """Reaches nobody."""

    async def publish_ephemeral(self, subject: str, body: bytes) -> None:
        raise Fault("NATS cannot be reached.")


@asynccontextmanager
async def running_watch(harness: StudioHarness) -> AsyncIterator[StudioHarness]:
    """A gateway that looks after its sessions."""
    await harness.studio.session_watch.start()
    yield harness
    await harness.studio.session_watch.stop()


@asynccontextmanager
async def live_device(harness: StudioHarness, signed_in: SignedIn) -> AsyncIterator[FakeDevice]:
    async with connect(harness.websocket_app, bearer(signed_in)) as device:
        await device.frames_until("hello")
        yield device


async def is_connected(device: FakeDevice) -> bool:
    return bool((await device.request({"action": "ping", "request_id": "1"}))["type"] == "ok")


async def find_session(harness: StudioHarness, signed_in: SignedIn) -> Session | None:
    return await harness.store.get(SESSIONS, SYSTEM_USER_ID, session_id_of(signed_in.token))


async def expire(harness: StudioHarness, signed_in: SignedIn, at: datetime) -> None:
    """The session is stored to end at that time, as another gateway or an administrator might do."""
    session = await find_session(harness, signed_in)
    assert session is not None
    changed = replace(session, expires_at=at, revision=session.revision + 1)
    await harness.store.write(Put(SESSIONS, changed, expects=session.revision))


async def test_a_socket_ends_when_its_session_is_deleted(harness: StudioHarness, anas: SignedIn) -> None:
    other = await harness.studio.sign_in.with_password(CREDENTIALS)
    async with running_watch(harness), live_device(harness, anas) as device, live_device(harness, other) as spared:
        await harness.store.write(Delete(SESSIONS, SYSTEM_USER_ID, session_id_of(anas.token)))
        harness.studio.session_watch.check_soon()
        assert (await device.wait_for_close())[0] == SIGNED_OUT
        assert await is_connected(spared)


async def test_a_sign_out_that_could_not_be_told_is_found_when_the_bus_is_back(
    harness: StudioHarness, anas: SignedIn
) -> None:
    there = harness.copy(DisconnectedBus())
    async with (
        running_watch(harness),
        running_watch(there),
        live_device(harness, anas) as device,
        live_device(there, anas) as far_line,
    ):
        await there.studio.sessions.end(anas.token)
        assert (await far_line.wait_for_close())[0] == SIGNED_OUT  # at once where it happened
        harness.studio.session_watch.check_soon()
        assert (await device.wait_for_close())[0] == SIGNED_OUT


async def test_a_new_password_ends_sockets_on_every_gateway(harness: StudioHarness, anas: SignedIn) -> None:
    there = harness.copy(DisconnectedBus())
    kept = await harness.studio.sign_in.with_password(CREDENTIALS)
    async with running_watch(harness), live_device(harness, anas) as device, live_device(harness, kept) as spared:
        change = AccountChange(password="another password", old_password=PASSWORD)
        await there.studio.accounts.change(Caller(user_id=anas.user.id), change, token=kept.token)
        harness.studio.session_watch.check_soon()
        assert (await device.wait_for_close())[0] == SIGNED_OUT
        assert await is_connected(spared)


async def test_a_socket_ends_at_the_moment_its_session_does(harness: StudioHarness, anas: SignedIn) -> None:
    async with live_device(harness, anas) as device:
        harness.clock.advance(LIFETIMES["session"] - timedelta(seconds=1))
        harness.studio.session_watch.expire()
        assert await is_connected(device)
        harness.clock.advance(timedelta(seconds=1))
        harness.studio.session_watch.expire()
        assert (await device.wait_for_close())[0] == SIGNED_OUT


async def test_nobody_needs_to_ask_for_a_socket_to_end_in_time(harness: StudioHarness, anas: SignedIn) -> None:
    real = harness.copy(clock=lambda: datetime.now(UTC))
    await expire(harness, anas, datetime.now(UTC) + timedelta(days=1))
    async with running_watch(real), live_device(real, anas) as device:
        await expire(harness, anas, datetime.now(UTC) + timedelta(seconds=0.1))
        await real.studio.session_watch.check()
        assert (await device.wait_for_close())[0] == SIGNED_OUT


@pytest.mark.parametrize("earlier", [True, False])
async def test_the_end_that_is_stored_counts(harness: StudioHarness, anas: SignedIn, earlier: bool) -> None:
    async with live_device(harness, anas) as device:
        day = timedelta(days=1)
        await expire(harness, anas, harness.clock() + (day if earlier else LIFETIMES["session"] + 2 * day))
        await harness.studio.session_watch.check()
        harness.clock.advance(day if earlier else LIFETIMES["session"] + day)
        harness.studio.session_watch.expire()
        if earlier:
            assert (await device.wait_for_close())[0] == SIGNED_OUT
        else:
            assert await is_connected(device)


async def test_a_gateway_whose_clock_is_late_hears_it_from_the_store(harness: StudioHarness, anas: SignedIn) -> None:
    late = harness.clock()
    there = harness.copy(clock=lambda: late)
    async with running_watch(there), live_device(there, anas) as device:
        harness.clock.advance(LIFETIMES["session"])
        await SessionStore(harness.store, harness.clock).delete_expired()
        there.studio.session_watch.check_soon()
        assert (await device.wait_for_close())[0] == SIGNED_OUT


async def test_what_has_expired_is_removed_by_itself(harness: StudioHarness, anas: SignedIn) -> None:
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in.with_password(Credentials(email="ana@example.test", password="wrong guess"))
    harness.clock.advance(LIFETIMES["session"] - timedelta(seconds=1))
    kept = await harness.studio.sign_in.with_password(CREDENTIALS)
    harness.clock.advance(timedelta(seconds=1))
    async with running_watch(harness), live_device(harness, kept):
        harness.studio.session_watch.check_soon()
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            while await find_session(harness, anas) is not None:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0)
        assert await find_session(harness, kept) is not None
    await SessionStore(harness.store, harness.clock).delete_expired()
    assert [
        tries
        for tries in await harness.store.find(FAILED_ATTEMPTS, SYSTEM_USER_ID)
        if tries.expires_at <= harness.clock()
    ] == []


async def test_a_watch_holds_on_to_nothing_that_is_closed(harness: StudioHarness, anas: SignedIn) -> None:
    async with live_device(harness, anas), live_device(harness, anas):
        assert harness.studio.session_watch.session_count == 1
    assert harness.studio.session_watch.session_count == 0


async def test_many_sessions_are_asked_for_together(harness: StudioHarness) -> None:
    class Silent:
        def end_session(self, session_id: str) -> None:
            ended.append(session_id)

    ended: list[str] = []
    watch = SessionWatch(harness.store, harness.clock)
    sessions = SessionStore(harness.store, harness.clock)
    tokens = [await sessions.create("user-a", "session") for _ in range(1_200)]
    for token in tokens:
        watch.add(await sessions.find(token, "session"), Silent())
    await sessions.delete(session_id_of(tokens[7]))
    await sessions.delete(session_id_of(tokens[1_100]))
    await watch.check()
    assert sorted(ended) == sorted([session_id_of(tokens[7]), session_id_of(tokens[1_100])])
