"""The part `compatibility` of the schema service: dry runs of registrations, and the compatibility mode of an id."""

import asyncio

from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.domain.ids import check_slug
from reyna.domain.schema import Compatibility, NewSchema, Schema
from reyna.services.schemas.dry_run.reports import Checked, Stored, ToCheck, Upgraded
from reyna.services.schemas.dry_run.stored_content import StoredContent
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.policies import Policies, check_upgrade_source
from reyna.services.schemas.registry.registration_planner import RegistrationPlan, RegistrationPlanner
from reyna.services.schemas.registry.versioning.version_planner import VersionPlanner
from reyna.transport.rpc import long_running
from reyna.validation.validator import Validator, ValidatorCache


class CompatibilityChecks:
    """Checks a schema against the versions that are registered and the content that is stored."""

    def __init__(
        self,
        catalog: SchemaCatalog,
        planner: RegistrationPlanner,
        versions: VersionPlanner,
        policies: Policies,
        validators: ValidatorCache,
        stored_content: StoredContent,
    ) -> None:
        self._catalog, self._planner, self._versions = catalog, planner, versions
        self._policies, self._validators, self._stored_content = policies, validators, stored_content

    @long_running
    async def check(self, caller: Caller, check: ToCheck) -> Checked:
        """Returns the outcome of a registration without registering.

        Raises NotFound, and every refusal of `versions.register`.
        """
        plan = await self._planner.plan(caller, await self._registration_of(caller, check), id=check.id)
        validator = await self._validators.get_off_loop(plan.draft)
        version_plan = plan.version_plan or await self._versions.plan(
            caller, plan.draft, check.compatibility, plan.latest, plan.majors
        )
        stored, upgraded = await asyncio.gather(
            self._check_stored(caller, plan, validator), self._check_upgrade(caller, check, plan, validator)
        )
        return Checked(
            status=201 if plan.existing is None else 200,
            terms=tuple(plan.policies),
            compatible=version_plan.compatible,
            bump=version_plan.bump if plan.existing is None else "none",
            next_version=plan.schema.version,
            next_id=plan.schema.id,
            compatibility=version_plan.mode,
            differences=version_plan.differences,
            stored=stored,
            upgraded=upgraded,
        )

    async def change_mode(self, caller: Caller, id: str, mode: Compatibility) -> Schema:
        """Sets the compatibility mode of an id, which later versions must keep; returns the latest version with it.

        Raises NotFound, Forbidden for a schema of the system, and Conflict when another write came first.
        """
        return await self._policies.change(caller, id, compatibility=mode)

    async def _registration_of(self, caller: Caller, check: ToCheck) -> NewSchema:
        """Returns the registration to plan. Raises Invalid unless either the name or the id is given."""
        if (check.name is None) == (check.id is None):
            raise Invalid.at("/name", "either the name or the id is required, not both")
        if check.name is not None:
            name = check_slug("name", check.name)
        else:
            name = (await self._catalog.get(caller, check.id or "")).name
        majors = await self._catalog.majors_of(caller.user_id, name)
        return NewSchema(
            name=name,
            version=check.version,
            kind=check.kind or (majors[max(majors)].kind if majors else "blob"),
            json_schema=check.json_schema,
            compatibility=check.compatibility,
            upgrade=check.upgrade,
            description=check.description,
        )

    async def _check_stored(self, caller: Caller, plan: RegistrationPlan, validator: Validator) -> Stored | None:
        if plan.schema.kind != "blob":
            return None
        return await self._stored_content.check(caller, plan.latest.id if plan.latest else None, validator)

    async def _check_upgrade(
        self, caller: Caller, check: ToCheck, plan: RegistrationPlan, validator: Validator
    ) -> Upgraded | None:
        """Tries the upgrade on copies of the stored blobs of the major before."""
        if check.upgrade is None:
            return None
        new = plan.schema
        before = plan.majors[check_upgrade_source(check.upgrade, new.kind, new.major, plan.majors)]
        return await self._stored_content.check_upgrade(caller, before.id, check.upgrade, validator)
