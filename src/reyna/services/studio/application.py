"""The ASGI application of the studio: the page, everything under `/api`, and the WebSocket."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from litestar import Litestar, Router
from prometheus_client import Gauge

from reyna.ports.bus import Bus
from reyna.services.studio import routes
from reyna.services.studio.audit.audited_routes import AuditedRoutes
from reyna.services.studio.gateway.actions import Actions
from reyna.services.studio.gateway.endpoint import WebSocketEndpoint
from reyna.services.studio.page_routes import PAGE_FOLDER, page_routes
from reyna.services.studio.service import Studio
from reyna.services.studio.webhooks.routes import webhook_routes
from reyna.transport.http import Check, Meter, OptionalCheck, RunTokenVerifier, create_app


def create_studio_app(
    studio: Studio,
    actions: Actions,
    bus: Bus,
    *,
    version: str,
    api: Sequence[Any],
    services: Mapping[str, object],
    checks: Mapping[str, Check | OptionalCheck],
    page: Path = PAGE_FOLDER,
    verify_run_token: RunTokenVerifier | None = None,
) -> Litestar:
    """Creates the application: `api` are the routes of the other services, `services` what they call by name."""
    fanout, meter = studio.fanout, Meter()
    sockets = Gauge("reyna_sockets", "WebSockets open", registry=meter.registry)
    sockets.set_function(lambda: fanout.device_count)
    return create_app(
        title="ReYNa Studio",
        version=version,
        routes=[
            Router("/api", route_handlers=[*api, *routes.routes, *webhook_routes]),
            *page_routes(page),
        ],
        identify=studio.sessions.identify,
        installation=studio.installation.name,
        verify_run_token=verify_run_token,
        middleware=[AuditedRoutes(studio.audit).middleware],
        services={"studio": studio, **services},
        checks=checks,
        meter=meter,
        websockets={"/ws": WebSocketEndpoint(studio, actions, bus, fanout)},
    )
