"""The documents of a bundle: the author's, those embedded in it, and those that it may refer to."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urljoin

import msgspec

from reyna.domain.text.clusters import truncate
from reyna.validation.bundling.schema_document import SchemaDocument, schema_error
from reyna.validation.keywords import Path, SchemaObject, dialect_of, published_metaschemas, walk_schemas

REGISTERED: Final = "reyna:/schemas/"
ALLOWED_REFERENCES: Final = f"#… or {REGISTERED}<id>/<version>#…"
REFERENCE_KEYWORDS: Final = ("$ref", "$dynamicRef", "$recursiveRef")
NAMING_KEYWORDS: Final = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$schema")


class AmbiguousDynamicReference(Exception):
    """A dynamic reference has different targets, depending on the path that leads to it."""


class DocumentSet:
    """The author's document with its embedded resources, and the documents outside that it may refer to."""

    def __init__(self, json_schema: SchemaObject, references: Mapping[str, Any]) -> None:
        self.dialect = dialect_of(json_schema)
        self.document = _copy_json(json_schema)
        self.schema_keyword: str | None = json_schema.get("$schema")
        outside = [
            *sorted(references.items()),
            *_metaschemas_used_by(self.dialect.uri_prefix, json_schema, references),
        ]
        self.registered: dict[str, SchemaDocument] = {}
        for number, (uri, referenced) in enumerate(outside):
            path = (self.dialect.definitions, f"reyna:{number}")
            self.registered[uri] = SchemaDocument(uri, _copy_json(referenced), path, dialect_of(referenced), {})
        self.own = SchemaDocument("", self.document, (), self.dialect, {})
        tops = (self.own, *self.registered.values())
        self.all = list({id(one): one for top in tops for one in (top, *top.family.values())}.values())

    def resolve(self, document: SchemaDocument, at: Path, ref: Any) -> tuple[SchemaDocument, Path, str]:
        """Returns the document, the path in it, and the fragment that a reference means without dynamic scope; `at`
        is its path."""
        if not isinstance(ref, str):
            raise schema_error(at, "is not text", expected=ALLOWED_REFERENCES)
        uri, _, fragment = ref.partition("#")
        uri = urljoin(document.base, uri) if uri else document.base
        other = document.family.get(uri) or self.registered.get(uri)
        if other is None:
            raise schema_error(at, f"leads outside: {truncate(ref, 200)}", expected=ALLOWED_REFERENCES)
        if other.dialect is not document.dialect:
            raise schema_error(at, f"leads from {document.dialect.name} to {other.dialect.name}; both must be the same")
        place = other.resolve_fragment(unquote(fragment))
        if place is None:
            raise schema_error(at, f"leads nowhere: {truncate(ref, 200)}", expected=ALLOWED_REFERENCES)
        return other, place, fragment

    def drop_unasserted_format(self, schema: SchemaObject) -> None:
        """Removes a `format` that the dialect defines as an annotation."""
        type = schema.get("type", ())
        if not self.dialect.asserts_lone_format and "string" not in ((type,) if isinstance(type, str) else type):
            schema.pop("format", None)


def _metaschemas_used_by(uri_prefix: str, json_schema: Any, references: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Returns the metaschemas of a dialect when one of these schemas refers to one."""
    schemas = (schema for each in (json_schema, *references.values()) for _, schema in walk_schemas(each))
    if any(str(schema.get(keyword, "")).startswith(uri_prefix) for schema in schemas for keyword in REFERENCE_KEYWORDS):
        return sorted(published_metaschemas(dialect_of(json_schema)).items())
    return []


def _copy_json(json_schema: Any) -> Any:
    """Returns a copy in which no object occurs twice."""
    return msgspec.json.decode(msgspec.json.encode(json_schema))
