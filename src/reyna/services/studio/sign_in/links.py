"""One-time sign-in links."""

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.records import Account
from reyna.services.studio.sign_in import limits
from reyna.services.studio.sign_in.session_store import SessionStore
from reyna.services.studio.sign_in.sessions import Sessions, SignedIn
from reyna.services.studio.sign_in.throttle import Throttle
from reyna.services.studio.sign_in.visitors import UNKNOWN_VISITOR, Visitor


class SignInLinks:
    """Creates sign-in links and signs in with them."""

    def __init__(self, records: SessionStore, accounts: AccountStore, sessions: Sessions, throttle: Throttle) -> None:
        self._records, self._accounts, self._sessions, self._throttle = records, accounts, sessions, throttle

    async def create(self, account: Account) -> str:
        """Returns the token of a link for this account."""
        return await self._records.create(account.id, "link")

    async def create_for(self, email: str, *, resets: bool = False) -> str:
        """Returns the token of a link for the account with this address, which `resets` its password or leaves it.
        Raises NotFound."""
        return await self._records.create((await self._accounts.require(email)).id, "link", resets=resets)

    async def follow(self, token: str, visitor: Visitor = UNKNOWN_VISITOR) -> SignedIn:
        """Signs in with a link, which is good once. Raises NotSignedIn, TooMuch for those who guess, and
        AccountDisabled."""
        try:
            link = await self._records.find(token, "link")
            if not await self._records.delete(link.id):
                raise NotSignedIn("This link was used already.")
        except NotSignedIn:
            async with self._throttle.attempt(limits.link_limit(visitor.source)) as attempt:
                attempt.failed = True
                raise
        account = await self._accounts.get(link.owner_id)
        if link.resets:
            account = await self._forget_password(account)
        return await self._sessions.start(account, visitor)

    async def _forget_password(self, account: Account) -> Account:
        """Takes the password away and ends all sessions, so that the user chooses another one; whoever knew the old one
        is out."""
        changed = replace(account, password_hash=None, revision=account.revision + 1)
        ended = await self._records.ids_of(account.id)
        await self._accounts.change(Caller(user_id=account.id), account, changed, ended)
        await self._sessions.shut_out(account.id, ended)
        return changed
