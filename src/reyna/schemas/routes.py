"""The REST doors of the schema service."""

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from reyna.domain.caller import Caller
from reyna.domain.page import DEFAULT_LIMIT, MOST, Page
from reyna.domain.schema import Compatibility, Kind, NewSchema, Schema, Upgrade, Verdict
from reyna.domain.usage import SchemaUsage
from reyna.schemas.checking import Checked, ToCheck
from reyna.schemas.service import Schemas

Limit = Annotated[int, QueryParameter(ge=1, le=MOST)]
Since = Annotated[str | None, QueryParameter(name="from")]  # `from` is no name in Python
Asking = NamedDependency[Caller]
Verbs = NamedDependency[Schemas]


class ToValidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data, and the version it should fit: the latest when left out."""

    data: Any
    version: str | None = None


class Mode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What later versions must keep."""

    mode: Compatibility


@post("/")
async def register(caller: Asking, schemas: Verbs, data: JSONBody[NewSchema]) -> Schema:
    """Register a version of a schema."""
    return await schemas.register(caller, data)


@get("/")
async def list_schemas(
    caller: Asking,
    schemas: Verbs,
    kind: FromQuery[Kind | None] = None,
    name: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[Schema]:
    """The latest version of every schema you can use."""
    return await schemas.schemas(caller, kind=kind, name=name, limit=limit, cursor=cursor)


@get("/{id:str}")
async def schema(caller: Asking, schemas: Verbs, id: FromPath[str]) -> Schema:
    """The latest version of one schema."""
    return await schemas.schema(caller, id)


@get("/{id:str}/versions")
async def versions(
    caller: Asking,
    schemas: Verbs,
    id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[Schema]:
    """Every version of one schema, the newest first."""
    return await schemas.versions(caller, id, limit=limit, cursor=cursor)


@get("/{id:str}/versions/{version:str}")
async def version(caller: Asking, schemas: Verbs, id: FromPath[str], version: FromPath[str]) -> Schema:
    """One version, which never changes."""
    return await schemas.schema(caller, id, version)


@post("/{id:str}/validate", status_code=200)
async def validate(caller: Asking, schemas: Verbs, id: FromPath[str], data: JSONBody[ToValidate]) -> Verdict:
    """Whether data fits, and if not, where."""
    return await schemas.validate(caller, id, data.data, data.version)


@post("/check", status_code=200)
async def check(caller: Asking, schemas: Verbs, data: JSONBody[ToCheck]) -> Checked:
    """What registering a schema would come to: whether it is compatible, its version, every difference, the stored
    blobs that would fail, and those that would fail after an upgrade."""
    return await schemas.check(caller, data)


@put("/{id:str}/compatibility")
async def change_compatibility(caller: Asking, schemas: Verbs, id: FromPath[str], data: JSONBody[Mode]) -> Schema:
    """Set what later versions under this id must keep."""
    return await schemas.change_compatibility(caller, id, data.mode)


@put("/{id:str}/upgrade")
async def change_upgrade(caller: Asking, schemas: Verbs, id: FromPath[str], data: JSONBody[Upgrade]) -> Schema:
    """Set how data of the major before becomes data of this one: a JSON Patch, or named steps."""
    return await schemas.change_upgrade(caller, id, data)


@get("/{id:str}/usage")
async def usage(
    caller: Asking, schemas: Verbs, id: FromPath[str], since: Since = None, to: FromQuery[str | None] = None
) -> SchemaUsage:
    """What you made of a schema, by version and day (UTC): validations, failures by rule, blobs stored. From one day to
    another, both included, such as `2026-03-01`; the last 30 days when left out."""
    return await schemas.usage(caller, id, since=since, to=to)


routes: list[Any] = [
    Router(
        "/schemas",
        route_handlers=[
            register,
            list_schemas,
            schema,
            versions,
            version,
            validate,
            check,
            change_compatibility,
            change_upgrade,
            usage,
        ],
        tags=["schemas"],
    )
]
