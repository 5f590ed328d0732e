"""The services of the studio, in the order in which they are built: one entry each."""

from typing import Any, Final

from reyna.services.composition import ServiceDescription
from reyna.services.processors.assembly import SERVICE as PROCESSORS
from reyna.services.schemas.assembly import SERVICE as SCHEMAS
from reyna.services.state.assembly import SERVICE as STATE
from reyna.services.studio.assembly import SERVICE as STUDIO

SERVICES: Final[tuple[ServiceDescription[Any], ...]] = (SCHEMAS, STATE, PROCESSORS, STUDIO)
SERVICE_NAMES: Final = tuple(service.name for service in SERVICES)


def find_service(name: str) -> ServiceDescription[Any]:
    """Returns the description of the service with this name. Raises KeyError."""
    for service in SERVICES:
        if service.name == name:
            return service
    raise KeyError(name)
