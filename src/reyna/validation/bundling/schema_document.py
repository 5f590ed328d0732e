"""A schema resource: a schema with a URI of its own, its anchors and its embedded resources."""

from collections.abc import Iterator
from functools import reduce
from operator import getitem
from typing import Any
from urllib.parse import urljoin

from reyna.domain.errors import Invalid
from reyna.domain.text.clusters import truncate
from reyna.validation.keywords import Dialect, Path, SchemaObject, dialect_of, direct_subschemas, is_schema, pointer


class SchemaDocument:
    """One schema resource: the author's, one embedded in it by `$id`, or a registered one.

    `path` is its place in the bundle; `family` holds every resource of the same author's document by URI.
    """

    def __init__(
        self, base: str, json_schema: Any, path: Path, dialect: Dialect, family: dict[str, "SchemaDocument"]
    ) -> None:
        self.json_schema, self.path, self.dialect, self.family = json_schema, path, dialect, family
        self.base = urljoin(base, _id_of(json_schema, dialect) or "")
        self.anchors: dict[str, Path] = {}
        self.dynamic: set[str] = set()
        if family.setdefault(self.base, self) is not self:
            raise schema_error(path, f"has the same name as another part: {truncate(self.base, 200)}")
        for at, schema in self.walk(()):
            if at and _id_of(schema, dialect):
                SchemaDocument(self.base, schema, path + at, dialect, family)
            else:
                self._read_anchors(at, schema)

    def _read_anchors(self, at: Path, schema: SchemaObject) -> None:
        if "$schema" in schema and dialect_of(schema) is not self.dialect:
            raise schema_error((*self.path, *at, "$schema"), "changes the dialect within the schema")
        if schema.get("$recursiveAnchor") is True:
            self.dynamic.add("")
        id = schema.get("id" if self.dialect.name == "draft-04" else "$id")
        if isinstance(id, str) and id.startswith("#") and len(id) > 1:
            self._add_anchor(id[1:], at)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(anchor := schema.get(keyword), str):
                self._add_anchor(anchor, at)
        if isinstance(anchor := schema.get("$dynamicAnchor"), str):
            self.dynamic.add(anchor)

    def _add_anchor(self, anchor: str, at: Path) -> None:
        if self.anchors.setdefault(anchor, at) != at:
            other = pointer(self.path + self.anchors[anchor]) or "the whole schema"
            raise schema_error(self.path + at, f"is called #{anchor}, and so is {other}")

    def walk(self, start: Path) -> Iterator[tuple[Path, SchemaObject]]:
        """Yields every schema from a path downward; an embedded resource is yielded, but not entered."""
        stack: list[tuple[Path, Any]] = [(start, self.value_at(start))]
        while stack:
            at, schema = stack.pop()
            if isinstance(schema, dict):
                yield at, schema
                if at == start or not _id_of(schema, self.dialect):
                    stack.extend((at + step, child) for step, child in direct_subschemas(schema))

    def resolve_fragment(self, fragment: str) -> Path | None:
        """Returns the path that a fragment points to, or None when there is no schema."""
        if fragment and not fragment.startswith("/"):
            return self.anchors.get(fragment)
        found: Any = self.json_schema
        path: Path = ()
        for token in fragment.split("/")[1:]:
            step = _step_into(found, token.replace("~1", "/").replace("~0", "~"))
            if step is None:
                return None
            found, path = found[step], (*path, step)
        return path if is_schema(found) else None

    def value_at(self, place: Path) -> Any:
        """Returns the value at a path."""
        return reduce(getitem, place, self.json_schema)


def schema_error(at: Path, message: str, *, expected: str | None = None) -> Invalid:
    return Invalid.at("/json_schema" + pointer(at), message, expected=expected)


def _id_of(schema: Any, dialect: Dialect) -> str | None:
    """Returns the URI that makes a schema a resource of its own, without fragment, or None."""
    if not isinstance(schema, dict) or (dialect.ignores_ref_siblings and "$ref" in schema):
        return None
    id = schema.get("id" if dialect.name == "draft-04" else "$id")
    return id.partition("#")[0] or None if isinstance(id, str) else None


def _step_into(found: Any, token: str) -> str | int | None:
    if isinstance(found, dict):
        return token if token in found else None
    if isinstance(found, list) and token.isascii() and token.isdigit() and int(token) < len(found):
        return int(token)
    return None
