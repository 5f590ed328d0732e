"""The compiled schemas that content must fit, looked up once and kept: versions never change."""

from typing import Any, Final, Protocol, TypeVar

from msgspec.structs import replace

from reyna.domain.caller import HOUSE, Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.page import Page
from reyna.domain.schema import Kind, Schema
from reyna.fit import Fit, made
from reyna.fit.counting import Counts

T = TypeVar("T")
KEPT: Final = 4096  # compiled schemas in this process; a compiled schema takes some 10 KiB


class SchemaVerbs(Protocol):
    """What the state service asks of the schema service."""

    async def schema(self, caller: Caller, id: str, version: str | None = None) -> Schema: ...

    async def schemas(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Schema]: ...


class Shape:
    """One version of a schema and what is compiled from it."""

    __slots__ = ("_counts", "_fit", "schema")

    def __init__(self, schema: Schema, fit: Fit, counts: Counts) -> None:
        self.schema, self._fit, self._counts = schema, fit, counts

    def accept(self, data: Any, field: str, *, by: Caller | None = None) -> None:
        """Refuse data that does not fit, naming every place in it below `field`, as it was sent.

        Counts as a use of the schema by that caller.
        """
        if by is not None:
            self._counts.validated(by.user_id, self.schema.id, self.schema.version)
        if self._fit.fits(data):
            return
        errors = [replace(error, path=f"/{field}{error.path}") for error in self._fit.errors(data)]
        if by is not None:
            self._counts.failed(by.user_id, self.schema.id, self.schema.version, errors)
        places = ", ".join(error.path.removeprefix(f"/{field}") or "the whole" for error in errors[:3])
        raise Invalid(
            f"{field} does not fit {self.schema.id} {self.schema.version}: {places}",
            errors=errors,
            schema_id=self.schema.id,
            schema_version=self.schema.version,
        )


class Shapes:
    """Shapes by caller: the house's are everyone's, a user's own are that user's alone."""

    def __init__(self, schemas: SchemaVerbs) -> None:
        self._schemas = schemas
        self.counts = Counts()
        self._latest: dict[tuple[str, str], Shape] = {}
        self._for_type: dict[tuple[str, str], Shape | None] = {}
        self._registered = 0  # how often something was forgotten: what was asked for before that may be old

    async def latest(self, caller: Caller, schema_id: str) -> Shape:
        """The newest version under this id. Raises Invalid when there is none."""
        known = self._latest.get((HOUSE, schema_id)) or self._latest.get((caller.user_id, schema_id))
        if known is not None:
            return known
        before = self._registered
        try:
            schema = await self._schemas.schema(caller, schema_id)
        except NotFound as missing:
            raise Invalid.at(
                "/schema_id",
                f"there is no schema {schema_id!r}",
                expected="the id of a registered schema, such as text-input-v1",
            ) from missing
        if schema.kind != "blob":
            raise Invalid.at(
                "/schema_id", f"{schema_id} is a schema for the metadata of buckets", expected="a schema of kind blob"
            )
        owner = HOUSE if schema.scope == "system" else caller.user_id
        return self._keep(self._latest, (owner, schema_id), Shape(schema, await made(schema), self.counts), before)

    async def majors(self, caller: Caller, name: str) -> list[Schema]:
        """The newest version of every major of this name, for content, as they are registered now."""
        found = (await self._schemas.schemas(caller, kind="blob", name=name, limit=200)).items
        return sorted(found, key=lambda schema: schema.major)

    async def of_bucket(self, caller: Caller, type: str) -> Shape | None:
        """The newest schema for the metadata of this type of bucket; None when the type is free-form."""
        key = (caller.user_id, type)
        if key in self._for_type:
            return self._for_type[key]
        before = self._registered
        found = (await self._schemas.schemas(caller, kind="bucket", name=type, limit=200)).items
        newest = max(found, key=lambda schema: _order(schema.version), default=None)
        return self._keep(
            self._for_type, key, None if newest is None else Shape(newest, await made(newest), self.counts), before
        )

    def forget(self, user_id: str, name: str) -> None:
        """A version was registered: what was newest may not be any more."""
        self._registered += 1
        for key in [key for key in self._latest if key[1].rpartition("-v")[0] == name and user_id in (HOUSE, key[0])]:
            del self._latest[key]
        for key in [key for key in self._for_type if key[1] == name and user_id in (HOUSE, key[0])]:
            del self._for_type[key]

    def _keep(self, kept: dict[tuple[str, str], T], key: tuple[str, str], value: T, before: int) -> T:
        if before != self._registered:
            return value
        if len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[key] = value
        return value


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].partition("+")[0].split("."))
