"""The verbs on sessions: started by signing in, found by their token, ended."""

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import LIVE_SUBJECTS
from reyna.ports.bus import Bus
from reyna.services.studio.accounts.users import User, user_of
from reyna.services.studio.records import Account, Session
from reyna.services.studio.sign_in.session_cache import SESSION_ENDED, SessionCache
from reyna.services.studio.sign_in.session_store import SessionStore, session_id_of
from reyna.services.studio.sign_in.session_watch import SessionWatch

log: Final = structlog.get_logger("reyna.services.studio")


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    user: User
    token: str


class Sessions:
    """Starts, finds and ends sessions, and shuts out those who use a session that ends."""

    def __init__(self, records: SessionStore, cache: SessionCache, watch: SessionWatch, bus: Bus) -> None:
        self._records, self._cache, self._watch, self._bus = records, cache, watch, bus

    async def start(self, account: Account) -> SignedIn:
        """Starts a session of this account."""
        return SignedIn(user=user_of(account), token=await self._records.create(account.id, "session"))

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
