"""Reads the registered versions: one schema, the majors of a name, the older versions of a major."""

from datetime import datetime

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.ids import check_slug, is_slug
from reyna.domain.requests.page import DEFAULT_LIMIT, Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.schema import Kind, Schema
from reyna.domain.text.clusters import truncate
from reyna.ports.store import Store
from reyna.services.schemas.records import LATEST, VERSIONS, Latest, version_id
from reyna.services.schemas.registry.versioning.semver import is_semver


class SchemaCatalog:
    """The schemas that a caller can use: the system's and their own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        """Returns one version, the latest when `version` is None. Raises NotFound."""
        schema = await self.find(caller, id, version)
        if schema is None:
            raise NotFound(
                f"There is no schema {truncate(id, 200)}{f' {truncate(version, 64)}' if version else ''}.", id=id
            )
        return schema

    async def find(self, caller: Caller, id: str, version: str | None) -> Schema | None:
        """Returns one version, the latest when `version` is None, or None when it is not registered."""
        if not is_slug(id) or (version is not None and not is_semver(version)):
            return None
        for owner in _owners_visible_to(caller):
            record = (
                await self._store.get(LATEST, owner, id)
                if version is None
                else await self._store.get(VERSIONS, owner, version_id(id, version))
            )
            if record is not None:
                return record.schema
        return None

    async def list_latest(
        self, caller: Caller, *, kind: Kind | None, name: str | None, limit: int, cursor: str | None
    ) -> Page[Schema]:
        """Returns the latest version of each schema, by id."""
        check_limit(limit)
        where: dict[str, str] = {"kind": kind} if kind else {}
        if name is not None:
            where["name"] = check_slug("name", name)
        after = decode_cursor(cursor, str)
        if after is not None and not is_slug(after[0]):
            raise Invalid.at("/cursor", "is not a cursor of this list")
        found: dict[str, Latest] = {}
        for owner in _owners_visible_to(caller):
            for latest in await self._store.find(LATEST, owner, where, after=after, limit=limit + 1):
                found.setdefault(latest.id, latest)
        items = sorted(found.values(), key=lambda latest: latest.id)[: limit + 1]
        more = encode_cursor(items[limit - 1].id) if len(items) > limit else None
        return Page(items=tuple(latest.schema for latest in items[:limit]), next_cursor=more)

    async def list_versions(
        self, caller: Caller, id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[Schema]:
        """Returns every version of one schema, the newest first. Raises NotFound."""
        check_limit(limit)
        owner = SYSTEM_USER_ID if (await self.get(caller, id)).scope == "system" else caller.user_id
        records = await self._store.find(
            VERSIONS,
            owner,
            {"schema_id": id},
            order=("created_at",),
            descending=True,
            after=_position_of(id, cursor),
            limit=limit + 1,
        )
        last = records[limit - 1] if len(records) > limit else None
        more = encode_cursor(last.created_at, last.id) if last else None
        return Page(items=tuple(record.schema for record in records[:limit]), next_cursor=more)

    async def majors_of(self, owner: str, name: str) -> dict[int, Latest]:
        """Returns the latest version of each major of a name, by major."""
        return {latest.major: latest for latest in await self._store.find(LATEST, owner, {"name": name})}

    async def older_versions(self, latest: Latest) -> list[Schema]:
        """Returns the other versions of this major whose content differs, the newest first."""
        records = await self._store.find(
            VERSIONS, latest.user_id, {"schema_id": latest.id}, order=("created_at",), descending=True
        )
        different = {record.fingerprint: record.schema for record in reversed(records)}
        different.pop(latest.schema.fingerprint, None)
        return list(reversed(different.values()))


def _owners_visible_to(caller: Caller) -> tuple[str, ...]:
    """Returns the owners whose schemas the caller can use, the system first: a name of the system is never shadowed."""
    return (SYSTEM_USER_ID,) if caller.user_id == SYSTEM_USER_ID else (SYSTEM_USER_ID, caller.user_id)


def _position_of(id: str, cursor: str | None) -> tuple[datetime, str] | None:
    """Returns the position of a cursor among the versions of a schema."""
    position = decode_cursor(cursor, datetime, str)
    if position is None:
        return None
    moment, last = position
    if moment.tzinfo is None or not is_semver(last.removeprefix(f"{id}:")):
        raise Invalid.at("/cursor", "is not a cursor of this list")
    return moment, last
