"""A watch that closes sockets when their session ends: expired, signed out, or deleted while the bus was away."""

import asyncio
import heapq
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final, Protocol

import structlog

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import Fault
from reyna.ports.store import Store
from reyna.services.studio.records import SESSIONS, Session
from reyna.services.studio.sign_in.session_store import SessionStore

CHECK_INTERVAL_SECONDS: Final = 15.0
MAX_SESSIONS_PER_QUERY: Final = 500
log: Final = structlog.get_logger("reyna.services.studio")


class SessionSocket(Protocol):
    """A socket of a session."""

    def end_session(self, session_id: str) -> None:
        """Closes the socket when it belongs to this session. Must not block."""


class _OpenSession:
    """A session that has sockets on this gateway."""

    __slots__ = ("expires_at", "sockets")

    def __init__(self, expires_at: datetime) -> None:
        self.expires_at = expires_at
        self.sockets: set[SessionSocket] = set()


class SessionWatch:
    """Knows the sessions that have sockets on this gateway, and closes their sockets when they end.

    It looks all of them up in the store every few seconds, and at once after `check_soon`, which is called when a
    message may have been missed. A session that expires ends at that moment.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], check_interval: float = CHECK_INTERVAL_SECONDS
    ) -> None:
        self._store, self._clock, self._check_interval = store, clock, check_interval
        self._records = SessionStore(store, clock)
        self._open: dict[str, _OpenSession] = {}
        self._expiring: list[tuple[datetime, str]] = []  # a heap; its sessions may be closed by now
        self._wake_up = asyncio.Event()
        self._next_check = float("-inf")  # in the time of the event loop
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="session watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @property
    def session_count(self) -> int:
        """The number of sessions that have sockets here."""
        return len(self._open)

    def add(self, session: Session, socket: SessionSocket) -> None:
        """Closes this socket when the session ends."""
        open = self._open.get(session.id)
        if open is None:
            open = self._open[session.id] = _OpenSession(session.expires_at)
            self._schedule_expiry(session.id, session.expires_at)
        open.sockets.add(socket)

    def remove(self, session_id: str, socket: SessionSocket) -> None:
        open = self._open.get(session_id)
        if open is not None:
            open.sockets.discard(socket)
            if not open.sockets:
                del self._open[session_id]

    def end_sessions(self, session_ids: Iterable[str]) -> None:
        """Closes the sockets of these sessions."""
        for session_id in session_ids:
            if (open := self._open.get(session_id)) is not None:
                for socket in tuple(open.sockets):
                    socket.end_session(session_id)

    def check_soon(self) -> None:
        """Checks the store at once, since sessions may have ended without a message."""
        self._next_check = float("-inf")
        self._wake_up.set()

    async def check(self) -> None:
        """Looks up every session that is open here, and closes the sockets of those that are gone."""
        open_now = list(self._open)
        for start in range(0, len(open_now), MAX_SESSIONS_PER_QUERY):
            ids = open_now[start : start + MAX_SESSIONS_PER_QUERY]
            found = dict(await self._store.select(SESSIONS, SYSTEM_USER_ID, ("id", "expires_at"), {"id": ids}))
            self.end_sessions(id for id in ids if id not in found)
            for id, expires_at in found.items():
                if (open := self._open.get(id)) is not None and open.expires_at != expires_at:
                    open.expires_at = expires_at
                    self._schedule_expiry(id, expires_at)
        self.expire()

    def expire(self) -> None:
        """Closes the sockets of expired sessions."""
        now = self._clock()
        while self._expiring and self._expiring[0][0] <= now:
            _, id = heapq.heappop(self._expiring)
            if (open := self._open.get(id)) is not None and open.expires_at <= now:
                self.end_sessions([id])

    def _schedule_expiry(self, session_id: str, at: datetime) -> None:
        heapq.heappush(self._expiring, (at, session_id))
        if len(self._expiring) > 2 * len(self._open) + MAX_SESSIONS_PER_QUERY:
            self._expiring = [(open.expires_at, id) for id, open in self._open.items()]
            heapq.heapify(self._expiring)
        if self._expiring[0][1] == session_id:
            self._wake_up.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake_up.clear()
            self.expire()
            if loop.time() >= self._next_check:
                self._next_check = loop.time() + self._check_interval
                await self._check_store()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._idle_seconds(loop.time())):
                    await self._wake_up.wait()

    async def _check_store(self) -> None:
        try:
            await self.check()
            await self._records.delete_expired()
        except Fault as fault:
            log.warning("sessions are checked again later", reason=fault.detail)
        except Exception:
            log.exception("checking the sessions failed; they are checked again later")

    def _idle_seconds(self, now: float) -> float:
        """Returns the time until something is due, at most the check interval, so that a clock that was set is
        noticed."""
        seconds = self._next_check - now
        if self._expiring:
            seconds = min(seconds, (self._expiring[0][0] - self._clock()).total_seconds())
        return max(0.0, seconds)
