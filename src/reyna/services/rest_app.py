"""The REST application of a service at its own port."""

from typing import Any, Final, Protocol

from litestar import Litestar

from reyna import __version__
from reyna.domain.caller import Caller, system_caller
from reyna.services.composition import Checks, ServiceContext
from reyna.transport.http import Meter, create_app

IDENTITY_SERVICE: Final = "studio"  # knows the tokens of all callers


class Identity(Protocol):
    """Verbs of the service that knows callers by their tokens."""

    async def identify(self, caller: Caller, token: str) -> Caller: ...

    async def installation_name(self, caller: Caller) -> str: ...


class IdentityLookup:
    """Identifies callers by their tokens, and names this installation, by asking the service that knows both."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._installation_name: str | None = None

    async def identify(self, token: str) -> Caller:
        """Returns the caller that a session token or API key belongs to. Raises NotSignedIn."""
        return await self._identity.identify(system_caller(), token)

    async def installation_name(self) -> str:
        """Returns the part of cookie names that tells this installation from others on the same host."""
        if self._installation_name is None:
            self._installation_name = await self._identity.installation_name(system_caller())
        return self._installation_name


def build_rest_app(context: ServiceContext, service: Any, checks: Checks, *, meter: Meter | None = None) -> Litestar:
    """Returns the application that serves the routes of this service."""
    description = context.description
    identity = IdentityLookup(context.find_neighbour(IDENTITY_SERVICE))
    return create_app(
        title=description.title,
        version=__version__,
        routes=description.routes,
        identify=identity.identify,
        installation=identity.installation_name,
        verify_run_token=context.signer.verify,
        services={description.handler_argument: description.offer(service)},
        checks=checks,
        meter=meter,
    )
