"""The description of the reminder service."""

from typing import Final

from reyna.domain.caller import system_caller
from reyna.services.composition import ServiceContext, ServiceDescription
from reyna.services.rest_app import build_rest_app
from tests.app.reminders.records import COLLECTIONS
from tests.app.reminders.routes import routes
from tests.app.reminders.service import Reminders


async def _build(context: ServiceContext) -> Reminders:
    return Reminders(context.store)


async def _start(context: ServiceContext, reminders: Reminders) -> None:
    """It reacts to nothing; a service that does subscribes here, and stops with `context.stop_at_end`."""


SERVICE: Final = ServiceDescription[Reminders](
    name="reminders",
    title="ReYNa Studio: reminders",
    port_setting="reminders_port",
    collections=COLLECTIONS,
    neighbours=("studio",),
    routes=routes,
    handler_argument="reminders",
    offered=Reminders,
    build=_build,
    start=_start,
    offer=lambda reminders: reminders,
    build_app=build_rest_app,
    probe=lambda reminders: reminders.list(system_caller(), limit=1),
)
