"""The registered schemas that a schema leads to, gathered so that it never has to look for them again."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from reyna.domain.data import encoded
from reyna.domain.errors import Invalid
from reyna.domain.schema import Schema
from reyna.fit.flat import REGISTERED, registered_in
from reyna.fit.keywords import Path, pointer

URI: Final = re.compile(re.escape(REGISTERED) + r"([a-z0-9-]{1,64})/([0-9A-Za-z.+-]{1,64})")
MOST: Final = 50  # schemas one may lead to, at any distance
BYTES: Final = 1024 * 1024  # of JSON, all of them together

Find = Callable[[str, str], Awaitable[Schema | None]]


async def references_of(json_schema: Any, find: Find) -> dict[str, Any]:
    """Every registered schema that this one leads to, at any distance, by its URI.

    `find` gives a version by schema id and version. Raises Invalid, with the path, for a reference to what is not
    registered, and for too many.
    """
    return await gathered(registered_in(json_schema), find)


async def gathered(uses: Mapping[str, Path], find: Find) -> dict[str, Any]:
    """The same, of a schema that refers to these, each with the place of one reference."""
    found: dict[str, Any] = {}
    for uri, path in uses.items():
        at = "/json_schema" + pointer(path)
        name = URI.fullmatch(uri)
        if name is None:
            raise Invalid.at(at, f"is not the name of a registered schema: {uri[:200]}", expected=_shape())
        schema = await find(name[1], name[2])
        if schema is None:
            raise Invalid.at(at, f"leads to a schema that is not registered: {uri}", expected=_shape())
        # what that one leads to was gathered when it was registered, and never changes
        found |= {uri: schema.json_schema} | schema.references
    if len(found) > MOST:
        raise Invalid.at("/json_schema", f"leads to {len(found)} registered schemas", expected=f"at most {MOST}")
    encoded(found, most=BYTES, field="references")
    return found


def _shape() -> str:
    return f"{REGISTERED}<id>/<version>"
