"""Computes the version that a schema would get, by comparing it with the registered versions."""

from collections.abc import Mapping

from msgspec import Struct

from reyna.domain.caller import Caller
from reyna.domain.schema import Compatibility, Schema
from reyna.services.schemas.compatibility.comparison import ResolvedSchema
from reyna.services.schemas.compatibility.difference import Difference
from reyna.services.schemas.records import Latest
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.versioning.semver import Bump
from reyna.services.schemas.registry.versioning.version_bump import (
    FIRST_VERSION,
    bump_of,
    is_transitive,
    keeps_promise,
    merge_differences,
    next_version,
)
from reyna.services.schemas.sandbox.sandbox import CompatibilitySandbox


class VersionPlan(Struct, frozen=True, kw_only=True):
    """The version that a schema would get, and the differences that require it."""

    mode: Compatibility
    bump: Bump
    version: str
    compatible: bool = True
    differences: tuple[Difference, ...] = ()


class VersionPlanner:
    """Compares a draft with the latest version of its major, or with the whole major in a transitive mode."""

    def __init__(self, catalog: SchemaCatalog, sandbox: CompatibilitySandbox) -> None:
        self._catalog, self._sandbox = catalog, sandbox

    async def plan(
        self,
        caller: Caller,
        draft: Schema,
        mode: Compatibility | None,
        latest: Latest | None,
        majors: Mapping[int, Latest],
    ) -> VersionPlan:
        """Returns the version that the draft would get.

        `mode` None is the mode of the id, and `latest` None begins a new major.
        """
        if latest is None:
            newest = majors[max(majors)].schema.compatibility if majors else "backward"
            version = f"{max(majors) + 1}.0.0" if majors else FIRST_VERSION
            return VersionPlan(mode=mode or newest, bump="major", version=version)
        previous = latest.schema
        mode = mode or previous.compatibility
        olds = [previous, *(await self._catalog.older_versions(latest) if is_transitive(mode) else ())]
        comparisons = await self._sandbox.compare(
            caller.user_id,
            ResolvedSchema(draft.json_schema, draft.references),
            [ResolvedSchema(old.json_schema, old.references) for old in olds],
        )
        bump = bump_of(comparisons, mode, identical=draft.fingerprint == previous.fingerprint)
        return VersionPlan(
            mode=mode,
            bump=bump,
            version=next_version(bump, latest, majors),
            compatible=keeps_promise(comparisons, mode),
            differences=merge_differences(comparisons, [old.version for old in olds]),
        )
