"""The verbs of the schema service: register, look up, validate."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.data import encoded
from reyna.domain.errors import AlreadyThere, Invalid, NotFound
from reyna.domain.event import Event
from reyna.domain.ids import is_slug, slug
from reyna.domain.page import DEFAULT_LIMIT, Page, bounded, cursor_of, place_of
from reyna.domain.schema import Kind, NewSchema, Schema, Verdict
from reyna.fit import Fits
from reyna.ports import Put, Store, Unmet
from reyna.schemas.fingerprint import fingerprint
from reyna.schemas.records import LATEST, VERSIONS, Latest, latest_of, version_id, version_of
from reyna.schemas.references import references_of
from reyna.schemas.semver import is_semver, semver
from reyna.schemas.wellformed import check_schema, check_whole

FIRST: Final = "1.0.0"
DESCRIPTION_BYTES: Final = 8 * 1024
DESCRIPTION_LENGTH: Final = 2_000  # characters, when it is taken from the schema itself


class Schemas:
    """Versioned shapes that content must fit: the system's for everyone, each user's own for nobody else.

    A version never changes. Other services ask for `schema` and validate by themselves with `reyna.fit`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._fits = Fits()

    async def register(self, caller: Caller, new: NewSchema) -> Schema:
        """Register a version; the house's belong to the system, a user's to that user.

        What is registered already under this name, by content, is answered as it is. Without `version` the first one
        is 1.0.0, and a changed schema gets the next major: that it is compatible has not been shown. A given version
        must be larger than every one of its major, and a new major larger than every major.
        Raises Invalid or TooLarge for what is no schema that can be held, AlreadyThere when the version is taken, when
        someone else was faster, or when the name is the system's.
        """
        slug("name", new.name)
        encoded(new.description, most=DESCRIPTION_BYTES, field="description")
        check_schema(new.json_schema)
        if caller.user_id != HOUSE and await self._majors(HOUSE, new.name):
            raise AlreadyThere(f"The name {new.name} belongs to the system; choose another.", name=new.name)
        references = await references_of(new.json_schema, partial(self._find, caller))
        check_whole(new.json_schema, references)
        mark = fingerprint(new.json_schema, references)
        # in this order: a copy of this registration that comes between the two is then seen by one of them
        majors = await self._majors(caller.user_id, new.name)
        if (same := await self._same(caller.user_id, new, mark)) is not None:
            return same
        schema = _next(caller, new, majors, references, mark)
        self._fits.of(schema)  # refuses what cannot be compiled
        return await self._write(caller, schema, majors.get(schema.major))

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
                f"Someone registered another version of {schema.name} at this moment; look at it and try again.",
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


def _next(
    caller: Caller, new: NewSchema, majors: Mapping[int, Latest], references: dict[str, Any], mark: str
) -> Schema:
    """The version that this registration makes, given the latest of each major."""
    newest = majors[max(majors)] if majors else None
    if newest is not None and newest.kind != new.kind:
        raise AlreadyThere(f"{new.name} is a {newest.kind} schema; a name keeps its kind.", id=newest.id)
    version = new.version or (f"{newest.major + 1}.0.0" if newest else FIRST)
    major = _major_of(version, majors)
    id = f"{new.name}-v{major}"
    if not is_slug(id):
        raise Invalid.at("/name", "is too long for an id made of it", expected=f"{id} in at most 64 characters")
    return Schema(
        id=id,
        name=new.name,
        major=major,
        version=version,
        kind=new.kind,
        scope="system" if caller.user_id == HOUSE else "user",
        json_schema=new.json_schema,
        references=references,
        compatibility=new.compatibility or (newest.schema.compatibility if newest else "backward"),
        fingerprint=mark,
        description=new.description or _own_description(new.json_schema),
        created_at=datetime.now(UTC),
        created_by=caller.name,
    )


def _major_of(version: str, majors: Mapping[int, Latest]) -> int:
    """The major of a version that may come next; refuses one that is taken or comes too late."""
    wanted = semver(version)
    latest = majors.get(wanted.major)
    if latest is not None and wanted <= semver(latest.version):
        if version == latest.version:
            raise AlreadyThere(f"{latest.id} {version} is registered, with other content.", id=latest.id)
        raise Invalid.at("/version", f"must be larger than {latest.version}, the latest of {latest.id}")
    if latest is None and majors and wanted.major < max(majors):
        raise Invalid.at("/version", f"must be larger than {majors[max(majors)].version}, the latest")
    return wanted.major


def _own_description(json_schema: Any) -> str:
    description = json_schema.get("description") if isinstance(json_schema, dict) else None
    return description[:DESCRIPTION_LENGTH] if isinstance(description, str) else ""
