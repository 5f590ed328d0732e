"""The REST doors of the schema service."""

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.params import Parameter

from reyna.domain.caller import Caller
from reyna.domain.page import DEFAULT_LIMIT, MOST, Page
from reyna.domain.schema import Kind, NewSchema, Schema, Verdict
from reyna.schemas.service import Schemas

Limit = Annotated[int, Parameter(ge=1, le=MOST)]


class ToValidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Data, and the version it should fit: the latest when left out."""

    data: Any
    version: str | None = None


@post("/")
async def register(caller: Caller, schemas: Schemas, data: NewSchema) -> Schema:
    """Register a version of a schema."""
    return await schemas.register(caller, data)


@get("/")
async def list_schemas(
    caller: Caller,
    schemas: Schemas,
    kind: Kind | None = None,
    name: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Schema]:
    """The latest version of every schema you can use."""
    return await schemas.schemas(caller, kind=kind, name=name, limit=limit, cursor=cursor)


@get("/{id:str}")
async def schema(caller: Caller, schemas: Schemas, id: str) -> Schema:
    """The latest version of one schema."""
    return await schemas.schema(caller, id)


@get("/{id:str}/versions")
async def versions(
    caller: Caller, schemas: Schemas, id: str, limit: Limit = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Schema]:
    """Every version of one schema, the newest first."""
    return await schemas.versions(caller, id, limit=limit, cursor=cursor)


@get("/{id:str}/versions/{version:str}")
async def version(caller: Caller, schemas: Schemas, id: str, version: str) -> Schema:
    """One version, which never changes."""
    return await schemas.schema(caller, id, version)


@post("/{id:str}/validate", status_code=200)
async def validate(caller: Caller, schemas: Schemas, id: str, data: ToValidate) -> Verdict:
    """Whether data fits, and if not, where."""
    return await schemas.validate(caller, id, data.data, data.version)


routes: list[Any] = [
    Router("/schemas", route_handlers=[register, list_schemas, schema, versions, version, validate], tags=["schemas"])
]
