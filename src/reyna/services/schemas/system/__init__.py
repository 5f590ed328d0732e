"""The system schemas, one registration in each file."""

from importlib.resources import files

import msgspec

from reyna.domain.caller import system_caller
from reyna.domain.schema import NewSchema, Schema
from reyna.services.schemas.service import Schemas


def system_schemas() -> list[NewSchema]:
    """Returns every registration in this directory, by file name."""
    found = sorted(files(__name__).iterdir(), key=lambda file: file.name)
    return [msgspec.json.decode(file.read_bytes(), type=NewSchema) for file in found if file.name.endswith(".json")]


async def install(schemas: Schemas) -> list[Schema]:
    """Registers every system schema, and leaves those that are registered as they are.

    Raises AlreadyThere when a file changed but not its version.
    """
    return [await schemas.versions.register(system_caller(), new) for new in system_schemas()]
