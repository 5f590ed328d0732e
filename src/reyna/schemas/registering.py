"""How a version comes to be: checked, compared with what is there, numbered, and kept for ever."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.data import encoded
from reyna.domain.errors import AlreadyThere, DataError, Invalid
from reyna.domain.event import Event
from reyna.domain.ids import is_slug, slug
from reyna.domain.schema import Compatibility, NewSchema, Schema
from reyna.fit import Fits
from reyna.fit.light import is_light
from reyna.ports import Put, Store, Unmet
from reyna.rpc import takes_long
from reyna.schemas.apart import Apart
from reyna.schemas.bump import FIRST, Bump, bump_of, is_enough, is_transitive, keeps, next_version, told
from reyna.schemas.compatibility import Text
from reyna.schemas.compatibility.explain import Difference
from reyna.schemas.examining import fingerprint_of
from reyna.schemas.pace import Pace
from reyna.schemas.records import LATEST, VERSIONS, Latest, latest_of, version_of
from reyna.schemas.references import gathered, references_of
from reyna.schemas.semver import Semver, semver
from reyna.schemas.terms import Terms, check_place
from reyna.schemas.wellformed import check_bytes, check_schema

DESCRIPTION_BYTES: Final = 8 * 1024
DESCRIPTION_LENGTH: Final = 2_000  # characters, when it is taken from the schema itself


class Plan(Struct, frozen=True, kw_only=True):
    """What a registration comes to."""

    mode: Compatibility
    bump: Bump
    version: str
    compatible: bool = True
    differences: tuple[Difference, ...] = ()


class Registering(Terms):
    """The verb that registers, and the plan that it shares with the dry run."""

    def __init__(self, store: Store, apart: Apart | None = None, pace: Pace | None = None) -> None:
        super().__init__(store)
        self._apart, self._pace = apart or Apart(), pace or Pace()
        self._fits = Fits()

    @takes_long
    async def register(self, caller: Caller, new: NewSchema) -> Schema:
        """Register a version; the house's belong to the system, a user's to that user.

        What is registered already under this name, by content, is answered as it is. Without `version` the first one
        is 1.0.0, and a later one is computed from the difference (see `bump`): a change that breaks what the mode of
        the id promises begins the next major. A given version must be at least that, and larger than every one of its
        major; a new major must be larger than every major. An `upgrade` says how data of the major before becomes
        data of the one that this comes to.
        Raises Invalid or TooLarge for what is no schema that can be held, Invalid with the `differences` when a given
        version is too small for them, and for an upgrade where there is nothing to upgrade from; AlreadyThere when
        the version is taken, when someone else was faster, or when the name is the system's, and TooMuch, with
        `retry_after`, for too many at once.
        """
        slug("name", new.name)
        encoded(new.description, most=DESCRIPTION_BYTES, field="description")
        self._pace_of(caller)
        references, mark = await self._examined(caller, new.json_schema)
        if caller.user_id != HOUSE and await self._majors(HOUSE, new.name):
            raise AlreadyThere(f"The name {new.name} belongs to the system; choose another.", name=new.name)
        # in this order: a copy of this registration that comes between the two is then seen by one of them
        majors = await self._majors(caller.user_id, new.name)
        if (same := await self._same(caller.user_id, new, mark)) is not None:
            return same if new.upgrade is None else await self.change_upgrade(caller, same.id, new.upgrade)
        _check_kind(new, majors)
        draft = draft_of(caller, new, references, mark)
        if new.version is not None:
            _check_place(semver(new.version), new.version, majors)
        latest = _latest_for(new.version, majors)
        plan = await self._plan(caller, draft, new.compatibility, latest, majors)
        if new.version is not None and latest is not None:
            _check_size(new.version, plan, latest)
        schema = _placed(draft, new, new.version or plan.version, plan.mode, majors)
        return await self._write(caller, schema, majors.get(schema.major))

    def _pace_of(self, caller: Caller) -> None:
        if caller.user_id != HOUSE:
            self._pace.take(caller.user_id)

    async def _examined(self, caller: Caller, json_schema: Any) -> tuple[dict[str, Any], str]:
        """All that a schema leads to, and its fingerprint; refuses what is no schema that can be held.

        What may take long is examined apart.
        """
        find = partial(self._find, caller)
        if caller.user_id == HOUSE or is_light(json_schema):
            check_schema(json_schema)
            references = await references_of(json_schema, find)
            if caller.user_id == HOUSE or is_light([json_schema, references]):
                return references, fingerprint_of(json_schema, references)
        check_bytes(json_schema)
        found = await self._apart.examine(caller.user_id, Text(json_schema))
        references = await gathered(found.uses, find)
        if found.fingerprint is None:
            found = await self._apart.examine(caller.user_id, Text(json_schema, references))
        return references, found.fingerprint or ""

    async def _plan(
        self,
        caller: Caller,
        draft: Schema,
        mode: Compatibility | None,
        latest: Latest | None,
        majors: Mapping[int, Latest],
    ) -> Plan:
        """Compare with the latest of the major, or with all of it where the mode is transitive."""
        if latest is None:
            newest = majors[max(majors)].schema.compatibility if majors else "backward"
            version = f"{max(majors) + 1}.0.0" if majors else FIRST
            return Plan(mode=mode or newest, bump="major", version=version)
        before = latest.schema
        mode = mode or before.compatibility
        olds = [before, *(await self._older(latest) if is_transitive(mode) else ())]
        new = Text(draft.json_schema, draft.references)
        texts = [Text(each.json_schema, each.references) for each in olds]
        identical = draft.fingerprint == before.fingerprint
        comparisons = await self._apart.compare(caller.user_id, new, texts)
        bump = bump_of(comparisons, mode, identical=identical)
        return Plan(
            mode=mode,
            bump=bump,
            version=next_version(bump, latest, majors),
            compatible=keeps(comparisons, mode),
            differences=told(comparisons, [each.version for each in olds]),
        )

    async def _write(self, caller: Caller, schema: Schema, before: Latest | None) -> Schema:
        owner = caller.user_id
        event = Event.now(
            "schema.registered",
            caller,
            {"schema_id": schema.id, "version": schema.version, "kind": schema.kind},
            about=schema.id,
        )
        try:
            await self._store.write(
                Put(VERSIONS, version_of(schema, owner)),
                Put(LATEST, latest_of(schema, owner, before), expects=before.revision if before else 0),
                messages=[event.message()],
            )
        except Unmet:
            current = await self._store.get(LATEST, owner, schema.id)
            if current is not None and current.schema.fingerprint == schema.fingerprint:
                return current.schema
            raise AlreadyThere(
                f"Someone registered or changed {schema.name} at this moment; look at it and try again.",
                id=schema.id,
                version=current.version if current else None,
            ) from None
        return schema


def _check_kind(new: NewSchema, majors: Mapping[int, Latest]) -> None:
    newest = majors[max(majors)] if majors else None
    if newest is not None and newest.kind != new.kind:
        raise AlreadyThere(f"{new.name} is a {newest.kind} schema; a name keeps its kind.", id=newest.id)


def draft_of(caller: Caller, new: NewSchema, references: dict[str, Any], mark: str) -> Schema:
    """The schema that this registration makes, before its version is known."""
    return Schema(
        id=new.name,
        name=new.name,
        major=0,
        version="",
        kind=new.kind,
        scope="system" if caller.user_id == HOUSE else "user",
        json_schema=new.json_schema,
        references=references,
        fingerprint=mark,
        description=new.description or _own_description(new.json_schema),
        created_at=datetime.now(UTC),
        created_by=caller.name,
    )


def _placed(draft: Schema, new: NewSchema, version: str, mode: Compatibility, majors: Mapping[int, Latest]) -> Schema:
    """The draft as the version that it comes to, on the terms of its id."""
    major = semver(version).major
    kept = majors[major].schema.upgrade if major in majors else None
    if new.upgrade is not None:
        check_place(new.upgrade, draft.kind, major, majors)
        if kept is not None and kept != new.upgrade:  # it may have been meant for a major that this has not become
            raise Invalid.at(
                "/upgrade",
                f"is not the one that {id_of(draft.name, major)} has, and this is only version {version} of it",
                expected="none, or the same one; another is set by itself",
            )
    return replace(
        draft,
        id=id_of(draft.name, major),
        major=major,
        version=version,
        compatibility=mode,
        upgrade=new.upgrade or kept,
        created_at=datetime.now(UTC),
    )


def id_of(name: str, major: int) -> str:
    """The id of a major. Raises Invalid for a name that leaves no room for it."""
    id = f"{name}-v{major}"
    if not is_slug(id):
        raise Invalid.at("/name", "is too long for an id made of it", expected=f"{id} in at most 64 characters")
    return id


def _latest_for(version: str | None, majors: Mapping[int, Latest]) -> Latest | None:
    """The version that a new one is compared with: the latest of its major, or of all when it names none."""
    if version is not None:
        return majors.get(semver(version).major)
    return majors[max(majors)] if majors else None


def _check_place(wanted: Semver, version: str, majors: Mapping[int, Latest]) -> None:
    """Refuse a version that is taken or comes too late."""
    latest = majors.get(wanted.major)
    if latest is not None and wanted <= semver(latest.version):
        if version == latest.version:
            raise AlreadyThere(f"{latest.id} {version} is registered, with other content.", id=latest.id)
        raise Invalid.at("/version", f"must be larger than {latest.version}, the latest of {latest.id}")
    if latest is None and majors and wanted.major < max(majors):
        raise Invalid.at("/version", f"must be larger than {majors[max(majors)].version}, the latest")


def _check_size(version: str, plan: Plan, latest: Latest) -> None:
    """Refuse a version that is too small for the difference; without a promise any larger one will do."""
    if plan.mode == "none" or is_enough(semver(version), plan.bump, latest):
        return
    broken = [each for each in plan.differences if each.breaks]
    reason = f"{latest.id} promises {plan.mode}, and this breaks it" if plan.bump == "major" else "it changes what fits"
    message = f"is too small for the difference from {latest.version}: {reason}"
    error = DataError(path="/version", message=message, expected=f"at least {plan.version}")
    raise Invalid(
        f"version: {message}; {plan.version} would do.",
        errors=[error],
        next_version=plan.version,
        differences=to_builtins(broken),
    )


def _own_description(json_schema: Any) -> str:
    description = json_schema.get("description") if isinstance(json_schema, dict) else None
    return description[:DESCRIPTION_LENGTH] if isinstance(description, str) else ""
