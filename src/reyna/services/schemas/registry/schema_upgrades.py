"""The part `upgrades` of the schema service: sets the upgrade of an id."""

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.schema import Schema, Upgrade
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.policies import Policies, check_upgrade_source


class SchemaUpgrades:
    """Sets the upgrade that converts data of the major before to an id."""

    def __init__(self, catalog: SchemaCatalog, policies: Policies) -> None:
        self._catalog, self._policies = catalog, policies

    async def change(self, caller: Caller, id: str, upgrade: Upgrade) -> Schema:
        """Sets the upgrade of an id, and returns the latest version with it.

        Raises NotFound, Forbidden for a schema of the system, Invalid for a malformed upgrade and where there is no
        earlier major, and Conflict when another write came first.
        """
        schema = await self._catalog.get(caller, id)
        owner = SYSTEM_USER_ID if schema.scope == "system" else caller.user_id
        check_upgrade_source(upgrade, schema.kind, schema.major, await self._catalog.majors_of(owner, schema.name))
        return await self._policies.change(caller, id, upgrade=upgrade)
