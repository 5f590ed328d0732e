"""A schema with a name of its own, and what its places are called."""

from collections.abc import Iterator
from functools import reduce
from operator import getitem
from typing import Any
from urllib.parse import urljoin

from reyna.domain.errors import Invalid
from reyna.fit.keywords import Dialect, Object, Path, children, dialect_of, is_schema, pointer


class Document:
    """One schema resource: the author's, one embedded in it by `$id`, or a registered one.

    `path` is its place in the flat document, `family` holds every resource of the same author's document by URI.
    """

    def __init__(
        self, base: str, json_schema: Any, path: Path, dialect: Dialect, family: dict[str, "Document"]
    ) -> None:
        self.json_schema, self.path, self.dialect, self.family = json_schema, path, dialect, family
        self.base = urljoin(base, _id_of(json_schema, dialect) or "")
        self.anchors: dict[str, Path] = {}
        self.dynamic: set[str] = set()
        if family.setdefault(self.base, self) is not self:
            raise refusal(path, f"has the same name as another part: {self.base[:200]}")
        for at, schema in self.walked(()):
            if at and _id_of(schema, dialect):
                Document(self.base, schema, path + at, dialect, family)
            else:
                self._read_names(at, schema)

    def _read_names(self, at: Path, schema: Object) -> None:
        if "$schema" in schema and dialect_of(schema) is not self.dialect:
            raise refusal((*self.path, *at, "$schema"), "changes the dialect within the schema")
        if schema.get("$recursiveAnchor") is True:
            self.dynamic.add("")
        id = schema.get("id" if self.dialect.name == "draft-04" else "$id")
        if isinstance(id, str) and id.startswith("#") and len(id) > 1:
            self._name(id[1:], at)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(anchor := schema.get(keyword), str):
                self._name(anchor, at)
        if isinstance(anchor := schema.get("$dynamicAnchor"), str):
            self.dynamic.add(anchor)

    def _name(self, anchor: str, at: Path) -> None:
        if self.anchors.setdefault(anchor, at) != at:
            other = pointer(self.path + self.anchors[anchor]) or "the whole schema"
            raise refusal(self.path + at, f"is called #{anchor}, and so is {other}")

    def walked(self, start: Path) -> Iterator[tuple[Path, Object]]:
        """Every schema from a place downward; an embedded resource is met, but not entered."""
        stack: list[tuple[Path, Any]] = [(start, self.found(start))]
        while stack:
            at, schema = stack.pop()
            if isinstance(schema, dict):
                yield at, schema
                if at == start or not _id_of(schema, self.dialect):
                    stack.extend((at + step, child) for step, child in children(schema))

    def place(self, fragment: str) -> Path | None:
        """Where a fragment points in this document; None when no schema is there."""
        if fragment and not fragment.startswith("/"):
            return self.anchors.get(fragment)
        found: Any = self.json_schema
        path: Path = ()
        for token in fragment.split("/")[1:]:
            step = _step(found, token.replace("~1", "/").replace("~0", "~"))
            if step is None:
                return None
            found, path = found[step], (*path, step)
        return path if is_schema(found) else None

    def found(self, place: Path) -> Any:
        """What stands at a place."""
        return reduce(getitem, place, self.json_schema)


def refusal(at: Path, message: str, *, expected: str | None = None) -> Invalid:
    return Invalid.at("/json_schema" + pointer(at), message, expected=expected)


def _id_of(schema: Any, dialect: Dialect) -> str | None:
    """The name that makes a schema a resource of its own, without fragment; None when it has none."""
    if not isinstance(schema, dict) or (dialect.lone_references and "$ref" in schema):
        return None
    id = schema.get("id" if dialect.name == "draft-04" else "$id")
    return id.partition("#")[0] or None if isinstance(id, str) else None


def _step(found: Any, token: str) -> str | int | None:
    if isinstance(found, dict):
        return token if token in found else None
    if isinstance(found, list) and token.isascii() and token.isdigit() and int(token) < len(found):
        return int(token)
    return None
