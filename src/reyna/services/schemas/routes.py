"""The REST routes of the schema service."""

from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from reyna.domain.caller import Caller
from reyna.domain.requests.page import DEFAULT_LIMIT, MAX_PAGE_SIZE, Page
from reyna.domain.schema import Compatibility, Kind, NewSchema, Schema, Upgrade, Verdict
from reyna.domain.usage import SchemaUsage
from reyna.services.schemas.dry_run.reports import Checked, ToCheck
from reyna.services.schemas.service import Schemas
from reyna.transport.http import RUN_TOKEN, IdempotencyKeyHeader

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE)]
FromDay = Annotated[str | None, QueryParameter(name="from")]  # `from` is a keyword of Python
CurrentCaller = NamedDependency[Caller]
SchemaService = NamedDependency[Schemas]


class ToValidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The data, and the version to validate against: the latest when left out."""

    data: Any
    version: str | None = None


class Mode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The compatibility mode that later versions must keep."""

    mode: Compatibility


@post("/", responses={200: ResponseSpec(Schema, generate_examples=False, description="It was registered before.")})
async def register(
    caller: CurrentCaller, schemas: SchemaService, data: JSONBody[NewSchema], key: IdempotencyKeyHeader
) -> Response[Schema]:
    """Register a version of a schema. Answers 200, and creates none, when the latest or the given version has the
    same content."""
    registered = await schemas.versions.ensure_registered(caller, data, key=key)
    return Response(registered.schema, status_code=201 if registered.created else 200)


@get("/")
async def list_schemas(
    caller: CurrentCaller,
    schemas: SchemaService,
    kind: FromQuery[Kind | None] = None,
    name: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[Schema]:
    """The latest version of every schema you can use."""
    return await schemas.versions.list(caller, kind=kind, name=name, limit=limit, cursor=cursor)


@get("/{id:str}")
async def schema(caller: CurrentCaller, schemas: SchemaService, id: FromPath[str]) -> Schema:
    """The latest version of one schema."""
    return await schemas.versions.get(caller, id)


@get("/{id:str}/versions")
async def versions(
    caller: CurrentCaller,
    schemas: SchemaService,
    id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Page[Schema]:
    """Every version of one schema, the newest first."""
    return await schemas.versions.list_versions(caller, id, limit=limit, cursor=cursor)


@get("/{id:str}/versions/{version:str}")
async def version(caller: CurrentCaller, schemas: SchemaService, id: FromPath[str], version: FromPath[str]) -> Schema:
    """One version, which never changes."""
    return await schemas.versions.get(caller, id, version)


@post("/{id:str}/validate", status_code=200, opt=RUN_TOKEN)
async def validate(
    caller: CurrentCaller, schemas: SchemaService, id: FromPath[str], data: JSONBody[ToValidate]
) -> Verdict:
    """Validate data against a version, and list the errors."""
    return await schemas.validation.validate(caller, id, data.data, data.version)


@post("/check", status_code=200)
async def check(caller: CurrentCaller, schemas: SchemaService, data: JSONBody[ToCheck]) -> Checked:
    """Dry run of a registration: whether it is compatible, its version, every difference, the stored blobs that
    would fail, and those that would fail after an upgrade."""
    return await schemas.compatibility.check(caller, data)


@put("/{id:str}/compatibility")
async def change_compatibility(
    caller: CurrentCaller, schemas: SchemaService, id: FromPath[str], data: JSONBody[Mode]
) -> Schema:
    """Set the compatibility mode that later versions under this id must keep."""
    return await schemas.compatibility.change_mode(caller, id, data.mode)


@put("/{id:str}/upgrade")
async def change_upgrade(
    caller: CurrentCaller, schemas: SchemaService, id: FromPath[str], data: JSONBody[Upgrade]
) -> Schema:
    """Set the upgrade from the major before to this one: a JSON Patch, or named steps."""
    return await schemas.upgrades.change(caller, id, data)


@get("/{id:str}/usage")
async def usage(
    caller: CurrentCaller,
    schemas: SchemaService,
    id: FromPath[str],
    since: FromDay = None,
    to: FromQuery[str | None] = None,
) -> SchemaUsage:
    """Your use of a schema, by version and day (UTC): validations, failures by rule, blobs stored. Between two days
    such as `2026-03-01`, both included; the last 30 days when left out."""
    return await schemas.usage.get(caller, id, since=since, to=to)


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
