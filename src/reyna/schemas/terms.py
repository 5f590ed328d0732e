"""What belongs to an id and can be set later: what its versions must keep, and how older data comes to it."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid
from reyna.domain.event import Event
from reyna.domain.schema import Compatibility, Kind, Schema, Upgrade, major_before
from reyna.fit.upgrade import check_upgrade
from reyna.ports import Put, Unmet
from reyna.schemas.lookups import Lookups
from reyna.schemas.records import LATEST, Latest, latest_of


class Terms(Lookups):
    """The verbs that change an id and none of its versions."""

    async def change_compatibility(self, caller: Caller, id: str, mode: Compatibility) -> Schema:
        """Set what later versions under this id must keep; gives the latest version with it.

        Raises NotFound, Forbidden for what is the system's, and Conflict when someone registered meanwhile.
        """
        return await self._changed(caller, id, compatibility=mode)

    async def change_upgrade(self, caller: Caller, id: str, upgrade: Upgrade) -> Schema:
        """Set how data of the major before becomes data of this id; gives the latest version with it.

        Raises NotFound, Forbidden for what is the system's, Invalid for what is no upgrade and where there is nothing
        to upgrade from, and Conflict when someone registered meanwhile.
        """
        schema = await self.schema(caller, id)
        owner = HOUSE if schema.scope == "system" else caller.user_id
        check_place(upgrade, schema.kind, schema.major, await self._majors(owner, schema.name))
        return await self._changed(caller, id, upgrade=upgrade)

    async def _changed(self, caller: Caller, id: str, **terms: Any) -> Schema:
        schema = await self.schema(caller, id)
        if schema.scope == "system" and caller.user_id != HOUSE:
            raise Forbidden(f"{id} belongs to the system.")
        latest = await self._store.get(LATEST, caller.user_id, id)
        if latest is None or all(getattr(latest.schema, name) == value for name, value in terms.items()):
            return schema
        changed = replace(latest.schema, **terms)
        try:
            await self._store.write(
                Put(LATEST, latest_of(changed, caller.user_id, latest), expects=latest.revision),
                messages=[_updated(caller, changed, latest).message()],
            )
        except Unmet:
            raise Conflict("Someone registered a version at this moment; look at it and try again.", id=id) from None
        return changed


def check_place(upgrade: Upgrade, kind: Kind, major: int, majors: Iterable[int]) -> int:
    """The major whose data this upgrade takes. Raises Invalid for what is no upgrade, and where none can be."""
    if kind != "blob":
        raise Invalid.at("/upgrade", "is for content; the metadata of buckets is changed by whoever owns it")
    check_upgrade(upgrade)
    before = major_before(major, majors)
    if before is None:
        raise Invalid.at("/upgrade", "has nothing to upgrade from: this is the first major of its name")
    return before


def _updated(caller: Caller, schema: Schema, latest: Latest) -> Event:
    facts = {
        "schema_id": latest.id,
        "version": latest.version,
        "kind": latest.kind,
        "compatibility": schema.compatibility,
    }
    return Event.now("schema.updated", caller, facts, about=latest.id)
