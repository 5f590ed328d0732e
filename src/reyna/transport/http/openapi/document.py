"""Completes an OpenAPI document: names, tags, descriptions and examples that follow from tables."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from reyna.transport.http.openapi.examples import EXAMPLES
from reyna.transport.http.openapi.operations import OPERATIONS, RESPONSES, SCHEMA_NAMES, TAGS
from reyna.transport.http.openapi.parameters import PARAMETERS
from reyna.transport.http.openapi.properties import PROPERTIES

GATEWAY_PREFIX: Final = "/api"  # the studio serves every service's paths below it
WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
Document = dict[str, Any]


def complete_document(document: Document) -> Document:
    """Returns the document with names and descriptions for its schemas, parameters and operations."""
    complete = _rename_schemas(document)
    for name, schema in complete["components"]["schemas"].items():
        _describe_schema(name, schema)
    tags = {}
    for method, path, operation in operations_of(complete):
        place = path.removeprefix(GATEWAY_PREFIX)
        tag, about = TAGS.get(place.split("/")[1], ("Other", "Everything else."))
        tags[tag] = about
        _describe_operation(f"{method.upper()} {place}", place, operation, tag)
    complete["tags"] = [{"name": name, "description": about} for name, about in tags.items()]
    return complete


def operations_of(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yields the method and path of every operation, and the operation."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def _rename_schemas(document: Document) -> Document:
    text = msgspec.json.encode(document).decode()
    for generated_name, name in SCHEMA_NAMES.items():
        text = text.replace(f'"{generated_name}"', f'"{name}"').replace(f'/{generated_name}"', f'/{name}"')
    renamed: Document = msgspec.json.decode(text)
    return renamed


def _describe_schema(name: str, described: Document) -> None:
    described["title"] = name
    for property, schema in described.get("properties", {}).items():
        if len(schema.get("oneOf", ())) == 1:  # a property that may be left out, but is never null
            schema |= schema.pop("oneOf")[0]
        schema.pop("title", None)
        if description := PROPERTIES.get(f"{name}.{property}") or PROPERTIES.get(property):
            schema["description"] = description
    if name in EXAMPLES:
        described["examples"] = [EXAMPLES[name]]


def _describe_operation(key: str, place: str, operation: Document, tag: str) -> None:
    if name := OPERATIONS.get(key):
        operation["operationId"] = name
    operation["summary"] = summary_of(operation["operationId"])
    operation["tags"] = [tag]
    for parameter in operation.get("parameters", ()):
        description = PARAMETERS.get(f"{place}/{parameter['name']}") or PARAMETERS.get(parameter["name"])
        if description:
            parameter["description"] = description
    for status, response in operation["responses"].items():
        response["description"] = RESPONSES.get(status, response.get("description", ""))


def summary_of(name: str) -> str:
    """Returns an operation's name as words: `createBlob` becomes `Create blob`."""
    return " ".join(WORD.findall(name)).lower().capitalize()
