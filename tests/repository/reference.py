"""Generates the parts of the reference that follow from the code: `python -m tests.repository.reference`."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from litestar import Router

from reyna.app import config
from reyna.app.services import SERVICES
from reyna.domain.caller import Caller
from reyna.transport.http import create_app
from tests.repository.sdk_reference import sdk

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
METHODS: Final = ("get", "post", "put", "patch", "delete")

MARK: Final = "<!-- what follows is written by `python -m tests.repository.reference` -->\n\n"


def settings() -> str:
    return config.reference()


def rest() -> str:
    description = openapi_document()
    return f"{_operations(description)}## Nouns\n\n{_nouns(description)}".rstrip() + "\n"


def openapi_document() -> dict[str, Any]:
    """Returns the OpenAPI document of the studio, whose routes have no services behind them."""

    async def identify(token: str) -> Caller:
        raise NotImplementedError

    routes = [route for service in SERVICES for route in service.routes]
    app = create_app(
        title="ReYNa Studio",
        version="0",
        routes=[Router("/api", route_handlers=routes)],
        identify=identify,
        services=dict.fromkeys(service.handler_argument for service in SERVICES),
        checks={},
    )
    return app.openapi_schema.to_schema()


def _operations(description: dict[str, Any]) -> str:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method in methods:
                groups[path.split("/")[2]].append(_row(method, path, methods[method]))
    head = "| | body | answers | |\n|---|---|---|---|\n"
    return "".join(f"## {group.capitalize()}\n\n{head}{''.join(rows)}\n" for group, rows in sorted(groups.items()))


def _row(method: str, path: str, operation: dict[str, Any]) -> str:
    asked = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    query = f"?{'&'.join(f'{name}=' for name in asked)}" if asked else ""
    body = operation.get("requestBody")
    sent = _sent(body) if body else ""
    granted = {status: one for status, one in operation["responses"].items() if status.startswith("2")}
    status, answer = " or ".join(sorted(granted)), next(iter(granted.values()))
    content = answer.get("content", {}).get("application/json")
    answers = f"{status} {_kind(content['schema'])}" if content else status
    words = " ".join(operation["description"].split())
    return f"| `{method.upper()} {path}{query}` | {sent} | {answers} | {words} |\n"


def _sent(body: dict[str, Any]) -> str:
    kind = _kind(body["content"]["application/json"]["schema"])
    return kind if body["required"] else f"{kind.removesuffix(' or null')}?"


def _nouns(description: dict[str, Any]) -> str:
    nouns = description["components"]["schemas"]
    return "".join(_noun(name, nouns[name]) for name in sorted(nouns) if not name.startswith("PageOf"))


def _noun(name: str, noun: dict[str, Any]) -> str:
    required = noun.get("required", ())
    sent = noun.get("additionalProperties") is False
    fields = (
        f"`{field}{'?' if sent and field not in required else ''}` {_kind(kind)}"
        for field, kind in noun["properties"].items()
    )
    return f"**{name}**: {', '.join(fields) or 'nothing'}\n\n"


def _kind(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return re.sub(r"^PageOf(\w+)$", r"page of \1", name)
    if kinds := schema.get("oneOf") or schema.get("anyOf"):
        return " or ".join(_kind(kind) for kind in kinds if kind != {"type": "null"}) + (
            " or null" if {"type": "null"} in kinds and len(kinds) > 1 else ""
        )
    if "enum" in schema:
        return " \\| ".join(map(json.dumps, schema["enum"]))
    if "const" in schema:
        return f'"{schema["const"]}"'
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return {"date-time": "time"}.get(schema.get("format", ""), schema.get("type") or "anything")


PAGES: Final = {"settings.md": settings, "rest.md": rest, "sdk.md": sdk}


def page_as_generated(name: str) -> str:
    """Returns the page as it should be: the part written by hand, then the part that follows from the code."""
    by_hand, mark, _ = (FOLDER / name).read_text(encoding="utf-8").partition(MARK)
    if not mark:
        raise ValueError(f"{name} lacks the line {MARK.strip()}")
    return by_hand + MARK + PAGES[name]()


if __name__ == "__main__":
    for name in PAGES:
        (FOLDER / name).write_text(page_as_generated(name), encoding="utf-8")
