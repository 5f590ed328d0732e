"""What is registered: one schema, a version of it, all versions, and everything that a caller can use."""

from datetime import datetime

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.ids import is_slug, slug
from reyna.domain.page import DEFAULT_LIMIT, Page, bounded, cursor_of, place_of
from reyna.domain.schema import Kind, NewSchema, Schema
from reyna.ports import Store
from reyna.schemas.records import LATEST, VERSIONS, Latest, version_id
from reyna.schemas.semver import is_semver


class Lookups:
    """The verbs that change nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

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

    async def _older(self, latest: Latest) -> list[Schema]:
        """The other versions of this major that say something else, the newest first."""
        found = await self._store.find(
            VERSIONS, latest.user_id, {"schema_id": latest.id}, order=("created_at",), descending=True
        )
        different = {version.fingerprint: version.schema for version in reversed(found)}
        different.pop(latest.schema.fingerprint, None)
        return list(reversed(different.values()))


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
