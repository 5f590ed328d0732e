"""Signing up: registrations, and the account of the owner on the first start."""

from typing import Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Forbidden
from reyna.domain.text.names import normalize_name
from reyna.ports.store import RequirementNotMet
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.accounts.default_processors import DefaultProcessors
from reyna.services.studio.accounts.email_addresses import check_address
from reyna.services.studio.accounts.invitations import InvitationNeeded, Invitations
from reyna.services.studio.passwords.hashing import Passwords
from reyna.services.studio.passwords.rules import check_password
from reyna.services.studio.records import Account
from reyna.services.studio.sign_in import limits
from reyna.services.studio.sign_in.links import SignInLinks
from reyna.services.studio.sign_in.sessions import Sessions, SignedIn
from reyna.services.studio.sign_in.throttle import Throttle
from reyna.services.studio.sign_in.visitors import UNKNOWN_VISITOR, Visitor

OWNER_EMAIL: Final = "owner@localhost"
PROCESSORS_WAIT_SECONDS: Final = 15  # on the first start; services that are started together are up within a few


class Registration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`invitation` is the token of an invitation, where one is needed."""

    email: str
    password: str
    name: str
    invitation: str | None = None


class RegistrationClosed(Forbidden):
    """New accounts cannot be made here."""


class SignUp:
    """Creates accounts."""

    def __init__(
        self,
        accounts: AccountStore,
        invitations: Invitations,
        sessions: Sessions,
        links: SignInLinks,
        passwords: Passwords,
        throttle: Throttle,
        default_processors: DefaultProcessors,
    ) -> None:
        self._accounts, self._invitations, self._sessions, self._links = accounts, invitations, sessions, links
        self._passwords, self._throttle, self._default_processors = passwords, throttle, default_processors

    async def register(self, new: Registration, visitor: Visitor = UNKNOWN_VISITOR) -> SignedIn:
        """Creates an account and signs it in. Raises AlreadyThere when the address is taken, RegistrationClosed and
        InvitationNeeded where not everybody may register, Invalid and TooMuch."""
        if self._invitations.mode == "closed":
            raise RegistrationClosed
        name, email = normalize_name(new.name), check_address(new.email)
        password = check_password(new.password, email, name)
        limit = limits.registration_limit(visitor.source)
        async with self._throttle.attempt(limit) as attempt:
            try:
                invitation_id = await self._invitations.find(new.invitation, email)
                hash = await self._passwords.hash(password, lane=limit.name)
                account = await self._create(email, name, hash, invitation_id)
            except (AlreadyThere, InvitationNeeded):
                attempt.failed = True
                raise
        signed_in = await self._sessions.start(account, visitor)
        await self._default_processors.enable(Caller(user_id=account.id))
        return signed_in

    async def create_owner_link(self) -> str | None:
        """Creates the owner's account while there is no account yet. Returns the token of a one-time sign-in link for
        it, or None when there are accounts."""
        if not await self._accounts.is_empty():
            return None
        owner = await self._accounts.create(OWNER_EMAIL, "Owner", None, role="owner")
        token = await self._links.create(owner)
        await self._default_processors.enable(Caller(user_id=owner.id), wait_seconds=PROCESSORS_WAIT_SECONDS)
        return token

    async def _create(self, email: str, name: str, hash: str, invitation_id: str | None) -> Account:
        try:
            return await self._accounts.create(email, name, hash, used_session_id=invitation_id)
        except RequirementNotMet as unmet:  # somebody else has used the invitation at the same moment
            raise InvitationNeeded from unmet
