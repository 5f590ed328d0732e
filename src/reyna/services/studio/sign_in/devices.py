"""Known devices: a signed token in a long-lived cookie says that somebody signed in to an account from here before."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.installation import CurrentInstallation
from reyna.services.studio.records import Account
from reyna.services.studio.sign_in.sessions import Sessions
from reyna.services.studio.sign_in.visitors import Visitor

DEVICE_SECONDS: Final = 365 * 24 * 3600  # lifetime of a device token
MAX_DEVICE_TOKENS: Final = 4  # accounts that one browser is remembered by
SEPARATOR: Final = "~"  # between the tokens in a cookie


class DeviceTokens:
    """Signs and verifies device tokens. A known device may try a password although others have guessed too often; it is
    no sign-in (OWASP calls it a device cookie).

    A token is `time.nonce.signature`; a new password makes all earlier tokens void.
    """

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        self._key, self._clock = key.encode(), clock

    def create(self, account: Account) -> str:
        """Returns a new token for a device of this account."""
        head = f"{int(self._clock()):x}.{secrets.token_urlsafe(9)}"
        return f"{head}.{self._signature(head, account)}"

    def find(self, account: Account | None, tokens: Iterable[str]) -> str | None:
        """Returns the first of the tokens that was signed for this account, or None when there is none or it is old."""
        for token in tokens:
            head, _, signature = token.rpartition(".")
            if account is not None and hmac.compare_digest(
                self._signature(head, account).encode(), signature.encode(errors="replace")
            ):
                return token if int(head.partition(".")[0], 16) > self._clock() - DEVICE_SECONDS else None
        return None

    def _signature(self, head: str, account: Account) -> str:
        password = hashlib.sha256((account.password_hash or "").encode()).hexdigest()
        text = f"{head}\n{account.id}\n{password}"
        return hmac.new(self._key, text.encode(errors="replace"), hashlib.sha256).hexdigest()[:32]


class KnownDevices:
    """Recognizes the devices of an account."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: Sessions,
        installation: CurrentInstallation,
        clock: Callable[[], datetime],
    ) -> None:
        self._accounts, self._sessions, self._installation, self._clock = accounts, sessions, installation, clock

    async def find(self, account: Account | None, visitor: Visitor) -> str | None:
        """Returns a name for the visitor's device when it is signed in to this account or was before, else None."""
        if visitor.token is not None:
            try:
                session = await self._sessions.get(visitor.token)
            except NotSignedIn:
                session = None
            if session is not None and account is not None and session.owner_id == account.id:
                return session.id
        return (await self._tokens()).find(account, visitor.devices)

    async def create_cookie(self, caller: Caller, visitor: Visitor) -> str:
        """Returns the value of the cookie by which the caller's device will be recognized, with the visitor's tokens of
        other accounts."""
        account, tokens = await self._accounts.get(caller.user_id), await self._tokens()
        known = tokens.find(account, visitor.devices)
        return join_tokens(tokens.create(account), (token for token in visitor.devices if token != known))

    async def _tokens(self) -> DeviceTokens:
        return DeviceTokens((await self._installation.get()).key, lambda: self._clock().timestamp())


def split_tokens(cookie: str | None) -> tuple[str, ...]:
    """Returns the device tokens in the value of a cookie."""
    return tuple(token for token in (cookie or "").split(SEPARATOR)[:MAX_DEVICE_TOKENS] if token)


def join_tokens(token: str, others: Iterable[str]) -> str:
    """Returns the value of a cookie with this token and the newest of the others."""
    return SEPARATOR.join(list(dict.fromkeys([token, *others]))[:MAX_DEVICE_TOKENS])
