"""A bundle in which every schema keeps its place."""

from typing import Any
from urllib.parse import quote

from reyna.validation.bundling.document_set import (
    NAMING_KEYWORDS,
    REFERENCE_KEYWORDS,
    AmbiguousDynamicReference,
    DocumentSet,
)
from reyna.validation.bundling.schema_document import SchemaDocument, schema_error
from reyna.validation.keywords import POINTER_SAFE, Path, SchemaObject, metaschema, pointer


class FlatBundle:
    """A bundle in which every schema keeps its place, because every reference has one target."""

    def __init__(self, documents: DocumentSet) -> None:
        self._documents, self._dialect = documents, documents.dialect
        self.document = documents.document
        self._places: dict[int, Path] = {}
        self._pending: list[tuple[SchemaDocument, Path, SchemaObject]] = []
        # embedded ones first, because the walk of the outer document meets them too
        for document in reversed(documents.all):
            self._schedule(document, (), document.path)
        while self._pending:
            self._resolve_references(*self._pending.pop())
        for document in self._documents.registered.values():
            self._add_definition(document.path, document.json_schema)
        if documents.schema_keyword is not None:
            self.document["$schema"] = documents.schema_keyword

    def _schedule(self, document: SchemaDocument, start: Path, path: Path) -> None:
        """Schedules every schema from a path downward; `path` is its place in the bundle."""
        for at, schema in document.walk(start):
            if id(schema) not in self._places:
                self._places[id(schema)] = path + at[len(start) :]
                self._pending.append((document, at, schema))

    def _resolve_references(self, document: SchemaDocument, at: Path, schema: SchemaObject) -> None:
        """Replaces the references of one schema by pointers, and removes names that are no longer needed."""
        targets = []
        for keyword in REFERENCE_KEYWORDS:
            if keyword in schema:
                other, place = self._find_target(document, (*at, keyword), schema.pop(keyword))
                targets.append("#" + quote(pointer(self._bundled_path(other, place)), safe=POINTER_SAFE))
        if targets:
            schema["$ref"] = targets[0]
        if targets[1:]:
            schema["allOf"] = [*schema.get("allOf", ()), *({"$ref": target} for target in targets[1:])]
        for name in NAMING_KEYWORDS:
            schema.pop(name, None)
        self._documents.drop_unasserted_format(schema)

    def _bundled_path(self, document: SchemaDocument, place: Path) -> Path:
        """Returns the path in the bundle; a schema below an unknown keyword is added as a definition."""
        found = document.value_at(place)
        if not isinstance(found, dict):
            return document.path + place
        if id(found) not in self._places:
            if not metaschema(self._dialect).is_valid(found):
                raise schema_error(document.path + place, "is referred to as a schema, but is not one")
            path = (self._dialect.definitions, f"at:{pointer(document.path + place)}")
            self._schedule(document, place, path)
            self._add_definition(path, found)
        return self._places[id(found)]

    def _add_definition(self, path: Path, json_schema: Any) -> None:
        self.document.setdefault(path[0], {})[path[1]] = json_schema

    def _find_target(self, document: SchemaDocument, at: Path, ref: Any) -> tuple[SchemaDocument, Path]:
        """Returns the document and the path in it that a reference means."""
        other, place, fragment = self._documents.resolve(document, document.path + at, ref)
        if at[-1] != "$ref" and fragment in other.dynamic:
            return self._resolve_dynamic(other, place, fragment)
        return other, place

    def _resolve_dynamic(self, other: SchemaDocument, place: Path, anchor: str) -> tuple[SchemaDocument, Path]:
        """Returns the target of a dynamic reference: the outermost schema with the anchor, which is the author's if
        it has one."""
        if anchor in self._documents.own.dynamic:
            return self._documents.own, self._documents.own.anchors.get(anchor, ())
        if sum(anchor in document.dynamic for document in self._documents.all) > 1:
            raise AmbiguousDynamicReference
        return other, place
