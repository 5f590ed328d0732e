"""Collects the registered schemas that a schema refers to, directly and indirectly."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from reyna.domain.errors import Invalid
from reyna.domain.json.data import encode_json
from reyna.domain.schema import Schema
from reyna.domain.text.clusters import truncate
from reyna.validation.bundling.bundle import registered_references
from reyna.validation.bundling.document_set import REGISTERED
from reyna.validation.keywords import Path, pointer

SCHEMA_URI: Final = re.compile(re.escape(REGISTERED) + r"([a-z0-9-]{1,64})/([0-9A-Za-z.+-]{1,64})")
MAX_REFERENCED_SCHEMAS: Final = 50  # directly and indirectly
MAX_REFERENCED_BYTES: Final = 1024 * 1024  # of JSON, all together

FindSchema = Callable[[str, str], Awaitable[Schema | None]]


async def references_of(json_schema: Any, find: FindSchema) -> dict[str, Any]:
    """Returns every registered schema that this one refers to, directly and indirectly, by URI.

    `find` returns a version by schema id and version. Raises Invalid, with the path, for a reference to a schema
    that is not registered, and for too many.
    """
    return await gather_references(registered_references(json_schema), find)


async def gather_references(uses: Mapping[str, Path], find: FindSchema) -> dict[str, Any]:
    """Returns the same for a schema whose direct references are given, each with the path of one reference."""
    found: dict[str, Any] = {}
    for uri, path in uses.items():
        at = "/json_schema" + pointer(path)
        name = SCHEMA_URI.fullmatch(uri)
        if name is None:
            raise Invalid.at(at, f"is not the name of a registered schema: {truncate(uri, 200)}", expected=_expected())
        schema = await find(name[1], name[2])
        if schema is None:
            raise Invalid.at(at, f"leads to a schema that is not registered: {uri}", expected=_expected())
        # its own references were collected when it was registered, and never change
        found |= {uri: schema.json_schema} | schema.references
    if len(found) > MAX_REFERENCED_SCHEMAS:
        raise Invalid.at(
            "/json_schema", f"leads to {len(found)} registered schemas", expected=f"at most {MAX_REFERENCED_SCHEMAS}"
        )
    encode_json(found, most=MAX_REFERENCED_BYTES, field="references")
    return found


def _expected() -> str:
    return f"{REGISTERED}<id>/<version>"
