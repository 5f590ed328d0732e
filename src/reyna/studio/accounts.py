"""Accounts: registered, signed in, known again by their token."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.data import encoded
from reyna.domain.errors import AlreadyThere, Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from reyna.domain.event import Event
from reyna.domain.ids import new_id
from reyna.ports import Drop, Put, Store, Unmet
from reyna.studio.passwords import Passwords
from reyna.studio.records import EMAILS, SESSIONS, USERS, Account, Address, Session
from reyna.studio.throttle import Throttle

EMAIL: Final = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")
EMAIL_LENGTH: Final = 254  # RFC 5321
PASSWORD_LENGTH: Final = (8, 1024)  # NIST SP 800-63B asks for 8; the upper bound keeps hashing cheap
NAME_LENGTH: Final = 200
SESSION: Final = timedelta(days=30)
LINK: Final = timedelta(days=7)
OWNER_EMAIL: Final = "owner@localhost"


def now() -> datetime:
    return datetime.now(UTC)


class Registration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: str
    password: str
    name: str


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: str
    password: str


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; an account that came by link takes its address and password this way."""

    email: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    password: str | msgspec.UnsetType = msgspec.UNSET
    old_password: str | msgspec.UnsetType = msgspec.UNSET


class User(msgspec.Struct, frozen=True, kw_only=True):
    """An account as others may see it."""

    id: str
    email: str
    name: str
    created_at: datetime
    has_password: bool


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    user: User
    token: str


class Accounts:
    """The verbs on accounts and sessions."""

    def __init__(
        self, store: Store, passwords: Passwords, throttle: Throttle, clock: Callable[[], datetime] = now
    ) -> None:
        self._store, self._passwords, self._throttle, self._clock = store, passwords, throttle, clock

    async def register(self, new: Registration) -> SignedIn:
        """A new account, signed in. Raises AlreadyThere when the address is taken."""
        name, email = _named(new.name), _address(new.email)
        hash = await self._passwords.hashed(_password(new.password))
        account = await self._create(email, name, hash)
        return await self.signed_in(account, "session")

    async def login(self, credentials: Credentials) -> SignedIn:
        """Raises NotSignedIn, which does not tell whether the address or the password was wrong."""
        folded = _folded(credentials.email[: 2 * EMAIL_LENGTH])
        async with self._throttle.attempt(folded):
            account = await self._by_email(folded)
            known = await self._passwords.right(account.password_hash if account else None, credentials.password)
            if account is None or not known:
                self._throttle.failed(folded)
                raise NotSignedIn("The address or the password is wrong.")
            self._throttle.succeeded(folded)
        return await self.signed_in(account, "session")

    async def logout(self, token: str) -> None:
        """Ends this session; a token that is none is no error."""
        session = await self._store.get(SESSIONS, HOUSE, digest(token))
        if session is None:
            return
        try:
            await self._store.write(Drop(SESSIONS, HOUSE, session.id))
        except Unmet:
            return
        await self._tell_ended(session.owner_id, [session.id])

    async def follow(self, token: str) -> SignedIn:
        """Sign in by a one-time link: good once."""
        session = await self._session(token, "link")
        try:
            await self._store.write(Drop(SESSIONS, HOUSE, session.id))
        except Unmet as used:
            raise NotSignedIn("This link was used already.") from used
        return await self.signed_in(await self._account(session.owner_id), "session")

    async def who(self, token: str) -> Caller:
        """Whom a token stands for. Raises NotSignedIn."""
        session = await self._session(token, "session")
        return Caller(user_id=session.owner_id)

    async def user(self, caller: Caller) -> User:
        return _shown(await self._account(caller.user_id))

    async def change_account(self, caller: Caller, change: AccountChange, *, token: str | None = None) -> User:
        """Name, address or password; an account that has a password must give the old one for a new one.

        A new password ends every session and link but the one of `token`: whoever knew the old one is out.
        """
        account = await self._account(caller.user_id)
        changed = replace(account, revision=account.revision + 1)
        if change.name is not msgspec.UNSET:
            changed = replace(changed, name=_named(change.name))
        if change.password is not msgspec.UNSET or change.email is not msgspec.UNSET:
            await self._confirm(account, change)
        if change.password is not msgspec.UNSET:
            changed = replace(changed, password_hash=await self._passwords.hashed(_password(change.password)))
        if change.email is not msgspec.UNSET:
            changed = replace(changed, email=_address(change.email))
        steps: list[Put | Drop] = [Put(USERS, changed, expects=account.revision)]
        if (folded := _folded(changed.email)) != _folded(account.email):
            steps.append(Put(EMAILS, Address(id=folded, user_id=HOUSE, owner_id=account.id)))
            steps.append(Drop(EMAILS, HOUSE, _folded(account.email)))
        ended = [] if change.password is msgspec.UNSET else await self._sessions_beside(account.id, token)
        steps += [Drop(SESSIONS, HOUSE, session_id) for session_id in ended]
        event = Event.now("user.updated", caller, {"user_id": account.id, "revision": changed.revision})
        try:
            await self._store.write(*steps, messages=[event.message()])
        except Unmet as unmet:
            if (unmet.collection, unmet.kind) == (EMAILS.name, "put"):
                raise AlreadyThere("There is an account with this e-mail address.", field="email") from unmet
            raise Conflict("Your account was changed elsewhere at the same moment. Try again.") from unmet
        await self._tell_ended(account.id, ended)
        return _shown(changed)

    async def first_link(self) -> str | None:
        """The token of a one-time sign-in link for the owner, while nobody has an account yet; else None."""
        if await self._store.count(EMAILS, HOUSE):
            return None
        owner = await self._create(OWNER_EMAIL, "Owner", None)
        return (await self.signed_in(owner, "link")).token

    async def link(self, email: str) -> str:
        """The token of a one-time sign-in link for this account. Raises NotFound."""
        account = await self._by_email(_folded(email))
        if account is None:
            raise NotFound("There is no account with this e-mail address.")
        return (await self.signed_in(account, "link")).token

    async def account_of(self, email: str | None) -> Caller:
        """Whose address this is; without one, of the only account there is. Raises NotFound, and Conflict when there
        are more."""
        if email is not None:
            account = await self._by_email(_folded(email))
            if account is None:
                raise NotFound("There is no account with this e-mail address.")
            return Caller(user_id=account.id)
        found = await self._store.find(EMAILS, HOUSE, limit=2)
        if len(found) != 1:
            raise Conflict("There is more than one account; say whose." if found else "There is no account yet.")
        return Caller(user_id=found[0].owner_id)

    async def signed_in(self, account: Account, kind: Literal["session", "link"]) -> SignedIn:
        token = secrets.token_urlsafe(32)
        moment = self._clock()
        session = Session(
            id=digest(token),
            user_id=HOUSE,
            owner_id=account.id,
            kind=kind,
            created_at=moment,
            expires_at=moment + (SESSION if kind == "session" else LINK),
        )
        await self._store.write(Put(SESSIONS, session))
        return SignedIn(user=_shown(account), token=token)

    # --- what the verbs above are made of ---

    async def _tell_ended(self, user_id: str, session_ids: list[str]) -> None:
        """Whoever holds open lines of these sessions must hear of it; accounts alone hold none."""

    async def _sessions_beside(self, user_id: str, token: str | None) -> list[str]:
        kept = None if token is None else digest(token)
        found = await self._store.pick(SESSIONS, HOUSE, ("id",), {"owner_id": user_id})
        return [id for (id,) in found if id != kept]

    async def _create(self, email: str, name: str, hash: str | None) -> Account:
        id = new_id("user")
        account = Account(id=id, user_id=id, email=email, name=name, password_hash=hash, created_at=self._clock())
        address = Address(id=_folded(email), user_id=HOUSE, owner_id=id)
        try:
            await self._store.write(Put(USERS, account), Put(EMAILS, address))
        except Unmet as unmet:
            raise AlreadyThere("There is an account with this e-mail address.", field="email") from unmet
        return account

    async def _confirm(self, account: Account, change: AccountChange) -> None:
        if account.password_hash is None:
            return
        if change.old_password is msgspec.UNSET:
            raise Invalid.at("/old_password", "is required to change the address or the password")
        async with self._throttle.attempt(account.id):
            if not await self._passwords.right(account.password_hash, change.old_password):
                self._throttle.failed(account.id)
                raise Forbidden("The old password is wrong.")
            self._throttle.succeeded(account.id)

    async def _by_email(self, folded: str) -> Account | None:
        address = await self._store.get(EMAILS, HOUSE, folded)
        return await self._store.get(USERS, address.owner_id, address.owner_id) if address else None

    async def _account(self, user_id: str) -> Account:
        if account := await self._store.get(USERS, user_id, user_id):
            return account
        raise NotFound("There is no such account.", id=user_id)

    async def _session(self, token: str, kind: Literal["session", "link"]) -> Session:
        session = await self._store.get(SESSIONS, HOUSE, digest(token))
        if session is None or session.kind != kind or session.expires_at <= self._clock():
            raise NotSignedIn("This sign-in has ended or never was. Sign in again.")
        return session


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _folded(email: str) -> str:
    """One form for all ways to write the same address (NFKC, then case-folded, and composed again after that)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())


def _address(email: str) -> str:
    encoded(email, field="email")
    if not EMAIL.fullmatch(email.strip()):
        raise Invalid.at("/email", "is not an e-mail address", expected="name@host")
    return email.strip()


def _password(password: str) -> str:
    least, most = PASSWORD_LENGTH
    if not least <= len(password) <= most:
        raise Invalid.at("/password", f"must be {least} to {most} characters", expected=f"{least} to {most} characters")
    return password


def _named(name: str) -> str:
    encoded(name, field="name")
    if not 1 <= len(name.strip()) <= NAME_LENGTH:
        raise Invalid.at("/name", f"must be 1 to {NAME_LENGTH} characters")
    return name.strip()


def _shown(account: Account) -> User:
    return User(
        id=account.id,
        email=account.email,
        name=account.name,
        created_at=account.created_at,
        has_password=account.password_hash is not None,
    )
