"""A bundle with one copy of each schema for every dynamic scope."""

from typing import Any, Final
from urllib.parse import quote

from reyna.validation.bundling.document_set import NAMING_KEYWORDS, REFERENCE_KEYWORDS, DocumentSet
from reyna.validation.bundling.schema_document import SchemaDocument, schema_error
from reyna.validation.keywords import (
    POINTER_SAFE,
    SCHEMA_KEYWORDS,
    SCHEMA_LIST_KEYWORDS,
    SCHEMA_MAP_KEYWORDS,
    Path,
    SchemaObject,
    is_schema,
    metaschema,
    pointer,
)

MAX_SCHEMA_COPIES: Final = 10_000  # with one copy for each binding of dynamic references

Scope = tuple[tuple[str, int], ...]
"""Anchor -> the number of the outermost document entered so far that has it."""


class ScopedBundle:
    """A bundle with one copy of each schema for every dynamic scope in which it is used (JSON Schema 2020-12,
    section 7.1); in each copy a dynamic reference has one target."""

    def __init__(self, documents: DocumentSet) -> None:
        self._documents, self._dialect = documents, documents.dialect
        self._documents_by_schema = {id(each.json_schema): each for each in self._documents.all}
        self._documents_by_path = {each.path: each for each in self._documents.all}
        self._numbers = {id(each): number for number, each in enumerate(self._documents.all)}
        self._copy_count = 0
        self._copies: dict[tuple[int, Path, Scope], Path] = {}
        self._pending: list[tuple[SchemaDocument, Path, Scope]] = []
        scope = self._enter((), self._documents.own)
        self._copies[id(self._documents.own), (), scope] = ()
        self.document = self._copy_schema(self._documents.own, (), self._documents.own.json_schema, scope)
        copies: dict[str | int, Any] = {}
        while self._pending:
            document, place, scope = self._pending.pop()
            name = self._copies[id(document), place, scope][1]
            copies[name] = self._copy_schema(document, place, document.value_at(place), scope)
        self.document[self._dialect.definitions] = copies
        if documents.schema_keyword is not None:
            self.document["$schema"] = documents.schema_keyword

    def _enter(self, scope: Scope, document: SchemaDocument) -> Scope:
        """Returns the scope within a document: it adds the anchors that are not bound yet."""
        bound = dict(scope)
        for anchor in document.dynamic:
            bound.setdefault(anchor, self._numbers[id(document)])
        return tuple(sorted(bound.items()))

    def _copy_schema(self, document: SchemaDocument, at: Path, schema: Any, scope: Scope) -> Any:
        """Returns a copy of a schema whose references are plain pointers, without its definitions."""
        if not isinstance(schema, dict):
            return schema
        if at and (embedded := self._documents_by_schema.get(id(schema))) is not None:
            document, at, scope = embedded, (), self._enter(scope, embedded)
        self._copy_count += 1
        if self._copy_count > MAX_SCHEMA_COPIES:
            raise schema_error(document.path + at, "could lead to too many schemas, by way of dynamic references")
        copied: SchemaObject = {}
        for keyword, value in schema.items():
            if keyword in NAMING_KEYWORDS or keyword in REFERENCE_KEYWORDS or keyword in ("$defs", "definitions"):
                continue
            copied[keyword] = self._copy_value(document, (*at, keyword), keyword, value, scope)
        places = [
            self._schedule_copy(document, (*at, keyword), schema[keyword], scope)
            for keyword in REFERENCE_KEYWORDS
            if keyword in schema
        ]
        targets = [{"$ref": "#" + quote(pointer(place), safe=POINTER_SAFE)} for place in places]
        copied |= targets[0] if targets else {}
        if targets[1:]:
            copied["allOf"] = [*copied.get("allOf", ()), *targets[1:]]
        self._documents.drop_unasserted_format(copied)
        return copied

    def _copy_value(self, document: SchemaDocument, at: Path, keyword: str, value: Any, scope: Scope) -> Any:
        if keyword in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
            return {name: self._copy_schema(document, (*at, name), each, scope) for name, each in value.items()}
        if keyword in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            return [self._copy_schema(document, (*at, number), each, scope) for number, each in enumerate(value)]
        return (
            self._copy_schema(document, at, value, scope) if keyword in SCHEMA_KEYWORDS and is_schema(value) else value
        )

    def _schedule_copy(self, document: SchemaDocument, at: Path, ref: Any, scope: Scope) -> Path:
        """Returns the path of the copy of a reference's target in this scope, and schedules the copy."""
        other, place, anchor = self._documents.resolve(document, document.path + at, ref)
        if at[-1] != "$ref" and anchor in other.dynamic:
            other = self._documents.all[dict(scope).get(anchor, self._numbers[id(other)])]
            place = other.anchors.get(anchor, ())
        other, place = self._innermost_resource(other, place)
        scope = self._enter(scope, other)
        key = (id(other), place, scope)
        if key not in self._copies:
            if not metaschema(self._dialect).is_valid(other.value_at(place)):
                raise schema_error(other.path + place, "is referred to as a schema, but is not one")
            name = f"at:{pointer(other.path + place)}#{len(self._copies)}"
            self._copies[key] = (self._dialect.definitions, name)
            self._pending.append((other, place, scope))
        return self._copies[key]

    def _innermost_resource(self, document: SchemaDocument, place: Path) -> tuple[SchemaDocument, Path]:
        """Returns the same place relative to the resource that it belongs to; a pointer can lead into an embedded
        one."""
        whole = document.path + place
        ends = (length for length in range(len(whole), -1, -1) if whole[:length] in self._documents_by_path)
        length = next(ends)
        return self._documents_by_path[whole[:length]], whole[length:]
