"""Plans a registration: the version that it would create, or the one that is there, without writing anything."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import AlreadyThere
from reyna.domain.ids import check_slug
from reyna.domain.json.data import encode_json
from reyna.domain.schema import NewSchema, Schema
from reyna.domain.text.clusters import truncate
from reyna.domain.text.names import normalize_description, remove_controls
from reyna.ports.store import Store
from reyna.services.schemas.records import VERSIONS, Latest, version_id
from reyna.services.schemas.registry.catalog import SchemaCatalog
from reyna.services.schemas.registry.examination.examiner import SchemaExaminer
from reyna.services.schemas.registry.policies import check_upgrade_source
from reyna.services.schemas.registry.versioning.version_planner import VersionPlan, VersionPlanner
from reyna.services.schemas.registry.versioning.version_rules import (
    check_bump,
    check_kind,
    check_order,
    numbered,
    predecessor_of,
)
from reyna.validation.complexity.rate_limiter import RateLimiter

MAX_DESCRIPTION_BYTES: Final = 8 * 1024
MAX_COPIED_DESCRIPTION_CHARACTERS: Final = 2_000  # of a description that is taken from the JSON Schema


class RegistrationPlan(Struct, frozen=True, kw_only=True):
    """The outcome of a registration before it is written.

    `created` is the new version; `existing` is the registered version with the same content, whose id gets `policies`.
    `latest` is the version that the draft was compared with, and `majors` are the latest versions of the name.
    """

    draft: Schema
    latest: Latest | None
    majors: dict[int, Latest]
    version_plan: VersionPlan | None = None
    created: Schema | None = None
    existing: Schema | None = None
    policies: dict[str, Any] = {}

    @property
    def schema(self) -> Schema:
        """The version that the caller gets."""
        schema = self.existing or self.created
        if schema is None:
            raise ValueError("A plan has a created or an existing version.")
        return schema


class RegistrationPlanner:
    """Checks a registration against everything that is registered."""

    def __init__(
        self,
        store: Store,
        catalog: SchemaCatalog,
        examiner: SchemaExaminer,
        versions: VersionPlanner,
        rate_limiter: RateLimiter,
    ) -> None:
        self._store, self._catalog, self._examiner = store, catalog, examiner
        self._versions, self._rate_limiter = versions, rate_limiter

    async def plan(self, caller: Caller, new: NewSchema, *, id: str | None = None) -> RegistrationPlan:
        """Returns the plan. Raises every refusal of a registration except that another one was faster.

        `id`: compares with the latest version of this id when `new` has no version that names a major.
        """
        check_slug("name", new.name)
        encode_json(new.description, most=MAX_DESCRIPTION_BYTES, field="description")
        new = replace(new, description=normalize_description(new.description))
        if caller.user_id != SYSTEM_USER_ID:
            self._rate_limiter.take(caller.user_id)
        references, fingerprint = await self._examiner.examine(caller, new.json_schema)
        if caller.user_id != SYSTEM_USER_ID and await self._catalog.majors_of(SYSTEM_USER_ID, new.name):
            raise AlreadyThere(f"The name {new.name} belongs to the system; choose another.", name=new.name)
        majors = await self._catalog.majors_of(caller.user_id, new.name)
        check_kind(new, majors)
        latest = next((each for each in majors.values() if each.id == id), None) or predecessor_of(new.version, majors)
        draft = _draft_of(caller, new, references, fingerprint)
        plan = RegistrationPlan(draft=draft, latest=latest, majors=majors)
        existing = await self._find_existing(caller, new, fingerprint, latest)
        if existing is not None:
            policies = _policies_to_change(caller, new, existing, latest, majors)
            return replace(plan, existing=existing, policies=policies)
        return await self._plan_version(caller, new, plan)

    async def _plan_version(self, caller: Caller, new: NewSchema, plan: RegistrationPlan) -> RegistrationPlan:
        if new.version is not None:
            check_order(new.version, plan.majors)
        version_plan = await self._versions.plan(caller, plan.draft, new.compatibility, plan.latest, plan.majors)
        if new.version is not None and plan.latest is not None:
            check_bump(new.version, version_plan, plan.latest)
        created = numbered(plan.draft, new, new.version or version_plan.version, version_plan.mode, plan.majors)
        return replace(plan, version_plan=version_plan, created=created)

    async def _find_existing(
        self, caller: Caller, new: NewSchema, fingerprint: str, latest: Latest | None
    ) -> Schema | None:
        """Returns the requested version, or the latest when none is requested, if its content is the same."""
        if latest is None:
            return None
        if new.version in (None, latest.version):
            return latest.schema if latest.schema.fingerprint == fingerprint else None
        record = await self._store.get(VERSIONS, caller.user_id, version_id(latest.id, new.version or ""))
        return record.schema if record is not None and record.fingerprint == fingerprint else None


def _policies_to_change(
    caller: Caller, new: NewSchema, existing: Schema, latest: Latest | None, majors: Mapping[int, Latest]
) -> dict[str, Any]:
    """Returns the policies that the registration asks for and the id does not have.

    Raises Invalid for an upgrade without an earlier major, and AlreadyThere when `existing` is an older version.
    """
    current = existing if latest is None else latest.schema
    if new.upgrade is not None:
        check_upgrade_source(new.upgrade, existing.kind, existing.major, majors)
    wanted = {"compatibility": new.compatibility, "upgrade": new.upgrade, "description": new.description or None}
    changes = {name: value for name, value in wanted.items() if value is not None and value != getattr(current, name)}
    if changes and latest is not None and existing.version != latest.version:
        if caller.user_id == SYSTEM_USER_ID:
            return {}
        message = f"{existing.id} {existing.version} is registered; what belongs to the id is set by itself."
        raise AlreadyThere(message, id=existing.id, version=existing.version)
    return changes


def _draft_of(caller: Caller, new: NewSchema, references: dict[str, Any], fingerprint: str) -> Schema:
    """Returns the schema of this registration before its version is known."""
    return Schema(
        id=new.name,
        name=new.name,
        major=0,
        version="",
        kind=new.kind,
        scope="system" if caller.user_id == SYSTEM_USER_ID else "user",
        json_schema=new.json_schema,
        references=references,
        fingerprint=fingerprint,
        description=new.description or _description_in(new.json_schema),
        created_at=datetime.now(UTC),
        created_by=caller.name,
    )


def _description_in(json_schema: Any) -> str:
    description = json_schema.get("description") if isinstance(json_schema, dict) else None
    if not isinstance(description, str):
        return ""
    return truncate(remove_controls(description), MAX_COPIED_DESCRIPTION_CHARACTERS)
