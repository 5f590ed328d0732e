"""The policies of a schema id, which can change after registration: compatibility mode, upgrade and description."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid
from reyna.domain.event import Event
from reyna.domain.schema import Kind, Schema, Upgrade, major_before
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.schemas.records import LATEST, Latest, latest_of
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.validation.upgrade import check_upgrade


class Policies:
    """Changes the policies of an id."""

    def __init__(self, store: Store, catalog: SchemaCatalog) -> None:
        self._store, self._catalog = store, catalog

    async def change(self, caller: Caller, id: str, **policies: Any) -> Schema:
        """Sets policies by the name of their field, and returns the latest version with them.

        Raises NotFound, Forbidden for a schema of the system, and Conflict when another write came first.
        """
        schema = await self._catalog.get(caller, id)
        if schema.scope == "system" and caller.user_id != SYSTEM_USER_ID:
            raise Forbidden(f"{id} belongs to the system.")
        latest = await self._store.get(LATEST, caller.user_id, id)
        if latest is None or all(getattr(latest.schema, name) == value for name, value in policies.items()):
            return schema
        changed = replace(latest.schema, **policies)
        try:
            await self._store.write(
                Put(LATEST, latest_of(changed, caller.user_id, latest), expects=latest.revision),
                messages=[_updated_event(caller, changed, latest).message()],
            )
        except RequirementNotMet:
            raise Conflict("Someone registered a version at this moment; look at it and try again.", id=id) from None
        return changed


def check_upgrade_source(upgrade: Upgrade, kind: Kind, major: int, majors: Iterable[int]) -> int:
    """Returns the major whose data the upgrade takes.

    Raises Invalid for an upgrade that is malformed, of a bucket schema, or of the first major of its name.
    """
    if kind != "blob":
        raise Invalid.at("/upgrade", "is for content; the metadata of buckets is changed by whoever owns it")
    check_upgrade(upgrade)
    before = major_before(major, majors)
    if before is None:
        raise Invalid.at("/upgrade", "has nothing to upgrade from: this is the first major of its name")
    return before


def _updated_event(caller: Caller, schema: Schema, latest: Latest) -> Event:
    facts = {
        "schema_id": latest.id,
        "version": latest.version,
        "kind": latest.kind,
        "compatibility": schema.compatibility,
    }
    return Event.now("schema.updated", caller, facts, about=latest.id)
