"""A cache of compiled schemas, each looked up once: versions never change."""

from typing import Any, Final, Protocol, TypeVar

from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Invalid, NotFound
from reyna.domain.requests.page import Page
from reyna.domain.schema import Kind, Schema
from reyna.domain.text.slugs import slugify
from reyna.services.state.files.file_slots import find_file_slots
from reyna.validation.sandbox.sandbox import ValidationSandbox
from reyna.validation.usage_counts import UsageCounter
from reyna.validation.validator import Validator, compile_validator_off_loop

T = TypeVar("T")
MAX_CACHED_SCHEMAS: Final = 4096  # of each kind; a compiled schema takes some 10 KiB


class SchemaVersions(Protocol):
    """The verbs of the schema service that read versions."""

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema: ...

    async def list(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Schema]: ...


class SchemaVerbs(Protocol):
    """The part of the schema service that the state service uses."""

    @property
    def versions(self) -> SchemaVersions: ...


class CompiledSchema:
    """One version of a schema with its compiled validator."""

    __slots__ = ("_counts", "_fit", "_sandbox", "file_slots", "schema")

    def __init__(self, schema: Schema, fit: Validator, counts: UsageCounter, sandbox: ValidationSandbox) -> None:
        self.schema, self._fit, self._counts, self._sandbox = schema, fit, counts, sandbox
        self.file_slots = find_file_slots(schema.json_schema)

    async def validate(self, caller: Caller, data: Any, body: bytes, field: str, *, counted: bool = True) -> None:
        """Raises Invalid for data that does not fit, with the path of every error in it below `field`.

        `body` is the data as compact JSON. Counts as a use of the schema by that caller, and against the caller's share
        of costly validations, unless it is not `counted`: an upgrade or an import goes on by itself.
        """
        if counted:
            self._counts.count_validation(caller.user_id, self.schema.id, self.schema.version)
        found = await self._sandbox.errors(caller.user_id, self._fit, data, body, rate_limited=counted)
        if not found:
            return
        errors = [replace(error, path=f"/{field}{error.path}") for error in found]
        if counted:
            self._counts.count_failure(caller.user_id, self.schema.id, self.schema.version, errors)
        places = ", ".join(error.path.removeprefix(f"/{field}") or "the whole" for error in errors[:3])
        raise Invalid(
            f"{field} does not fit {self.schema.id} {self.schema.version}: {places}",
            errors=errors,
            schema_id=self.schema.id,
            schema_version=self.schema.version,
        )


class SchemaCache:
    """Compiled schemas by owner: system schemas are everyone's, a user's own are that user's alone."""

    def __init__(self, schemas: SchemaVerbs, sandbox: ValidationSandbox | None = None) -> None:
        self._schemas, self._sandbox = schemas, sandbox or ValidationSandbox()
        self.counts = UsageCounter()
        self._latest: dict[tuple[str, str], CompiledSchema] = {}
        self._for_type: dict[tuple[str, str], CompiledSchema | None] = {}
        self._registered = 0  # how often something was forgotten: what was asked for before that may be old

    async def latest(self, caller: Caller, schema_id: str) -> CompiledSchema:
        """Returns the newest version under this id. Raises Invalid when there is none."""
        known = self._latest.get((SYSTEM_USER_ID, schema_id)) or self._latest.get((caller.user_id, schema_id))
        if known is not None:
            return known
        before = self._registered
        try:
            schema = await self._schemas.versions.get(caller, schema_id)
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
        owner = SYSTEM_USER_ID if schema.scope == "system" else caller.user_id
        return self._keep(self._latest, (owner, schema_id), await self._compile(schema), before)

    async def version(self, caller: Caller, schema_id: str, version: str) -> CompiledSchema:
        """Returns this version. Raises NotFound."""
        return await self._compile(await self._schemas.versions.get(caller, schema_id, version))

    async def majors(self, caller: Caller, name: str) -> list[Schema]:
        """Returns the newest version of every major of this blob schema, as registered now, the oldest first."""
        found = (await self._schemas.versions.list(caller, kind="blob", name=name, limit=200)).items
        return sorted(found, key=lambda schema: schema.major)

    async def for_bucket_type(self, caller: Caller, type: str) -> CompiledSchema | None:
        """Returns the newest schema for the metadata of this type of bucket, or None when the type is free-form.

        The name of the schema is the slug of the type.
        """
        name = slugify(type)
        key = (caller.user_id, name)
        if key in self._for_type:
            return self._for_type[key]
        before = self._registered
        found = (await self._schemas.versions.list(caller, kind="bucket", name=name, limit=200)).items
        newest = max(found, key=lambda schema: _order(schema.version), default=None)
        return self._keep(self._for_type, key, None if newest is None else await self._compile(newest), before)

    def forget(self, user_id: str, name: str) -> None:
        """Drops what is cached under this name: a version was registered, and another one may be the newest now."""
        self._registered += 1
        for key in [
            key for key in self._latest if key[1].rpartition("-v")[0] == name and user_id in (SYSTEM_USER_ID, key[0])
        ]:
            del self._latest[key]
        for key in [key for key in self._for_type if key[1] == name and user_id in (SYSTEM_USER_ID, key[0])]:
            del self._for_type[key]

    async def _compile(self, schema: Schema) -> CompiledSchema:
        return CompiledSchema(schema, await compile_validator_off_loop(schema), self.counts, self._sandbox)

    def _keep(self, kept: dict[tuple[str, str], T], key: tuple[str, str], value: T, before: int) -> T:
        if before != self._registered:
            return value
        if len(kept) >= MAX_CACHED_SCHEMAS:
            del kept[next(iter(kept))]
        kept[key] = value
        return value


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].partition("+")[0].split("."))
