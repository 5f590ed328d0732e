"""A cache of the callers of sessions and API keys, so that a request need not ask the store for its own."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import LIVE_SUBJECTS
from reyna.ports.bus import Bus, ReceivedMessage, Subscription
from reyna.services.studio.keys.key_store import KeyStore
from reyna.services.studio.records import Session
from reyna.services.studio.sign_in.session_store import SessionStore, session_id_of

SESSION_ENDED: Final = "session.ended"  # last tokens of the subject; sent to other gateways and not stored
MAX_CACHED_SESSIONS: Final = 10_000  # some 6 MiB
MAX_AGE_SECONDS: Final = 5.0  # after which an end that nobody has told this gateway of is found in the store


class CachedSession(msgspec.Struct, frozen=True):
    """A session as it was read from the store, at `read_at` in the time of `elapsed`."""

    caller: Caller
    expires_at: datetime
    read_at: float


class SessionCache:
    """Remembers the callers of the sessions that were used last, until those end.

    The end of a session on another gateway is a message. While this gateway could miss one, because it does not listen
    or is not connected, it asks the store every time; and it never trusts what it read for longer than a few seconds.
    """

    def __init__(
        self,
        records: SessionStore,
        keys: KeyStore,
        bus: Bus,
        clock: Callable[[], datetime],
        elapsed: Callable[[], float] = time.monotonic,
        *,
        max_sessions: int = MAX_CACHED_SESSIONS,
    ) -> None:
        self._max_sessions = max_sessions
        self._records, self._keys = records, keys
        self._bus, self._clock, self._elapsed = bus, clock, elapsed
        self._cached: dict[str, CachedSession] = {}  # by id; the least recently used first
        self._changes = 0  # counts when something was dropped: what was asked for before that may be old
        self._subscription: Subscription | None = None
        self._noting: set[asyncio.Task[None]] = set()
        bus.on_reconnect(self._drop_all)

    async def start(self) -> None:
        self._subscription = await self._bus.listen(f"{LIVE_SUBJECTS}.*.{SESSION_ENDED}", self._on_session_ended)

    async def stop(self) -> None:
        if self._noting:
            await asyncio.wait(self._noting)
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            self._drop_all()
            await subscription.stop()

    def __len__(self) -> int:
        return len(self._cached)

    async def identify(self, token: str) -> Caller:
        """Returns the caller that a session token or an API key belongs to. Raises NotSignedIn."""
        session_id = session_id_of(token)
        cached = self._cached.pop(session_id, None)
        if cached is None or not self._is_current(cached):
            return await self._read(session_id, token)
        self._cached[session_id] = cached
        return cached.caller

    def drop(self, session_ids: Iterable[str]) -> None:
        """Forgets sessions that have ended."""
        self._changes += 1
        for session_id in session_ids:
            self._cached.pop(session_id, None)

    @property
    def _hears_of_ends(self) -> bool:
        return self._subscription is not None and self._bus.is_connected

    def _is_current(self, session: CachedSession) -> bool:
        is_young = self._elapsed() < session.read_at + MAX_AGE_SECONDS
        return is_young and self._hears_of_ends and self._clock() < session.expires_at

    async def _read(self, session_id: str, token: str) -> Caller:
        before, read_at = self._changes, self._elapsed()
        session = await self._records.find_signed_in(token)
        caller = caller_of(session)
        self._start_noting_use(session)
        if before == self._changes and self._hears_of_ends:
            if len(self._cached) >= self._max_sessions:
                del self._cached[next(iter(self._cached))]
            self._cached[session_id] = CachedSession(caller, session.expires_at, read_at)
        return caller

    def _start_noting_use(self, session: Session) -> None:
        """Has the time of the use stored beside the request, which waits for no write."""
        noting = asyncio.create_task(self._note_use(session), name="note use of session")
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)

    async def _note_use(self, session: Session) -> None:
        """Stores the time of the use; while that fails, nobody is kept from what they want to do."""
        with suppress(Fault):
            if session.access is None:
                await self._records.note_use(session)
            else:
                await self._keys.note_use(session.owner_id, session.access.key_id)

    def _on_session_ended(self, message: ReceivedMessage) -> None:
        self.drop([message.body.decode()])

    def _drop_all(self) -> None:
        """Forgets everything: messages may have been missed."""
        self._changes += 1
        self._cached.clear()


def caller_of(session: Session) -> Caller:
    """Returns the caller that acts in a session or with an API key."""
    return Caller(user_id=session.owner_id, access=session.access)
