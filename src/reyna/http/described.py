"""What can be asked, as OpenAPI 3.1."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import MediaType, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import OpenAPI
from litestar.static_files import create_static_files_router

from reyna.domain.errors import DataError
from reyna.http.callers import COOKIE
from reyna.http.problems import PROBLEM

SHOWN: Final = Path(__file__).parent / "page"  # what a browser needs to show it, put there when the page is built
SHOWN_AT: Final = "/described"
PAGES: Final = re.compile(rb"Page_[\w.]*?(\w+)_\b")
SIGNING_IN: Final = "/auth/"  # needs nobody to be known yet
PROBLEM_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `reason` says more than `code`; both are stable. `id` finds a fault in the log.",
    "required": ["type", "status", "code", "reason", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "status": {"type": "integer"},
        "code": {"enum": ["not_found", "conflict", "invalid", "forbidden", "too_much", "fault"]},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/DataError"}},
        "id": {"type": "string"},
    },
}
DATA_ERROR_SCHEMA: Final = msgspec.json.schema(DataError)["$defs"]["DataError"]
REFUSED: Final = {
    "description": "Refused, or broken; see `code`.",
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
WAYS_IN: Final[Mapping[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}


class Described(OpenAPI):
    """Says what Litestar cannot know: how we refuse, how one is known, and what a body must and must not hold."""

    def to_schema(self) -> dict[str, Any]:
        plain = PAGES.sub(rb"PageOf\1", msgspec.json.encode(super().to_schema()))
        schema: dict[str, Any] = msgspec.json.decode(plain)
        nouns: dict[str, Any] = schema["components"]["schemas"]
        nouns |= {"Problem": PROBLEM_SCHEMA, "DataError": DATA_ERROR_SCHEMA}
        schema["components"]["securitySchemes"] = WAYS_IN
        schema["security"] = [{way: []} for way in WAYS_IN]
        for path, operation in ((path, one) for path, several in schema["paths"].items() for one in several.values()):
            if SIGNING_IN in path:
                operation["security"] = []
            operation["responses"].pop("400", None)  # what Litestar would answer; we say 422
            operation["responses"].get("204", {}).pop("content", None)
            operation["responses"] |= {"4XX": REFUSED, "5XX": REFUSED}
            if body := operation.get("requestBody"):
                kind = body["content"][MediaType.JSON.value]["schema"]
                kinds = kind.get("oneOf", [kind])
                body["required"] = {"type": "null"} not in kinds
                for noun in _reached(kind, nouns):
                    nouns[noun]["additionalProperties"] = False
        return schema


def _reached(schema: Any, nouns: Mapping[str, Any]) -> set[str]:
    """The names of all nouns that a schema is made of."""
    found = set[str]()
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name in nouns and name not in found:
                found.add(name)
                waiting.append(nouns[name])
    return found


class DescribedConfig(OpenAPIConfig):
    def to_openapi_schema(self) -> OpenAPI:
        plain = super().to_openapi_schema()
        return Described(**{field.name: getattr(plain, field.name) for field in dataclasses.fields(plain)})


def browsable() -> SwaggerRenderPlugin:
    """The description for people, from files of our own: it must also be there without a network."""
    return SwaggerRenderPlugin(
        js_url=f"{SHOWN_AT}/swagger-ui-bundle.js",
        css_url=f"{SHOWN_AT}/swagger-ui.css",
        standalone_preset_js_url=f"{SHOWN_AT}/swagger-ui-standalone-preset.js",
        favicon='<link rel="icon" href="data:,">',  # else one from the network
        path="/",
    )


def shown() -> list[Router]:
    """The door to these files; none while they are not built."""
    return [create_static_files_router(SHOWN_AT, [SHOWN], include_in_schema=False)] if SHOWN.is_dir() else []
