"""Signing in with an address and a password."""

import msgspec

from reyna.domain.errors import NotSignedIn, TooMuch
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.accounts.email_addresses import normalize_address
from reyna.services.studio.passwords.hashing import Passwords
from reyna.services.studio.records import Account
from reyna.services.studio.sign_in import limits
from reyna.services.studio.sign_in.devices import KnownDevices
from reyna.services.studio.sign_in.sessions import Sessions, SignedIn
from reyna.services.studio.sign_in.throttle import AttemptLimit, Throttle
from reyna.services.studio.sign_in.visitors import UNKNOWN_VISITOR, Visitor


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    email: str
    password: str


class SignIn:
    """Signs in with a password, slowing down those who guess."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: Sessions,
        devices: KnownDevices,
        passwords: Passwords,
        throttle: Throttle,
    ) -> None:
        self._accounts, self._sessions, self._devices = accounts, sessions, devices
        self._passwords, self._throttle = passwords, throttle

    async def with_password(self, credentials: Credentials, visitor: Visitor = UNKNOWN_VISITOR) -> SignedIn:
        """Starts a session. Raises NotSignedIn, which does not tell whether the address or the password was wrong,
        TooMuch, and AccountDisabled, which only somebody learns who knows the password."""
        address = normalize_address(credentials.email)
        account = await self._accounts.find(address)
        device = await self._devices.find(account, visitor)
        if device is not None:
            try:
                limit = (limits.device_limit(device),)
                return await self._try(account, credentials.password, limit, device, visitor=visitor)
            except TooMuch:
                pass  # then the device is unknown like any other
        forgives = limits.account_from_source(address, visitor.source)
        unknown = limits.unknown_device_limits(address, visitor.source)
        return await self._try(account, credentials.password, unknown, visitor.source, forgives, visitor=visitor)

    async def _try(
        self,
        account: Account | None,
        password: str,
        limits: tuple[AttemptLimit, ...],
        lane: str,
        forgives: str | None = None,
        *,
        visitor: Visitor,
    ) -> SignedIn:
        """Makes one attempt; `forgives` is the name of the failures that the right password makes good."""
        async with self._throttle.attempt(*limits) as attempt:
            check = await self._passwords.check(account.password_hash if account else None, password, lane)
            if account is None or not check.is_right:
                attempt.failed = True
                raise NotSignedIn("The address or the password is wrong.")
            attempt.forgives = tuple(limit.name for limit in limits if len(limits) == 1 or limit.name == forgives)
        if check.new_hash is not None:
            account = await self._accounts.replace_hash(account, check.new_hash)
        return await self._sessions.start(account, visitor)
