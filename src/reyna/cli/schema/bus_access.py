"""Access to the schema service over the bus, as the system."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reyna.app.bus_connection import connect_bus
from reyna.cli.rest_client import ANSWER_TIMEOUT_SECONDS
from reyna.cli.startup import join_running_studio, load_settings
from reyna.services.schemas.service import Schemas
from reyna.transport.rpc import Signer, remote


@asynccontextmanager
async def connect_schemas() -> AsyncIterator[Schemas]:
    """Yields the schema service of a running studio. Raises Fault."""
    settings = join_running_studio(load_settings())
    async with connect_bus(settings) as bus:
        yield remote(Schemas, "schemas", bus, Signer(settings.signing_secret()).sign, timeout=ANSWER_TIMEOUT_SECONDS)
