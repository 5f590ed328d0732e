"""The verbs on accounts: shown, found, changed."""

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden, Invalid
from reyna.domain.text.names import normalize_name
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.accounts.email_addresses import check_address
from reyna.services.studio.accounts.users import User, user_of
from reyna.services.studio.passwords.hashing import Passwords
from reyna.services.studio.passwords.rules import check_password
from reyna.services.studio.records import Account
from reyna.services.studio.sign_in import limits
from reyna.services.studio.sign_in.session_store import SessionStore, session_id_of
from reyna.services.studio.sign_in.sessions import Sessions
from reyna.services.studio.sign_in.throttle import AttemptLimit, Throttle


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of an account: fields that are left out stay as they are. An account made by a link gets its address and
    password this way."""

    email: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    password: str | msgspec.UnsetType = msgspec.UNSET
    old_password: str | msgspec.UnsetType = msgspec.UNSET


class Accounts:
    """Shows, finds and changes accounts."""

    def __init__(
        self,
        records: AccountStore,
        session_records: SessionStore,
        sessions: Sessions,
        passwords: Passwords,
        throttle: Throttle,
    ) -> None:
        self._records, self._session_records, self._sessions = records, session_records, sessions
        self._passwords, self._throttle = passwords, throttle

    async def get(self, caller: Caller) -> User:
        """Returns the caller's account."""
        return user_of(await self._records.get(caller.user_id))

    async def find(self, email: str | None) -> Caller:
        """Returns the user with this address; without one, the only user there is. Raises NotFound, and Conflict when
        there is more than one user."""
        if email is not None:
            return Caller(user_id=(await self._records.require(email)).id)
        return Caller(user_id=await self._records.only_user_id())

    async def change(self, caller: Caller, change: AccountChange, *, token: str | None = None) -> User:
        """Changes the name, address or password, and returns the account. An account that has a password must give it
        to change the address or the password.

        A new password ends every session and link but the session with `token`: whoever knew the old one is out. Raises
        Invalid, Forbidden for a wrong old password, AlreadyThere for an address that is taken, Conflict and TooMuch.
        """
        account = await self._records.get(caller.user_id)
        changed = _with_name_and_address(account, change)
        limit = limits.old_password_limit(account.id if token is None else session_id_of(token))
        if change.password is not msgspec.UNSET or change.email is not msgspec.UNSET:
            await self._check_old_password(account, change, limit)
        ended: list[str] = []
        if change.password is not msgspec.UNSET:
            password = check_password(change.password, changed.email, changed.name)
            changed = replace(changed, password_hash=await self._passwords.hash(password, limit.name))
            ended = await self._session_records.ids_of(account.id, except_token=token)
        await self._records.change(caller, account, changed, ended)
        await self._sessions.shut_out(account.id, ended)
        return user_of(changed)

    async def _check_old_password(self, account: Account, change: AccountChange, limit: AttemptLimit) -> None:
        """Raises Invalid when the old password is missing, Forbidden when it is wrong, and TooMuch."""
        if account.password_hash is None:
            return
        if change.old_password is msgspec.UNSET:
            raise Invalid.at("/old_password", "is required to change the address or the password")
        async with self._throttle.attempt(limit) as attempt:
            check = await self._passwords.check(account.password_hash, change.old_password, limit.name)
            if not check.is_right:
                attempt.failed = True
                raise Forbidden("The old password is wrong.")
            attempt.forgives = (limit.name,)


def _with_name_and_address(account: Account, change: AccountChange) -> Account:
    """Returns the next revision of the account. Raises Invalid."""
    changed = replace(account, revision=account.revision + 1)
    if change.name is not msgspec.UNSET:
        changed = replace(changed, name=normalize_name(change.name))
    if change.email is not msgspec.UNSET:
        changed = replace(changed, email=check_address(change.email))
    return changed
