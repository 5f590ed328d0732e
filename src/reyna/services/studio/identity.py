"""The verbs of the studio that other services and the command line call over the bus."""

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Forbidden
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.studio.accounts.members import Member
from reyna.services.studio.audit.audit_chain import AuditProblem
from reyna.services.studio.records import Role
from reyna.services.studio.service import Studio
from reyna.transport.rpc import long_running


class StudioIdentity:
    """Identifies callers for other services, and lets the system caller create links and invitations."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def identify(self, caller: Caller, token: str) -> Caller:
        """Returns the caller that a session token or an API key belongs to. Raises NotSignedIn."""
        return await self._studio.sessions.identify(token)

    async def installation_name(self, caller: Caller) -> str:
        """Returns the name of this installation, which is part of the names of its cookies."""
        return await self._studio.installation.name()

    async def create_sign_in_link(self, caller: Caller, email: str) -> str:
        """Returns the token of a one-time sign-in link. Raises NotFound when no account has this address, and Forbidden
        for every caller but the system."""
        _require_system(caller)
        return await self._studio.sign_in_links.create_for(email)

    @long_running
    async def verify_audit(self, caller: Caller) -> tuple[AuditProblem, ...]:
        """Returns what is wrong in the audit logs of all users and of the system. Raises Forbidden for every caller but
        the system."""
        _require_system(caller)
        problems, cursor = [*await self._studio.audit.verify(SYSTEM_USER_ID)], None
        while True:
            page = await self._studio.members.page(cursor=cursor)
            for member in page.items:
                problems += await self._studio.audit.verify(member.id)
            if (cursor := page.next_cursor) is None:
                return tuple(problems)

    async def create_reset_link(self, caller: Caller, email: str) -> str:
        """Returns the token of a one-time link that takes the password of an account away and signs in. Raises NotFound
        when no account has this address, and Forbidden for every caller but the system."""
        _require_system(caller)
        return await self._studio.sign_in_links.create_for(email, resets=True)

    async def list_members(self, caller: Caller, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Member]:
        """Returns one page of all accounts. Raises Forbidden for every caller but the system."""
        _require_system(caller)
        return await self._studio.members.page(limit=limit, cursor=cursor)

    async def disable_member(self, caller: Caller, email: str) -> Member:
        """Disables an account. Raises NotFound, Conflict for the last owner, and Forbidden for every caller but the
        system."""
        _require_system(caller)
        return await self._studio.members.disable(email)

    async def enable_member(self, caller: Caller, email: str) -> Member:
        """Enables an account again. Raises NotFound, and Forbidden for every caller but the system."""
        _require_system(caller)
        return await self._studio.members.enable(email)

    async def set_role(self, caller: Caller, email: str, role: Role) -> Member:
        """Gives an account a role. Raises NotFound, Conflict for the last owner, and Forbidden for every caller but the
        system."""
        _require_system(caller)
        return await self._studio.members.set_role(email, role)

    async def create_invitation(self, caller: Caller, email: str | None = None) -> str:
        """Returns the token of an invitation, for this address or for anybody. Raises Conflict when registration is
        closed, and Forbidden for every caller but the system."""
        _require_system(caller)
        return await self._studio.invitations.create(email)

    async def find_account(self, caller: Caller, email: str | None = None) -> Caller:
        """Returns the user with this address, or the only user. Raises NotFound, Conflict when there are several users,
        and Forbidden for every caller but the system."""
        _require_system(caller)
        return await self._studio.accounts.find(email)


def _require_system(caller: Caller) -> None:
    if caller.kind != "house":
        raise Forbidden("Only the system itself may do this.")
