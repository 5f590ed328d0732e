"""One schema document out of several: every reference answered inside, none left that leads out."""

from collections.abc import Mapping
from functools import reduce
from operator import getitem
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

import msgspec

from reyna.domain.errors import Invalid
from reyna.fit.keywords import Dialect, Object, Path, dialect_of, every, is_schema, pointer

REGISTERED: Final = "reyna:/schemas/"
REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
NAMES: Final = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")
OWN: Final = ""  # the author's own document among the documents
POINTER_SAFE: Final = "/!$&'()*+,;=:@~-._"


class Document:
    """One schema on its way into the flat one: where it goes, and what its places are called."""

    def __init__(self, uri: str, json_schema: Any, path: Path, dialect: Dialect) -> None:
        self.uri, self.path, self.dialect = uri, path, dialect
        self.json_schema = _copy(json_schema)
        self.anchors: dict[str, Path] = {}
        self.dynamic: set[str] = set()
        self.base = uri or self._named()
        for at, schema in every(self.json_schema):
            self._read_names(at, schema)

    def _named(self) -> str:
        name = self.json_schema.get("$id", self.json_schema.get("id")) if isinstance(self.json_schema, dict) else None
        return name.partition("#")[0] if isinstance(name, str) else ""

    def _read_names(self, at: Path, schema: Object) -> None:
        if at and "$schema" in schema:
            raise _refusal((*at, "$schema"), "stands at the top of a schema only")
        if schema.get("$recursiveAnchor") is True:
            self.dynamic.add("")
        id = schema.get("id" if self.dialect.name == "draft-04" else "$id")
        if isinstance(id, str) and id.startswith("#") and len(id) > 1:
            self._name(id[1:], at)
        elif isinstance(id, str) and at:
            raise _refusal((*at, "$id"), "renames a part of the schema; use an anchor, or register that part by itself")
        if isinstance(anchor := schema.get("$anchor"), str):
            self._name(anchor, at)
        if isinstance(anchor := schema.get("$dynamicAnchor"), str):
            self._name(anchor, at)
            self.dynamic.add(anchor)

    def _name(self, anchor: str, at: Path) -> None:
        if self.anchors.setdefault(anchor, at) != at:
            raise _refusal(at, f"is called #{anchor}, and so is {pointer(self.anchors[anchor]) or 'the whole schema'}")

    def place(self, fragment: str) -> Path | None:
        """Where a fragment points in this document; None when nothing is there."""
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


def registered_in(json_schema: Any) -> dict[str, Path]:
    """The registered schemas that this one refers to (without fragment), each with the place of one reference."""
    return {
        uri: (*at, "$ref")
        for at, schema in every(json_schema)
        if isinstance(ref := schema.get("$ref"), str) and (uri := ref.partition("#")[0]).startswith(REGISTERED)
    }


def flat(json_schema: Any, references: Mapping[str, Any]) -> Any:
    """The schema with what it refers to inside, and every reference a plain pointer: one document, no names.

    So compiling needs nothing else, and no rule about bases or dynamic scope can surprise. `references` holds the
    registered schemas by URI. Raises Invalid, with the path, for a reference that leads anywhere else.
    """
    dialect = dialect_of(json_schema)
    documents = {OWN: Document(OWN, json_schema, (), dialect)}
    for number, (uri, referenced) in enumerate(sorted(references.items())):
        documents[uri] = Document(uri, referenced, (dialect.definitions, f"reyna:{number}"), dialect_of(referenced))
    whole = documents[OWN].json_schema
    if not isinstance(whole, dict):
        return whole
    _answer(documents)
    for document in documents.values():
        if document.path:
            whole.setdefault(dialect.definitions, {})[document.path[-1]] = document.json_schema
    return whole


def _answer(documents: Mapping[str, Document]) -> None:
    """Make every reference a pointer into the flat document, and drop the names that are now needless."""
    waiting = [each for document in documents.values() for each in _walked(document, ())]
    known = {id(schema) for _, _, schema in waiting}
    while waiting:
        document, at, schema = waiting.pop()
        answers = []
        for keyword in REFERENCES:
            if keyword in schema:
                other, place = _target(document, (*at, keyword), schema.pop(keyword), documents)
                answers.append("#" + quote(pointer(other.path + place), safe=POINTER_SAFE))
                if id(other.found(place)) not in known:  # below a keyword that is none, where no walk came by
                    more = [each for each in _walked(other, place) if id(each[2]) not in known]
                    known.update(id(found) for _, _, found in more)
                    waiting += more
        _put(schema, answers)
        for name in (*NAMES, *(("$schema",) if document.uri else ())):
            schema.pop(name, None)


def _walked(document: Document, start: Path) -> list[tuple[Document, Path, Object]]:
    return [(document, start + path, schema) for path, schema in every(document.found(start))]


def _put(schema: Object, answers: list[str]) -> None:
    if answers:
        schema["$ref"] = answers[0]
    if answers[1:]:
        schema["allOf"] = [*schema.get("allOf", ()), *({"$ref": answer} for answer in answers[1:])]


def _target(document: Document, at: Path, ref: Any, documents: Mapping[str, Document]) -> tuple[Document, Path]:
    """The document, and the place in it, that a reference means."""
    if not isinstance(ref, str):
        raise _refusal(at, "is not text")
    uri, _, fragment = (ref if ref.startswith("#") else urljoin(document.base, ref)).partition("#")
    other = document if uri in ("", document.base) else documents.get(uri)
    if other is None:
        raise _refusal(at, f"leads outside: {ref[:200]}")
    if other.dialect is not document.dialect:
        raise _refusal(at, f"leads from {document.dialect.name} to {other.dialect.name}; both must be the same")
    place = other.place(unquote(fragment))
    if place is None:
        raise _refusal(at, f"leads nowhere: {ref[:200]}")
    if at[-1] != "$ref" and fragment in other.dynamic:
        return _outermost(other, place, fragment, at, documents)
    return other, place


def _outermost(
    other: Document, place: Path, anchor: str, at: Path, documents: Mapping[str, Document]
) -> tuple[Document, Path]:
    """A dynamic reference means the outermost schema that has the anchor; that is ours, where ours has it."""
    if anchor in documents[OWN].dynamic:
        return documents[OWN], documents[OWN].anchors.get(anchor, ())
    if sum(anchor in document.dynamic for document in documents.values()) > 1:
        raise _refusal(at, "could lead to several of the registered schemas; name the anchor in this one")
    return other, place


def _copy(json_schema: Any) -> Any:
    """A copy of our own to change, in which no part stands in two places."""
    return msgspec.json.decode(msgspec.json.encode(json_schema))


def _step(found: Any, token: str) -> str | int | None:
    if isinstance(found, dict):
        return token if token in found else None
    if isinstance(found, list) and token.isascii() and token.isdigit() and int(token) < len(found):
        return int(token)
    return None


def _refusal(at: Path, message: str) -> Invalid:
    return Invalid.at("/json_schema" + pointer(at), message, expected=f"#… or {REGISTERED}<id>/<version>#…")
