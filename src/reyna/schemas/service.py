"""The verbs of the schema service: register, look up, validate, check."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.data import encoded
from reyna.domain.errors import AlreadyThere, Conflict, DataError, Forbidden, Invalid, NotFound
from reyna.domain.event import Event
from reyna.domain.ids import is_slug, slug
from reyna.domain.page import DEFAULT_LIMIT, Page, bounded, cursor_of, place_of
from reyna.domain.schema import Compatibility, Kind, NewSchema, Schema, Verdict
from reyna.fit import Fits
from reyna.ports import Put, Store, Unmet
from reyna.schemas.apart import Apart
from reyna.schemas.bump import FIRST, Bump, bump_of, is_enough, is_transitive, keeps, next_version, told
from reyna.schemas.checking import Checked, ToCheck
from reyna.schemas.compatibility import Text
from reyna.schemas.compatibility.explain import Difference
from reyna.schemas.fingerprint import fingerprint
from reyna.schemas.records import LATEST, VERSIONS, Latest, latest_of, version_id, version_of
from reyna.schemas.references import references_of
from reyna.schemas.semver import Semver, is_semver, semver
from reyna.schemas.stored import ContentVerbs, Stored, would_fail
from reyna.schemas.wellformed import check_schema, check_whole

DESCRIPTION_BYTES: Final = 8 * 1024
DESCRIPTION_LENGTH: Final = 2_000  # characters, when it is taken from the schema itself


class Plan(Struct, frozen=True, kw_only=True):
    """What a registration comes to."""

    mode: Compatibility
    bump: Bump
    version: str
    compatible: bool = True
    differences: tuple[Difference, ...] = ()


class Schemas:
    """Versioned shapes that content must fit: the system's for everyone, each user's own for nobody else.

    A version never changes. Other services ask for `schema` and validate by themselves with `reyna.fit`.
    """

    def __init__(self, store: Store, content: ContentVerbs | None = None, apart: Apart | None = None) -> None:
        """`content` can also be given later, since who holds content needs schemas first."""
        self._store = store
        self.content = content
        self._apart = apart or Apart()
        self._fits = Fits()

    async def register(self, caller: Caller, new: NewSchema) -> Schema:
        """Register a version; the house's belong to the system, a user's to that user.

        What is registered already under this name, by content, is answered as it is. Without `version` the first one
        is 1.0.0, and a later one is computed from the difference (see `bump`): a change that breaks what the mode of
        the id promises begins the next major. A given version must be at least that, and larger than every one of its
        major; a new major must be larger than every major.
        Raises Invalid or TooLarge for what is no schema that can be held, Invalid with the `differences` when a given
        version is too small for them, AlreadyThere when the version is taken, when someone else was faster, or when
        the name is the system's, and TooMuch for too many comparisons at once.
        """
        slug("name", new.name)
        encoded(new.description, most=DESCRIPTION_BYTES, field="description")
        references = await self._references(caller, new.json_schema)
        if caller.user_id != HOUSE and await self._majors(HOUSE, new.name):
            raise AlreadyThere(f"The name {new.name} belongs to the system; choose another.", name=new.name)
        mark = fingerprint(new.json_schema, references)
        # in this order: a copy of this registration that comes between the two is then seen by one of them
        majors = await self._majors(caller.user_id, new.name)
        if (same := await self._same(caller.user_id, new, mark)) is not None:
            return same
        _check_kind(new, majors)
        draft = _draft(caller, new, references, mark)
        self._fits.of(draft)  # refuses what cannot be compiled
        if new.version is not None:
            _check_place(semver(new.version), new.version, majors)
        latest = _latest_for(new.version, majors)
        plan = await self._plan(caller, draft, new.compatibility, latest, majors)
        if new.version is not None and latest is not None:
            _check_size(new.version, plan, latest)
        schema = _placed(draft, new.version or plan.version, plan.mode)
        return await self._write(caller, schema, majors.get(schema.major))

    async def check(self, caller: Caller, check: ToCheck) -> Checked:
        """What registering would come to, without registering. Raises NotFound, and what `register` raises."""
        if (check.name is None) == (check.id is None):
            raise Invalid.at("/name", "either the name or the id is wanted, and not both")
        name = slug("name", check.name) if check.name is not None else (await self.schema(caller, check.id or "")).name
        references = await self._references(caller, check.json_schema)
        majors = await self._majors(HOUSE, name) or await self._majors(caller.user_id, name)
        latest = majors[max(majors)] if majors else None
        if check.id is not None:
            latest = next((each for each in majors.values() if each.id == check.id), latest)
        new = NewSchema(name=name, json_schema=check.json_schema, kind=latest.kind if latest else "blob")
        draft = _draft(caller, new, references, fingerprint(check.json_schema, references))
        fit = self._fits.of(draft)
        plan = await self._plan(caller, draft, check.compatibility, latest, majors)
        stored = None
        if self.content is not None and new.kind == "blob":
            stored = await would_fail(self.content, caller, latest.id, fit) if latest else Stored(checked=0, failing=0)
        return Checked(
            compatible=plan.compatible,
            bump=plan.bump,
            next_version=plan.version,
            next_id=_id_of(name, semver(plan.version).major),
            compatibility=plan.mode,
            differences=plan.differences,
            stored=stored,
        )

    async def change_compatibility(self, caller: Caller, id: str, mode: Compatibility) -> Schema:
        """Set what later versions under this id must keep; gives the latest version with it.

        Raises NotFound, Forbidden for what is the system's, and Conflict when someone registered meanwhile.
        """
        schema = await self.schema(caller, id)
        if schema.scope == "system" and caller.user_id != HOUSE:
            raise Forbidden(f"{id} belongs to the system.")
        latest = await self._store.get(LATEST, caller.user_id, id)
        if latest is None or latest.schema.compatibility == mode:
            return schema
        changed = replace(latest.schema, compatibility=mode)
        facts = {"schema_id": id, "version": latest.version, "kind": latest.kind, "compatibility": mode}
        event = Event.now("schema.updated", caller, facts, about=id)
        try:
            await self._store.write(
                Put(LATEST, latest_of(changed, caller.user_id, latest), expects=latest.revision),
                messages=[event.message()],
            )
        except Unmet:
            raise Conflict("Someone registered a version at this moment; look at it and try again.", id=id) from None
        return changed

    async def schemas(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[Schema]:
        """The latest version of each schema that the caller can use, by id."""
        bounded(limit)
        where: dict[str, str] = {"kind": kind} if kind else {}
        if name is not None:
            where["name"] = slug("name", name)
        after = place_of(cursor, str)
        if after is not None and not is_slug(after[0]):
            raise Invalid.at("/cursor", "is not a cursor of this list")
        found: dict[str, Latest] = {}
        for owner in _owners(caller):
            for latest in await self._store.find(LATEST, owner, where, after=after, limit=limit + 1):
                found.setdefault(latest.id, latest)
        items = sorted(found.values(), key=lambda latest: latest.id)[: limit + 1]
        more = cursor_of(items[limit - 1].id) if len(items) > limit else None
        return Page(items=tuple(latest.schema for latest in items[:limit]), next_cursor=more)

    async def schema(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        """One version, the latest when none is named. Raises NotFound."""
        found = await self._find(caller, id, version)
        if found is None:
            raise NotFound(f"There is no schema {id[:200]}{f' {version[:64]}' if version else ''}.", id=id)
        return found

    async def versions(
        self, caller: Caller, id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[Schema]:
        """Every version of one schema, the newest first. Raises NotFound."""
        bounded(limit)
        owner = HOUSE if (await self.schema(caller, id)).scope == "system" else caller.user_id
        found = await self._store.find(
            VERSIONS,
            owner,
            {"schema_id": id},
            order=("created_at",),
            descending=True,
            after=_place_among(id, cursor),
            limit=limit + 1,
        )
        last = found[limit - 1] if len(found) > limit else None
        more = cursor_of(last.created_at, last.id) if last else None
        return Page(items=tuple(version.schema for version in found[:limit]), next_cursor=more)

    async def validate(self, caller: Caller, id: str, data: Any, version: str | None = None) -> Verdict:
        """Whether data fits a version, and if not, where. Raises NotFound, and TooLarge for what no blob can hold."""
        schema = await self.schema(caller, id, version)
        try:
            encoded(data)
        except Invalid as refusal:  # could not be stored, so it fits nothing
            errors = tuple(replace(error, path=error.path.removeprefix("/data")) for error in refusal.errors)
            return Verdict(valid=False, version=schema.version, errors=errors)
        errors = self._fits.of(schema).errors(data)
        return Verdict(valid=not errors, version=schema.version, errors=errors)

    async def _references(self, caller: Caller, json_schema: Any) -> dict[str, Any]:
        """All that a schema leads to; refuses what is no schema that can be held."""
        check_schema(json_schema)
        references = await references_of(json_schema, partial(self._find, caller))
        check_whole(json_schema, references)
        return references

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
        mode = mode or latest.schema.compatibility
        olds = [latest.schema, *(await self._older(latest) if is_transitive(mode) else ())]
        new = Text(draft.json_schema, draft.references)
        texts = [Text(each.json_schema, each.references) for each in olds]
        identical = draft.fingerprint == latest.schema.fingerprint
        comparisons = await self._apart.compare(caller.user_id, new, texts)
        bump = bump_of(comparisons, mode, identical=identical)
        return Plan(
            mode=mode,
            bump=bump,
            version=next_version(bump, latest, majors),
            compatible=keeps(comparisons, mode),
            differences=told(comparisons, [each.version for each in olds]),
        )

    async def _older(self, latest: Latest) -> list[Schema]:
        """The other versions of this major that say something else, the newest first."""
        found = await self._store.find(
            VERSIONS, latest.user_id, {"schema_id": latest.id}, order=("created_at",), descending=True
        )
        different = {version.fingerprint: version.schema for version in reversed(found)}
        different.pop(latest.schema.fingerprint, None)
        return list(reversed(different.values()))

    async def _find(self, caller: Caller, id: str, version: str | None) -> Schema | None:
        if not is_slug(id) or (version is not None and not is_semver(version)):
            return None
        for owner in _owners(caller):
            found = (
                await self._store.get(LATEST, owner, id)
                if version is None
                else await self._store.get(VERSIONS, owner, version_id(id, version))
            )
            if found is not None:
                return found.schema
        return None

    async def _same(self, owner: str, new: NewSchema, mark: str) -> Schema | None:
        """The version of this name with this content, if that is what was asked for."""
        where = {"name": new.name, "fingerprint": mark}
        for found in await self._store.find(VERSIONS, owner, where, order=("created_at",), descending=True):
            if found.kind == new.kind and new.version in (None, found.version):
                return found.schema
        return None

    async def _majors(self, owner: str, name: str) -> dict[int, Latest]:
        return {latest.major: latest for latest in await self._store.find(LATEST, owner, {"name": name})}

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


def _owners(caller: Caller) -> tuple[str, ...]:
    """Whose schemas the caller can use, the system's first, so that a name of the system is never shadowed."""
    return (HOUSE,) if caller.user_id == HOUSE else (HOUSE, caller.user_id)


def _place_among(id: str, cursor: str | None) -> tuple[datetime, str] | None:
    """The place of a cursor among the versions of a schema."""
    place = place_of(cursor, datetime, str)
    if place is None:
        return None
    moment, last = place
    if moment.tzinfo is None or not is_semver(last.removeprefix(f"{id}:")):
        raise Invalid.at("/cursor", "is not a cursor of this list")
    return moment, last


def _check_kind(new: NewSchema, majors: Mapping[int, Latest]) -> None:
    newest = majors[max(majors)] if majors else None
    if newest is not None and newest.kind != new.kind:
        raise AlreadyThere(f"{new.name} is a {newest.kind} schema; a name keeps its kind.", id=newest.id)


def _draft(caller: Caller, new: NewSchema, references: dict[str, Any], mark: str) -> Schema:
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


def _placed(draft: Schema, version: str, mode: Compatibility) -> Schema:
    major = semver(version).major
    id = _id_of(draft.name, major)
    return replace(draft, id=id, major=major, version=version, compatibility=mode, created_at=datetime.now(UTC))


def _id_of(name: str, major: int) -> str:
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
