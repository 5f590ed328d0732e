"""The verbs on sessions: started by signing in, found by their token, ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Forbidden, NotFound
from reyna.domain.event import LIVE_SUBJECTS
from reyna.domain.requests.page import Page
from reyna.ports.bus import Bus
from reyna.services.studio.accounts.users import User, user_of
from reyna.services.studio.records import Account, Session
from reyna.services.studio.sign_in.session_cache import SESSION_ENDED, SessionCache
from reyna.services.studio.sign_in.session_store import SessionStore, session_id_of
from reyna.services.studio.sign_in.session_watch import SessionWatch
from reyna.services.studio.sign_in.visitors import UNKNOWN_VISITOR, Visitor

log: Final = structlog.get_logger("reyna.services.studio")


class AccountDisabled(Forbidden):
    """This account is disabled."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    user: User
    token: str


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its user sees it; `current` is the one that asks."""

    id: str
    current: bool
    address: str | None
    agent: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime


class Sessions:
    """Starts, finds and ends sessions, and shuts out those who use a session that ends."""

    def __init__(self, records: SessionStore, cache: SessionCache, watch: SessionWatch, bus: Bus) -> None:
        self._records, self._cache, self._watch, self._bus = records, cache, watch, bus

    async def start(self, account: Account, visitor: Visitor = UNKNOWN_VISITOR) -> SignedIn:
        """Starts a session of this account. Raises AccountDisabled."""
        if account.disabled_at is not None:
            raise AccountDisabled
        token = await self._records.create(account.id, "session", visitor=visitor)
        return SignedIn(user=user_of(account), token=token)

    async def list(self, caller: Caller, *, token: str) -> Page[SessionInfo]:
        """Returns all sessions of the caller, the one that was started last first; `token` is the one that asks."""
        own_id, found = session_id_of(token), await self._records.all_of(caller.user_id)
        sessions = sorted((one for one in found if one.kind == "session"), key=lambda one: one.created_at, reverse=True)
        return Page(items=tuple(_session_info(one, own_id) for one in sessions))

    async def end_one(self, caller: Caller, id: str) -> None:
        """Ends a session of the caller. Raises NotFound."""
        for session in await self._records.all_of(caller.user_id):
            if session.kind == "session" and _public_id(session) == id and await self._records.delete(session.id):
                await self.shut_out(caller.user_id, [session.id])
                return
        raise NotFound("There is no session of yours under this id.", id=id)

    async def end_others(self, caller: Caller, *, token: str) -> None:
        """Ends all sessions and sign-in links of the caller but the session with the token `token`."""
        ids = await self._records.ids_of(caller.user_id, except_token=token)
        ended = [session_id for session_id in ids if await self._records.delete(session_id)]
        await self.shut_out(caller.user_id, ended)

    async def get(self, token: str) -> Session:
        """Returns the session with this token. Raises NotSignedIn."""
        return await self._records.find(token, "session")

    async def get_signed_in(self, token: str) -> Session:
        """Returns the session or the API key with this token, whose end closes sockets. Raises NotSignedIn."""
        return await self._records.find_signed_in(token)

    async def identify(self, token: str) -> Caller:
        """Returns the caller that a session token or an API key belongs to. Raises NotSignedIn."""
        return await self._cache.identify(token)

    async def end(self, token: str) -> None:
        """Ends the session with this token; does nothing when there is none. An API key is no session, and stays."""
        session = await self._records.get(token)
        if session is not None and session.kind == "key":
            return
        self._cache.drop([session_id_of(token)])  # also of one that was ended elsewhere a moment ago
        if session is not None and await self._records.delete(session.id):
            await self.shut_out(session.owner_id, [session.id])

    def check_soon(self) -> None:
        """Closes the sockets of sessions and keys whose end has changed at that end."""
        self._watch.check_soon()

    async def shut_out(self, user_id: str, session_ids: Sequence[str]) -> None:
        """Closes the sockets of ended sessions and refuses their requests, here and on other gateways. While the bus is
        away, the other gateways find out by themselves."""
        self._cache.drop(session_ids)
        self._watch.end_sessions(session_ids)
        try:
            for session_id in session_ids:
                await self._bus.publish_ephemeral(f"{LIVE_SUBJECTS}.{user_id}.{SESSION_ENDED}", session_id.encode())
        except Fault as fault:
            log.warning("other gateways do not know yet that sessions ended", user=user_id, reason=fault.detail)


def _session_info(session: Session, own_id: str) -> SessionInfo:
    return SessionInfo(
        id=_public_id(session),
        current=session.id == own_id,
        address=session.address,
        agent=session.agent,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
    )


def _public_id(session: Session) -> str:
    """Returns the id by which its user names the session: it ends in the hash of its token."""
    return f"session-{session.id}"
