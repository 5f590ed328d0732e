"""A session that ended is refused by every gateway, although gateways remember the sessions that are used."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, cast

import httpx
import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Fault, NotSignedIn
from reyna.ports.store import Delete
from reyna.services.studio.accounts.accounts import AccountChange
from reyna.services.studio.keys.key_store import KeyStore
from reyna.services.studio.records import SESSIONS, Session
from reyna.services.studio.sign_in.session_cache import MAX_AGE_SECONDS, SessionCache
from reyna.services.studio.sign_in.session_store import LIFETIMES, SessionStore, session_id_of
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from tests.services.studio.conftest import PASSWORD, bearer
from tests.services.studio.harness import StudioHarness

CREDENTIALS: Final = Credentials(email="ana@example.test", password=PASSWORD)


class CuttableBus(MemoryBus):
    """One gateway's connection to the bus of others. While it is cut, nothing comes and nothing goes."""

    def __init__(self, others: MemoryBus | None = None) -> None:
        super().__init__()
        self._others = others or MemoryBus()
        self._callbacks: list[Callable[[], None]] = []

    async def listen(self, subject: str, on_message: Callable[[Any], None]) -> Any:
        return await self._others.listen(subject, lambda message: on_message(message) if self.is_connected else None)

    async def publish_ephemeral(self, subject: str, body: bytes) -> None:
        if not self.is_connected:
            raise Fault("NATS cannot be reached.")
        await self._others.publish_ephemeral(subject, body)

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def cut(self) -> None:
        self.is_connected = False

    def reconnect(self) -> None:
        self.is_connected = True
        for callback in self._callbacks:
            callback()


class Stopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@asynccontextmanager
async def running(harness: StudioHarness) -> AsyncIterator[StudioHarness]:
    """A gateway that remembers sessions."""
    await harness.studio.session_cache.start()
    yield harness
    await harness.studio.session_cache.stop()


async def status(harness: StudioHarness, signed_in: SignedIn, method: str = "GET", path: str = "/api/me") -> int:
    """Returns the status of a request of this session, when all messages that were sent have arrived."""
    await asyncio.sleep(0)
    transport = httpx.ASGITransport(cast(Any, harness.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as client:
        return (await client.request(method, path, headers=bearer(signed_in))).status_code


async def sign_out(harness: StudioHarness, signed_in: SignedIn) -> None:
    assert await status(harness, signed_in, "POST", "/api/auth/logout") == 204


async def change_password(harness: StudioHarness, signed_in: SignedIn) -> None:
    change = AccountChange(password="another password", old_password=PASSWORD)
    kept = await harness.studio.sign_in.with_password(CREDENTIALS)
    await harness.studio.accounts.change(Caller(user_id=signed_in.user.id), change, token=kept.token)
    assert await status(harness, kept) == 200


async def let_it_expire(harness: StudioHarness, _: SignedIn) -> None:
    harness.clock.advance(LIFETIMES["session"])


Ending = Callable[[StudioHarness, SignedIn], Awaitable[None]]
ENDINGS: Final[list[Ending]] = [sign_out, change_password, let_it_expire]


@pytest.mark.parametrize("end", ENDINGS)
async def test_a_session_that_ended_is_refused_by_every_gateway(
    harness: StudioHarness, anas: SignedIn, end: Ending
) -> None:
    async with running(harness) as here, running(harness.copy()) as there:
        assert [await status(here, anas), await status(there, anas)] == [200, 200]
        await end(here, anas)
        assert [await status(here, anas), await status(there, anas)] == [401, 401]


@pytest.mark.parametrize("end", ENDINGS)
async def test_a_gateway_that_was_cut_off_refuses_it_too(harness: StudioHarness, anas: SignedIn, end: Ending) -> None:
    bus = CuttableBus(cast(MemoryBus, harness.bus))
    async with running(harness) as here, running(harness.copy(bus)) as there:
        assert await status(there, anas) == 200
        bus.cut()
        assert await status(there, anas) == 200
        await end(here, anas)
        assert await status(there, anas) == 401, "while it is cut off"
        bus.reconnect()
        assert await status(there, anas) == 401, "afterwards"


async def test_an_end_that_was_missed_is_found_after_the_reconnection(harness: StudioHarness, anas: SignedIn) -> None:
    bus = CuttableBus(cast(MemoryBus, harness.bus))
    async with running(harness) as here, running(harness.copy(bus)) as there:
        assert await status(there, anas) == 200
        bus.cut()
        await sign_out(here, anas)
        bus.reconnect()
        assert await status(there, anas) == 401


async def test_a_sign_out_where_the_bus_is_away_counts_at_once(harness: StudioHarness, anas: SignedIn) -> None:
    bus = CuttableBus()
    async with running(harness.copy(bus)) as here:
        assert await status(here, anas) == 200
        bus.cut()
        await sign_out(here, anas)
        bus.reconnect()
        assert await status(here, anas) == 401


async def test_other_sessions_go_on(harness: StudioHarness, anas: SignedIn, bos: SignedIn) -> None:
    other = await harness.studio.sign_in.with_password(CREDENTIALS)
    async with running(harness):
        assert await status(harness, other) == await status(harness, bos) == 200
        await sign_out(harness, anas)
        assert await status(harness, other) == await status(harness, bos) == 200


# --- the cache by itself ---


MAX_SESSIONS = 100


async def cache_of(harness: StudioHarness, elapsed: Callable[[], float], bus: MemoryBus) -> SessionCache:
    records, keys = SessionStore(harness.store, harness.clock), KeyStore(harness.store, harness.clock)
    cache = SessionCache(records, keys, bus, harness.clock, elapsed, max_sessions=MAX_SESSIONS)
    await cache.start()
    return cache


async def delete_silently(harness: StudioHarness, signed_in: SignedIn) -> None:
    """Deletes the session, as somebody with access to the database might do."""
    await harness.store.write(Delete(SESSIONS, SYSTEM_USER_ID, session_id_of(signed_in.token)))


async def test_a_session_is_remembered_for_seconds_at_most(harness: StudioHarness, anas: SignedIn) -> None:
    elapsed = Stopwatch()
    cache = await cache_of(harness, elapsed, MemoryBus())
    await cache.identify(anas.token)
    await delete_silently(harness, anas)
    elapsed.seconds = MAX_AGE_SECONDS - 0.1
    assert await cache.identify(anas.token) == Caller(user_id=anas.user.id), "the store is not asked"
    elapsed.seconds = MAX_AGE_SECONDS
    with pytest.raises(NotSignedIn):
        await cache.identify(anas.token)


async def test_using_a_session_does_not_make_it_younger(harness: StudioHarness, anas: SignedIn) -> None:
    elapsed = Stopwatch()
    cache = await cache_of(harness, elapsed, MemoryBus())
    await cache.identify(anas.token)
    await delete_silently(harness, anas)
    with pytest.raises(NotSignedIn):
        for _ in range(10):
            elapsed.seconds += MAX_AGE_SECONDS / 5
            await cache.identify(anas.token)
    assert elapsed.seconds == MAX_AGE_SECONDS


async def test_a_session_that_expires_meanwhile_is_refused(harness: StudioHarness, anas: SignedIn) -> None:
    harness.clock.advance(LIFETIMES["session"] - timedelta(seconds=1))
    cache = await cache_of(harness, Stopwatch(), MemoryBus())
    await cache.identify(anas.token)
    harness.clock.advance(timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        await cache.identify(anas.token)


async def test_nothing_is_remembered_while_messages_may_be_missed(harness: StudioHarness, anas: SignedIn) -> None:
    bus = CuttableBus()
    cache = await cache_of(harness, Stopwatch(), bus)
    bus.cut()
    await cache.identify(anas.token)
    assert len(cache) == 0
    bus.reconnect()
    await cache.identify(anas.token)
    assert len(cache) == 1
    await cache.stop()
    await cache.identify(anas.token)
    assert len(cache) == 0


async def test_a_session_that_ends_while_it_is_read_is_not_remembered(harness: StudioHarness, anas: SignedIn) -> None:
    class EndingWhileRead(SessionStore):
        async def find(self, token: str, kind: Any) -> Session:
            session = await super().find(token, kind)
            cache.drop([session.id])
            return session

    cache = SessionCache(
        EndingWhileRead(harness.store, harness.clock),
        KeyStore(harness.store, harness.clock),
        MemoryBus(),
        harness.clock,
    )
    await cache.start()
    await cache.identify(anas.token)
    assert len(cache) == 0


async def test_no_link_and_no_unknown_token_is_remembered(harness: StudioHarness) -> None:
    cache = await cache_of(harness, Stopwatch(), MemoryBus())
    link = await SessionStore(harness.store, harness.clock).create("user-a", "link")
    for token in (link, "nobody's", "", "\udcff"):
        with pytest.raises(NotSignedIn):
            await cache.identify(token)
    assert len(cache) == 0


async def test_the_sessions_that_were_used_last_are_remembered(harness: StudioHarness, anas: SignedIn) -> None:
    cache = await cache_of(harness, Stopwatch(), MemoryBus())
    sessions = SessionStore(harness.store, harness.clock)
    await cache.identify(anas.token)
    tokens = [await sessions.create("user-a", "session") for _ in range(MAX_SESSIONS)]
    for token in tokens[:-1]:
        await cache.identify(token)
    await cache.identify(anas.token)
    await cache.identify(tokens[-1])
    assert len(cache) == MAX_SESSIONS
    await delete_silently(harness, anas)
    await sessions.delete(session_id_of(tokens[0]))
    assert (await cache.identify(anas.token)).user_id == anas.user.id
    with pytest.raises(NotSignedIn):
        await cache.identify(tokens[0])
