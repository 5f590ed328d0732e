"""Stored accounts: created, found by id or e-mail address, changed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import AlreadyThere, Conflict, NotFound
from reyna.domain.event import Event
from reyna.domain.ids import new_id
from reyna.domain.requests.page import Page, decode_cursor, encode_cursor
from reyna.ports.store import Delete, Put, RequirementNotMet, Step, Store
from reyna.services.studio.accounts.email_addresses import normalize_address
from reyna.services.studio.records import EMAILS, SESSIONS, USERS, Account, EmailAddress, Role

ADDRESS_TAKEN = "There is an account with this e-mail address."


class AccountStore:
    """Creates, finds and changes the records of accounts and of their e-mail addresses."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def get(self, user_id: str) -> Account:
        """Returns the account with this id. Raises NotFound."""
        if account := await self._store.get(USERS, user_id, user_id):
            return account
        raise NotFound("There is no such account.", id=user_id)

    async def find(self, address: str) -> Account | None:
        """Returns the account with this normalized address, or None. Either way it reads twice, so that the time does
        not tell which addresses have an account."""
        record = await self._store.get(EMAILS, SYSTEM_USER_ID, address)
        owner_id = SYSTEM_USER_ID if record is None else record.owner_id
        return await self._store.get(USERS, owner_id, owner_id)

    async def require(self, email: str) -> Account:
        """Returns the account with this address. Raises NotFound."""
        account = await self.find(normalize_address(email))
        if account is None:
            raise NotFound("There is no account with this e-mail address.")
        return account

    async def only_user_id(self) -> str:
        """Returns the id of the only account there is. Raises Conflict when there is none or more than one."""
        found = await self._store.find(EMAILS, SYSTEM_USER_ID, limit=2)
        if len(found) != 1:
            raise Conflict("There is more than one account; say whose." if found else "There is no account yet.")
        return found[0].owner_id

    async def page(self, cursor: str | None, limit: int) -> Page[Account]:
        """Returns one page of all accounts, by their addresses."""
        after = decode_cursor(cursor, str)
        found = await self._store.find(EMAILS, SYSTEM_USER_ID, after=after, limit=limit + 1)
        more = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        accounts = [await self._store.get(USERS, one.owner_id, one.owner_id) for one in found[:limit]]
        return Page(items=tuple(account for account in accounts if account is not None), next_cursor=more)

    async def is_empty(self) -> bool:
        return not await self._store.count(EMAILS, SYSTEM_USER_ID)

    async def create(
        self,
        email: str,
        name: str,
        hash: str | None,
        *,
        used_session_id: str | None = None,
        role: Role = "member",
    ) -> Account:
        """Creates an account, and deletes the invitation `used_session_id` in the same write.

        Raises AlreadyThere when the address is taken, and RequirementNotMet for SESSIONS when the invitation is gone.
        """
        id = new_id("user")
        account = Account(
            id=id, user_id=id, email=email, name=name, password_hash=hash, role=role, created_at=self._clock()
        )
        address = EmailAddress(id=normalize_address(email), user_id=SYSTEM_USER_ID, owner_id=id)
        used = [] if used_session_id is None else [Delete(SESSIONS, SYSTEM_USER_ID, used_session_id)]
        try:
            await self._store.write(Put(USERS, account), Put(EMAILS, address), *used)
        except RequirementNotMet as unmet:
            if unmet.collection == SESSIONS.name:
                raise
            raise AlreadyThere(ADDRESS_TAKEN, field="email") from unmet
        return account

    async def change(
        self, caller: Caller, account: Account, changed: Account, ended_session_ids: Sequence[str]
    ) -> None:
        """Replaces the account and deletes the ended sessions in one write. Raises AlreadyThere when the new address is
        taken, and Conflict when the account was changed elsewhere at the same moment."""
        steps: list[Step] = [Put(USERS, changed, expects=account.revision)]
        if (address := normalize_address(changed.email)) != (old_address := normalize_address(account.email)):
            steps.append(Put(EMAILS, EmailAddress(id=address, user_id=SYSTEM_USER_ID, owner_id=account.id)))
            steps.append(Delete(EMAILS, SYSTEM_USER_ID, old_address))
        steps += [Delete(SESSIONS, SYSTEM_USER_ID, session_id) for session_id in ended_session_ids]
        event = Event.now("user.updated", caller, {"user_id": account.id, "revision": changed.revision})
        try:
            await self._store.write(*steps, messages=[event.message()])
        except RequirementNotMet as unmet:
            if (unmet.collection, unmet.kind) == (EMAILS.name, "put"):
                raise AlreadyThere(ADDRESS_TAKEN, field="email") from unmet
            raise Conflict("Your account was changed elsewhere at the same moment. Try again.") from unmet

    async def replace_hash(self, account: Account, hash: str) -> Account:
        """Stores another hash of the same password, and returns the account as it is stored then."""
        changed = replace(account, password_hash=hash, revision=account.revision + 1)
        try:
            await self._store.write(Put(USERS, changed, expects=account.revision))
        except RequirementNotMet:  # changed at the same moment; the next sign-in replaces the hash
            return account
        return changed
