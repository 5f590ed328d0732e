"""Stored sessions, sign-in links and invitations: created, found by token, deleted."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import NotSignedIn
from reyna.domain.text.clusters import truncate
from reyna.ports.store import Delete, Put, RequirementNotMet, Store
from reyna.services.studio.keys.key_text import is_well_formed, looks_like_key
from reyna.services.studio.records import FAILED_ATTEMPTS, SESSIONS, USERS, Session
from reyna.services.studio.sign_in.visitors import UNKNOWN_VISITOR, Visitor

Issued = Literal["session", "link", "invitation"]
Kind = Literal["session", "link", "invitation", "key"]
LIFETIMES: Final[dict[Issued, timedelta]] = {
    "session": timedelta(days=30),
    "link": timedelta(days=7),
    "invitation": timedelta(days=14),
}
NO_SESSION: Final = "This sign-in has ended or never was. Sign in again."
NO_KEY: Final = "This API key has expired, was revoked, or never was."
RESET_LIFETIME: Final = timedelta(hours=24)
USE_PRECISION: Final = timedelta(minutes=10)  # a use is noted again only after so long
MAX_AGENT_CHARACTERS: Final = 200
MAX_EXPIRED_PER_SWEEP: Final = 200  # records of one kind


class SessionStore:
    """Creates, finds and deletes the records of sessions, links and invitations."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def create(
        self,
        owner_id: str,
        kind: Issued,
        *,
        email: str | None = None,
        resets: bool = False,
        visitor: Visitor = UNKNOWN_VISITOR,
    ) -> str:
        """Creates a session, link or invitation, and returns its token."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        session = Session(
            id=session_id_of(token),
            user_id=SYSTEM_USER_ID,
            owner_id=owner_id,
            kind=kind,
            email=email,
            resets=resets,
            address=visitor.address,
            agent=None if visitor.agent is None else truncate(visitor.agent, MAX_AGENT_CHARACTERS),
            created_at=now,
            expires_at=now + (RESET_LIFETIME if resets else LIFETIMES[kind]),
        )
        await self._store.write(Put(SESSIONS, session))
        return token

    async def get(self, token: str) -> Session | None:
        """Returns the record with this token, expired or not, or None."""
        return await self._store.get(SESSIONS, SYSTEM_USER_ID, session_id_of(token))

    async def find(self, token: str, kind: Kind) -> Session:
        """Returns the session, link or invitation with this token. Raises NotSignedIn when there is none of this kind
        or it has expired."""
        session = await self.get(token)
        if session is None or session.kind != kind or session.expires_at <= self._clock():
            raise NotSignedIn(NO_KEY if kind == "key" else NO_SESSION)
        return session

    async def find_signed_in(self, token: str) -> Session:
        """Returns the session or the API key with this token. Raises NotSignedIn."""
        if looks_like_key(token):
            if not is_well_formed(token):
                raise NotSignedIn("This is no API key: it is cut off or misspelt.")
            key = await self.find(token, "key")
            owner = await self._store.get(USERS, key.owner_id, key.owner_id)
            if owner is None or owner.disabled_at is not None:
                raise NotSignedIn("The account of this API key is disabled.")
            return key
        return await self.find(token, "session")

    async def delete(self, session_id: str) -> bool:
        """Deletes the record. Returns False when it was deleted already."""
        try:
            await self._store.write(Delete(SESSIONS, SYSTEM_USER_ID, session_id))
        except RequirementNotMet:
            return False
        return True

    async def ids_of(self, owner_id: str, *, except_token: str | None = None) -> list[str]:
        """Returns the ids of all sessions and links of an account, except the one with the token `except_token`. API
        keys are none of them: what a password protects is not what they were made for."""
        excepted_id = None if except_token is None else session_id_of(except_token)
        return [one.id for one in await self.all_of(owner_id) if one.kind != "key" and one.id != excepted_id]

    async def all_of(self, owner_id: str) -> list[Session]:
        """Returns all sessions, links and texts of API keys of an account."""
        return list(await self._store.find(SESSIONS, SYSTEM_USER_ID, {"owner_id": owner_id}))

    async def note_use(self, session: Session) -> None:
        """Stores that the session is used now, unless that was stored a while ago."""
        now = self._clock()
        if session.last_used_at is not None and now - session.last_used_at < USE_PRECISION:
            return
        used = replace(session, last_used_at=now, revision=session.revision + 1)
        try:
            await self._store.write(Put(SESSIONS, used, expects=session.revision))
        except RequirementNotMet:  # ended, or used elsewhere at the same moment
            return

    async def delete_expired(self) -> int:
        """Deletes expired sessions and counts of failed attempts, and returns the number of deleted records. Several
        copies of the service may do it at the same time."""
        now, deleted = self._clock(), 0
        sessions = await self._store.find(SESSIONS, SYSTEM_USER_ID, order=("expires_at",), limit=MAX_EXPIRED_PER_SWEEP)
        attempts = await self._store.find(
            FAILED_ATTEMPTS, SYSTEM_USER_ID, order=("expires_at",), limit=MAX_EXPIRED_PER_SWEEP
        )
        deletions = [Delete(SESSIONS, SYSTEM_USER_ID, one.id) for one in sessions if one.expires_at <= now]
        deletions += [Delete(FAILED_ATTEMPTS, SYSTEM_USER_ID, one.id) for one in attempts if one.expires_at <= now]
        for deletion in deletions:
            try:
                await self._store.write(deletion)
            except RequirementNotMet:
                continue  # another copy was faster
            deleted += 1
        return deleted


def session_id_of(token: str) -> str:
    """Returns the id of the session with this token: its SHA-256."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
