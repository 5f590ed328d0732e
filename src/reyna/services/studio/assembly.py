"""The description of the studio: how the gateway is built, and what it does in the background."""

from typing import Final

from litestar import Litestar

from reyna import __version__
from reyna.domain.caller import system_caller
from reyna.domain.errors import NotSignedIn
from reyna.services.composition import Checks, ServiceContext, ServiceDescription
from reyna.services.studio.application import create_studio_app
from reyna.services.studio.gateway.actions import Actions
from reyna.services.studio.identity import StudioIdentity
from reyna.services.studio.passwords.hashing import HASHERS, Passwords
from reyna.services.studio.records import COLLECTIONS
from reyna.services.studio.routes import routes
from reyna.services.studio.service import Studio
from reyna.services.studio.webhooks.access import WebhookAccess
from reyna.services.studio.webhooks.http_client import WebhookClient, webhook_addresses
from reyna.services.studio.webhooks.routes import webhook_routes
from reyna.services.studio.webhooks.signing import WebhookSecrets


async def _build(context: ServiceContext) -> Studio:
    return Studio(
        context.store,
        context.bus,
        context.find_neighbour("state"),
        context.find_neighbour("processors"),
        passwords=Passwords(HASHERS[context.settings.password_hash]),
        registration=context.settings.registration_mode(),
        key_secret=context.signer.derive_key("API keys"),
        webhook_access=WebhookAccess(
            secrets=WebhookSecrets(context.signer.derive_key("the secrets of webhooks")),
            client=WebhookClient(webhook_addresses(private=context.settings.webhook_private == "allowed")),
        ),
    )


async def _start(context: ServiceContext, studio: Studio) -> None:
    context.bus.on_reconnect(studio.session_watch.check_soon)
    context.stop_at_end(studio.audit.stop)
    await context.start(studio.session_watch)
    await context.start(studio.session_cache)
    await context.start(studio.webhook_sending)
    await context.start(studio.webhook_reactions)


def _build_app(context: ServiceContext, studio: Studio, checks: Checks) -> Litestar:
    """Returns the page, the WebSocket, and under `/api` the routes of every service."""
    return create_studio_app(
        studio,
        Actions(context.find_neighbour("state"), context.find_neighbour("processors")),
        context.bus,
        version=__version__,
        api=[route for service in context.other_services for route in service.routes],
        services={service.handler_argument: context.find_neighbour(service.name) for service in context.other_services},
        checks=checks,
        verify_run_token=context.signer.verify,
    )


async def _probe(identity: StudioIdentity) -> None:
    try:
        await identity.identify(system_caller(), "nobody's")
    except NotSignedIn:  # it knows its tokens: that is an answer
        return


SERVICE: Final = ServiceDescription[Studio](
    name="studio",
    title="ReYNa Studio",
    port_setting="port",
    collections=COLLECTIONS,
    neighbours=("schemas", "state", "processors"),
    routes=(*routes, *webhook_routes),
    handler_argument="studio",
    offered=StudioIdentity,
    build=_build,
    start=_start,
    offer=StudioIdentity,
    build_app=_build_app,
    probe=_probe,
    first_sign_in=lambda studio: studio.sign_up.create_owner_link(),
    writes_on_full_disk=True,  # whoever wants to read must be able to sign in, and the studio writes little
)
