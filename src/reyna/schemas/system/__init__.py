"""The schemas that come with the house, one registration a file."""

from importlib.resources import files

import msgspec

from reyna.domain.caller import house
from reyna.domain.schema import NewSchema, Schema
from reyna.schemas.service import Schemas


def system_schemas() -> list[NewSchema]:
    """Every registration in this directory, by file name."""
    found = sorted(files(__name__).iterdir(), key=lambda file: file.name)
    return [msgspec.json.decode(file.read_bytes(), type=NewSchema) for file in found if file.name.endswith(".json")]


async def install(schemas: Schemas) -> list[Schema]:
    """Register every system schema, as the house; what is there already stays as it is.

    Raises AlreadyThere when a file changed but not its version.
    """
    return [await schemas.register(house(), new) for new in system_schemas()]
