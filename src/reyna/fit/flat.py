"""One schema document out of several: every reference answered inside, none left that leads out."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

import msgspec

from reyna.fit.document import Document, refusal
from reyna.fit.keywords import LISTS, MAPS, ONE, Object, Path, dialect_of, every, is_schema, metaschema, pointer
from reyna.fit.keywords import metaschemas as published

REGISTERED: Final = "reyna:/schemas/"
ALLOWED: Final = f"#… or {REGISTERED}<id>/<version>#…"
MOST_COPIES: Final = 10_000  # of schemas, where each is copied for every way that dynamic references can be bound
REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
NAMES: Final = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$schema")
POINTER_SAFE: Final = "/!$&'()*+,;=:@~-._"


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
    if not isinstance(json_schema, dict):
        return json_schema
    try:
        return _Flat(json_schema, references).document
    except _Several:
        return _Scoped(json_schema, references).document


class _Several(Exception):
    """A dynamic reference means one schema here and another there, as it is come to."""


class _Documents:
    """The author's document with all that is embedded in it, and what it may refer to outside."""

    def __init__(self, json_schema: Object, references: Mapping[str, Any]) -> None:
        self._dialect = dialect_of(json_schema)
        self.document = _copy(json_schema)
        outside = [*sorted(references.items()), *_published(self._dialect.folder, json_schema, references)]
        self._registered: dict[str, Document] = {}
        for number, (uri, referenced) in enumerate(outside):
            path = (self._dialect.definitions, f"reyna:{number}")
            self._registered[uri] = Document(uri, _copy(referenced), path, dialect_of(referenced), {})
        self._own = Document("", self.document, (), self._dialect, {})
        tops = (self._own, *self._registered.values())
        self._all = list({id(one): one for top in tops for one in (top, *top.family.values())}.values())

    def _static(self, document: Document, at: Path, ref: Any) -> tuple[Document, Path, str]:
        """The document, the place in it, and the fragment, that a reference means by itself; `at` is where it is."""
        if not isinstance(ref, str):
            raise refusal(at, "is not text", expected=ALLOWED)
        uri, _, fragment = ref.partition("#")
        uri = urljoin(document.base, uri) if uri else document.base
        other = document.family.get(uri) or self._registered.get(uri)
        if other is None:
            raise refusal(at, f"leads outside: {ref[:200]}", expected=ALLOWED)
        if other.dialect is not document.dialect:
            raise refusal(at, f"leads from {document.dialect.name} to {other.dialect.name}; both must be the same")
        place = other.place(unquote(fragment))
        if place is None:
            raise refusal(at, f"leads nowhere: {ref[:200]}", expected=ALLOWED)
        return other, place, fragment

    def _asserted(self, schema: Object) -> None:
        """Leave out a `format` that the dialect has as an annotation."""
        type = schema.get("type", ())
        if not self._dialect.lone_formats and "string" not in ((type,) if isinstance(type, str) else type):
            schema.pop("format", None)


class _Flat(_Documents):
    """Every schema stays where it is: each reference means one place, whichever way it is come to."""

    def __init__(self, json_schema: Object, references: Mapping[str, Any]) -> None:
        super().__init__(json_schema, references)
        self._places: dict[int, Path] = {}
        self._waiting: list[tuple[Document, Path, Object]] = []
        for document in reversed(self._all):  # the embedded first, for they are met on the walk of what embeds them
            self._expect(document, (), document.path)
        while self._waiting:
            self._answer(*self._waiting.pop())
        for document in self._registered.values():
            self._define(document.path, document.json_schema)
        if "$schema" in json_schema:
            self.document["$schema"] = json_schema["$schema"]

    def _expect(self, document: Document, start: Path, path: Path) -> None:
        """Have every schema from a place downward answered; in the flat document that place is at `path`."""
        for at, schema in document.walked(start):
            if id(schema) not in self._places:
                self._places[id(schema)] = path + at[len(start) :]
                self._waiting.append((document, at, schema))

    def _answer(self, document: Document, at: Path, schema: Object) -> None:
        """Make the references of one schema pointers, and drop the names that are now needless."""
        answers = []
        for keyword in REFERENCES:
            if keyword in schema:
                other, place = self._target(document, (*at, keyword), schema.pop(keyword))
                answers.append("#" + quote(pointer(self._place(other, place)), safe=POINTER_SAFE))
        if answers:
            schema["$ref"] = answers[0]
        if answers[1:]:
            schema["allOf"] = [*schema.get("allOf", ()), *({"$ref": answer} for answer in answers[1:])]
        for name in NAMES:
            schema.pop(name, None)
        self._asserted(schema)

    def _place(self, document: Document, place: Path) -> Path:
        """Where that is in the flat document; what lies below a keyword that is none is brought to light."""
        found = document.found(place)
        if not isinstance(found, dict):
            return document.path + place
        if id(found) not in self._places:
            if not metaschema(self._dialect).is_valid(found):
                raise refusal(document.path + place, "is referred to as a schema, and is none")
            path = (self._dialect.definitions, f"at:{pointer(document.path + place)}")
            self._expect(document, place, path)
            self._define(path, found)
        return self._places[id(found)]

    def _define(self, path: Path, json_schema: Any) -> None:
        self.document.setdefault(path[0], {})[path[1]] = json_schema

    def _target(self, document: Document, at: Path, ref: Any) -> tuple[Document, Path]:
        """The document, and the place in it, that a reference means."""
        other, place, fragment = self._static(document, document.path + at, ref)
        if at[-1] != "$ref" and fragment in other.dynamic:
            return self._outermost(other, place, fragment)
        return other, place

    def _outermost(self, other: Document, place: Path, anchor: str) -> tuple[Document, Path]:
        """A dynamic reference means the outermost schema that has the anchor; that is ours, where ours has it."""
        if anchor in self._own.dynamic:
            return self._own, self._own.anchors.get(anchor, ())
        if sum(anchor in document.dynamic for document in self._all) > 1:
            raise _Several
        return other, place


Scope = tuple[tuple[str, int], ...]
"""Anchor -> the number of the outermost document entered so far that has it."""


class _Scoped(_Documents):
    """Every schema that is referred to is copied, once for each scope in which it is come to (JSON Schema 2020-12,
    section 7.1): in each copy a dynamic reference means one place."""

    def __init__(self, json_schema: Object, references: Mapping[str, Any]) -> None:
        super().__init__(json_schema, references)
        self._roots = {id(each.json_schema): each for each in self._all}
        self._homes = {each.path: each for each in self._all}
        self._numbers = {id(each): number for number, each in enumerate(self._all)}
        self._made = 0
        self._copies: dict[tuple[int, Path, Scope], Path] = {}
        self._waiting: list[tuple[Document, Path, Scope]] = []
        scope = self._entered((), self._own)
        self._copies[id(self._own), (), scope] = ()
        self.document = self._emitted(self._own, (), self._own.json_schema, scope)
        copies: dict[str | int, Any] = {}
        while self._waiting:
            document, place, scope = self._waiting.pop()
            name = self._copies[id(document), place, scope][1]
            copies[name] = self._emitted(document, place, document.found(place), scope)
        self.document[self._dialect.definitions] = copies
        if "$schema" in json_schema:
            self.document["$schema"] = json_schema["$schema"]

    def _entered(self, scope: Scope, document: Document) -> Scope:
        """The scope within a document: it binds those of its anchors that are not bound yet."""
        bound = dict(scope)
        for anchor in document.dynamic:
            bound.setdefault(anchor, self._numbers[id(document)])
        return tuple(sorted(bound.items()))

    def _emitted(self, document: Document, at: Path, schema: Any, scope: Scope) -> Any:
        """A copy of a schema whose references are plain pointers; what is only there to be referred to is left out."""
        if not isinstance(schema, dict):
            return schema
        if at and (embedded := self._roots.get(id(schema))) is not None:
            document, at, scope = embedded, (), self._entered(scope, embedded)
        self._made += 1
        if self._made > MOST_COPIES:
            raise refusal(document.path + at, "could lead to too many schemas, by way of dynamic references")
        made: Object = {}
        for keyword, value in schema.items():
            if keyword in NAMES or keyword in REFERENCES or keyword in ("$defs", "definitions"):
                continue
            made[keyword] = self._emitted_below(document, (*at, keyword), keyword, value, scope)
        places = [
            self._copied(document, (*at, keyword), schema[keyword], scope)
            for keyword in REFERENCES
            if keyword in schema
        ]
        answers = [{"$ref": "#" + quote(pointer(place), safe=POINTER_SAFE)} for place in places]
        made |= answers[0] if answers else {}
        if answers[1:]:
            made["allOf"] = [*made.get("allOf", ()), *answers[1:]]
        self._asserted(made)
        return made

    def _emitted_below(self, document: Document, at: Path, keyword: str, value: Any, scope: Scope) -> Any:
        if keyword in MAPS and isinstance(value, dict):
            return {name: self._emitted(document, (*at, name), each, scope) for name, each in value.items()}
        if keyword in LISTS and isinstance(value, list):
            return [self._emitted(document, (*at, number), each, scope) for number, each in enumerate(value)]
        return self._emitted(document, at, value, scope) if keyword in ONE and is_schema(value) else value

    def _copied(self, document: Document, at: Path, ref: Any, scope: Scope) -> Path:
        """Where the copy is, or will be, of what a reference means in this scope."""
        other, place, anchor = self._static(document, document.path + at, ref)
        if at[-1] != "$ref" and anchor in other.dynamic:
            other = self._all[dict(scope).get(anchor, self._numbers[id(other)])]
            place = other.anchors.get(anchor, ())
        other, place = self._innermost(other, place)
        scope = self._entered(scope, other)
        key = (id(other), place, scope)
        if key not in self._copies:
            if not metaschema(self._dialect).is_valid(other.found(place)):
                raise refusal(other.path + place, "is referred to as a schema, and is none")
            name = f"at:{pointer(other.path + place)}#{len(self._copies)}"
            self._copies[key] = (self._dialect.definitions, name)
            self._waiting.append((other, place, scope))
        return self._copies[key]

    def _innermost(self, document: Document, place: Path) -> tuple[Document, Path]:
        """The same place as seen from the document that it belongs to; a pointer may lead into an embedded one."""
        whole = document.path + place
        ends = (length for length in range(len(whole), -1, -1) if whole[:length] in self._homes)
        length = next(ends)
        return self._homes[whole[:length]], whole[length:]


def _published(folder: str, json_schema: Any, references: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The schemas of schemas, where any of these refers to one of them."""
    schemas = (schema for each in (json_schema, *references.values()) for _, schema in every(each))
    if any(str(schema.get(keyword, "")).startswith(folder) for schema in schemas for keyword in REFERENCES):
        return sorted(published(dialect_of(json_schema)).items())
    return []


def _copy(json_schema: Any) -> Any:
    """A copy of our own to change, in which no part stands in two places."""
    return msgspec.json.decode(msgspec.json.encode(json_schema))
