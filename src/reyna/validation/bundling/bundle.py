"""Bundles a schema and everything that it refers to into one document whose references are plain JSON Pointers."""

from collections.abc import Mapping
from typing import Any

from reyna.validation.bundling.document_set import REGISTERED, AmbiguousDynamicReference, DocumentSet
from reyna.validation.bundling.flat_bundle import FlatBundle
from reyna.validation.bundling.scoped_bundle import ScopedBundle
from reyna.validation.keywords import Path, walk_schemas


def registered_references(json_schema: Any) -> dict[str, Path]:
    """Returns the registered schemas that this one refers to (without fragment), each with the path of one
    reference."""
    return {
        uri: (*at, "$ref")
        for at, schema in walk_schemas(json_schema)
        if isinstance(ref := schema.get("$ref"), str) and (uri := ref.partition("#")[0]).startswith(REGISTERED)
    }


def bundle_schema(json_schema: Any, references: Mapping[str, Any]) -> Any:
    """Returns one document with the schema and everything that it refers to; every reference is a plain pointer.

    The engine then needs no other document, and no rule about base URIs or dynamic scope applies. `references`
    holds the registered schemas by URI. Raises Invalid, with the path, for a reference to anything else.
    """
    if not isinstance(json_schema, dict):
        return json_schema
    try:
        return FlatBundle(DocumentSet(json_schema, references)).document
    except AmbiguousDynamicReference:
        return ScopedBundle(DocumentSet(json_schema, references)).document
