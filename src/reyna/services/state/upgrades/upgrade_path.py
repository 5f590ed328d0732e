"""The path of upgrades from one major of a schema to a later one."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid, Refusal
from reyna.domain.ids import is_slug
from reyna.domain.json.data import encode_json
from reyna.domain.schema import Schema, Upgrade
from reyna.services.state.content.schema_cache import CompiledSchema, SchemaCache
from reyna.validation.upgrade import apply_upgrade

SCHEMA_ID: Final = re.compile(r"(?P<name>.+)-v(?P<major>[1-9][0-9]{0,8})")


class UpgradePath(msgspec.Struct, frozen=True):
    """The upgrades from one major of a schema to another, and the schema that the result must fit."""

    target: CompiledSchema
    upgrades: tuple[Upgrade, ...]

    async def upgrade(self, caller: Caller, blob: Blob) -> Blob:
        """Returns the upgraded blob, as its next revision.

        Raises Invalid with every place where the result does not fit, and what `apply_upgrade` raises.
        """
        data, body = await asyncio.to_thread(self._apply_all, blob.data)
        await self.target.validate(caller, data, body, "data", counted=False)
        schema = self.target.schema
        return blob.upgraded(data, size=len(body), schema_id=schema.id, schema_version=schema.version, by=caller.name)

    async def try_upgrades(self, caller: Caller, blobs: Sequence[Blob]) -> list[Blob | Refusal]:
        """Returns each upgraded blob, or the refusal that says why it cannot be upgraded."""
        return [await self._try_upgrade(caller, blob) for blob in blobs]

    async def _try_upgrade(self, caller: Caller, blob: Blob) -> Blob | Refusal:
        try:
            return await self.upgrade(caller, blob)
        except Refusal as refusal:
            return refusal

    def _apply_all(self, data: Any) -> tuple[Any, bytes]:
        for upgrade in self.upgrades:
            data = apply_upgrade(data, upgrade)
        return data, encode_json(data)


async def find_path(schemas: SchemaCache, caller: Caller, name: str, older: int, major: int, field: str) -> UpgradePath:
    """Returns the path from one major to another. Raises Invalid, by the field, where there is none."""
    registered = await schemas.majors(caller, name)
    upgrades = tuple(_upgrades_between(name, older, major, registered, field))
    return UpgradePath(await schemas.latest(caller, f"{name}-v{major}"), upgrades)


def split_schema_id(schema_id: str, field: str) -> tuple[str, int]:
    """Returns the name and the major of a schema id. Raises Invalid, by the field, for text that is none."""
    found = SCHEMA_ID.fullmatch(schema_id)
    if found is None or not is_slug(found["name"]):
        raise Invalid.at(f"/{field}", "is no id of a schema", expected="name and major, such as text-input-v1")
    return found["name"], int(found["major"])


def _upgrades_between(name: str, older: int, major: int, schemas: Iterable[Schema], field: str) -> Iterable[Upgrade]:
    """Yields every upgrade between two majors; majors that were never registered do not count."""
    between = [schema for schema in schemas if older < schema.major <= major]
    if major < older:
        raise Invalid.at(f"/{field}", f"is older than {name}-v{older}; nothing is turned back", expected=f"> {older}")
    if not between or between[-1].major != major:
        raise Invalid.at(f"/{field}", f"there is no schema {name}-v{major} after {name}-v{older}")
    for schema in between:
        if schema.upgrade is None:
            raise Invalid.at(
                f"/{field}",
                f"{schema.id} has no upgrade from the major before it",
                expected=f"PUT /schemas/{schema.id}/upgrade first",
            )
        yield schema.upgrade
