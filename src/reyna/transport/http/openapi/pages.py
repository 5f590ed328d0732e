"""The OpenAPI 3.1 document of an application, and the Swagger page that shows it."""

import dataclasses
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Router, get
from litestar.datastructures import ResponseHeader
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import OpenAPI

from reyna.domain.errors import DataError
from reyna.transport.http.authentication import SESSION_COOKIE
from reyna.transport.http.openapi.document import complete_document
from reyna.transport.http.problems import PROBLEM_MEDIA_TYPE
from reyna.transport.http.static_files import static_files_route

ASSETS_FOLDER: Final = Path(__file__).parent / "page"  # Swagger UI, put there when the page is built
ASSETS_PATH: Final = "/described"
DOCUMENT_PATH: Final = "/schema"
CONTENT_SECURITY_POLICY: Final = (  # Swagger UI creates style sheets in its scripts
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
SWAGGER_PAGE: Final = f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{title}}</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1">
<link href="{ASSETS_PATH}/swagger-ui.css" rel="stylesheet"><script src="{ASSETS_PATH}/swagger-ui-bundle.js"></script>
<script src="{ASSETS_PATH}/swagger-ui-standalone-preset.js"></script></head>
<body><div id="shown"></div><script src="{DOCUMENT_PATH}/start.js"></script></body></html>"""
SWAGGER_SCRIPT: Final = f"""SwaggerUIBundle({{
  url: "{DOCUMENT_PATH}/openapi.json", dom_id: "#shown", deepLinking: true, showExtensions: true,
  showCommonExtensions: true, presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
}});
"""
PAGE_NAMES: Final = re.compile(rb"Page_[\w.]*?(\w+)_\b")
SIGN_IN_PATH: Final = "/auth/"  # routes that need no authentication
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
ERROR_RESPONSE: Final = {
    "description": "Refused, or broken; see `code`.",
    "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
COOKIE_DESCRIPTION: Final = "Followed by `_` and the name of the installation; with TLS, `__Host-` stands before it."
SECURITY_SCHEMES: Final[Mapping[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": COOKIE_DESCRIPTION},
}


class CompletedOpenAPI(OpenAPI):
    """Adds to the document what Litestar does not know: problem responses, security schemes, and strict bodies."""

    def to_schema(self) -> dict[str, Any]:
        plain = PAGE_NAMES.sub(rb"PageOf\1", msgspec.json.encode(super().to_schema()))
        schema: dict[str, Any] = msgspec.json.decode(plain)
        schemas: dict[str, Any] = schema["components"]["schemas"]
        schemas |= {"Problem": PROBLEM_SCHEMA, "DataError": DATA_ERROR_SCHEMA}
        schema["components"]["securitySchemes"] = SECURITY_SCHEMES
        schema["security"] = [{scheme: []} for scheme in SECURITY_SCHEMES]
        for path, operation in ((path, one) for path, several in schema["paths"].items() for one in several.values()):
            if SIGN_IN_PATH in path:
                operation["security"] = []
            operation["responses"].pop("400", None)  # Litestar answers 400 where we answer 422
            operation["responses"].get("204", {}).pop("content", None)
            operation["responses"] |= {"4XX": ERROR_RESPONSE, "5XX": ERROR_RESPONSE}
            if body := operation.get("requestBody"):
                kind = body["content"][MediaType.JSON.value]["schema"]
                kinds = kind.get("oneOf", [kind])
                body["required"] = {"type": "null"} not in kinds
                for name in _referenced(kind, schemas):
                    schemas[name]["additionalProperties"] = False
        return complete_document(schema)


def _referenced(schema: Any, schemas: Mapping[str, Any]) -> set[str]:
    """Returns the names of all schemas that a schema refers to, directly or not."""
    found = set[str]()
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


class OpenAPISettings(OpenAPIConfig):
    """The configuration of Litestar for the document and its page."""

    @classmethod
    def of(cls, title: str, version: str) -> "OpenAPISettings":
        policy = ResponseHeader(name="content-security-policy", value=CONTENT_SECURITY_POLICY)
        router = Router(DOCUMENT_PATH, route_handlers=[], include_in_schema=False, response_headers=[policy])
        return cls(
            title=title,
            version=version,
            openapi_router=router,
            render_plugins=[SwaggerPage()],
            use_handler_docstrings=True,
        )

    def to_openapi_schema(self) -> OpenAPI:
        plain = super().to_openapi_schema()
        return CompletedOpenAPI(**{field.name: getattr(plain, field.name) for field in dataclasses.fields(plain)})


class SwaggerPage(SwaggerRenderPlugin):
    """The document for people, shown with our own copy of Swagger UI: it works without a network and without inline
    scripts."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return SWAGGER_PAGE.format(title=html.escape(str(openapi_schema["info"]["title"]))).encode()


def swagger_routes() -> list[Any]:
    """Returns the routes of the scripts and styles of the Swagger page; without the assets while they are not built."""
    assets = [static_files_route(ASSETS_PATH, ASSETS_FOLDER)] if ASSETS_FOLDER.is_dir() else []
    return [start_script, *assets]


@get(f"{DOCUMENT_PATH}/start.js", include_in_schema=False, media_type="text/javascript; charset=utf-8")
async def start_script() -> str:
    """Starts Swagger UI."""
    return SWAGGER_SCRIPT
