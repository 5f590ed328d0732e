"""Invitations to register, and the registration mode that decides who needs one."""

from typing import Literal

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.errors import Conflict, Forbidden, NotSignedIn
from reyna.services.studio.accounts.email_addresses import check_address, normalize_address
from reyna.services.studio.sign_in.session_store import SessionStore

RegistrationMode = Literal["open", "invite", "closed"]


class InvitationNeeded(Forbidden):
    """A new account needs an invitation that is still good, and for this address."""


class Invitations:
    """Creates and finds invitations. In the mode `open` nobody needs one, in `closed` there are none."""

    def __init__(self, mode: RegistrationMode, sessions: SessionStore) -> None:
        self.mode: RegistrationMode = mode
        self._sessions = sessions

    async def create(self, email: str | None = None) -> str:
        """Returns the token of an invitation that is good once, and with `email` for that address only. Raises Conflict
        when registration is closed."""
        if self.mode == "closed":
            raise Conflict("Registration is closed: set REYNA_REGISTRATION=invite and start the studio again.")
        address = None if email is None else check_address(email)
        return await self._sessions.create(SYSTEM_USER_ID, "invitation", email=address)

    async def find(self, token: str | None, email: str) -> str | None:
        """Returns the id of the invitation that a registration uses up, or None when it needs none. Raises
        InvitationNeeded."""
        if self.mode == "open":
            return None
        try:
            invitation = await self._sessions.find(token or "", "invitation")
        except NotSignedIn:
            raise InvitationNeeded from None
        if invitation.email is not None and normalize_address(invitation.email) != normalize_address(email):
            raise InvitationNeeded
        return invitation.id
