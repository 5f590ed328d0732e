"""The description of the schema service: how it is built, and what it does in the background."""

from functools import partial
from typing import Final

from reyna.domain.caller import system_caller
from reyna.services.composition import ServiceContext, ServiceDescription
from reyna.services.guarded_service import guarded, pass_on
from reyna.services.rest_app import build_rest_app
from reyna.services.schemas.records import COLLECTIONS
from reyna.services.schemas.routes import routes
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from reyna.validation.usage_counts import UsageReporter

READS: Final = ("compatibility.check", "usage.get", "validation.validate")
VERSION_READS: Final = ("versions.get", "versions.list", "versions.list_versions")
# Schemas are in no bucket: a key that is limited to some uses them as they are.
KEY_RULES: Final = dict.fromkeys((*READS, *VERSION_READS), pass_on)


async def _build(context: ServiceContext) -> Schemas:
    return Schemas(context.store, context.find_neighbour("state"), validation_sandbox=context.sandbox)


async def _start(context: ServiceContext, schemas: Schemas) -> None:
    await install(schemas)
    await context.start(UsageReporter(schemas.validation.counter, partial(schemas.usage.count, system_caller())))


SERVICE: Final = ServiceDescription[Schemas](
    name="schemas",
    title="ReYNa Studio: schemas",
    port_setting="schemas_port",
    collections=COLLECTIONS,
    neighbours=("state", "processors", "studio"),
    routes=routes,
    handler_argument="schemas",
    offered=Schemas,
    build=_build,
    start=_start,
    offer=lambda schemas: guarded(schemas, "schemas", KEY_RULES),
    build_app=build_rest_app,
    probe=lambda schemas: schemas.versions.list(system_caller(), limit=1),
)
