"""The accounts of an installation for those who run it: listed, disabled and given a role. Content is not among it."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.records import Account, Role
from reyna.services.studio.sign_in.session_store import SessionStore
from reyna.services.studio.sign_in.sessions import Sessions


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An account as those who run the installation see it."""

    id: str
    email: str
    name: str
    role: Role
    disabled_at: datetime | None
    has_password: bool
    created_at: datetime


class Members:
    """Lists the accounts, and changes who may come in. The last owner who can stays one."""

    def __init__(
        self, accounts: AccountStore, records: SessionStore, sessions: Sessions, clock: Callable[[], datetime]
    ) -> None:
        self._accounts, self._records, self._sessions, self._clock = accounts, records, sessions, clock

    async def page(self, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Member]:
        """Returns one page of all accounts, by their addresses."""
        found = await self._accounts.page(cursor, check_limit(limit))
        return Page(items=tuple(_member(account) for account in found.items), next_cursor=found.next_cursor)

    async def disable(self, email: str) -> Member:
        """Disables the account: its sessions and links end, and its keys are refused until it is enabled again. Raises
        NotFound, and Conflict for the last owner."""
        account = await self._accounts.require(email)
        await self._check_not_last_owner(account)
        ids = [session.id for session in await self._records.all_of(account.id)]
        ended = await self._records.ids_of(account.id)
        disabled = await self._change(
            account, replace(account, disabled_at=account.disabled_at or self._clock()), ended
        )
        await self._sessions.shut_out(account.id, ids)  # the sockets of its keys, too
        return disabled

    async def enable(self, email: str) -> Member:
        """Lets the user sign in again. Raises NotFound."""
        account = await self._accounts.require(email)
        return await self._change(account, replace(account, disabled_at=None), [])

    async def set_role(self, email: str, role: Role) -> Member:
        """Raises NotFound, and Conflict for the last owner."""
        account = await self._accounts.require(email)
        if role != "owner":
            await self._check_not_last_owner(account)
        return await self._change(account, replace(account, role=role), [])

    async def _change(self, account: Account, changed: Account, ended: list[str]) -> Member:
        changed = replace(changed, revision=account.revision + 1)
        await self._accounts.change(Caller(user_id=account.id, kind="house"), account, changed, ended)
        return _member(changed)

    async def _check_not_last_owner(self, account: Account) -> None:
        """Raises Conflict when there is no other owner who can sign in."""
        if account.role != "owner":
            return
        cursor: str | None = None
        while True:
            page = await self._accounts.page(cursor, DEFAULT_LIMIT)
            if any(one.role == "owner" and one.disabled_at is None and one.id != account.id for one in page.items):
                return
            if (cursor := page.next_cursor) is None:
                raise Conflict("This is the last owner. Make somebody else an owner first.")


def _member(account: Account) -> Member:
    return Member(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        disabled_at=account.disabled_at,
        has_password=account.password_hash is not None,
        created_at=account.created_at,
    )
