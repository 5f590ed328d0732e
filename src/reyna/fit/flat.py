"""One schema document out of several: every reference answered inside, none left that leads out."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

import msgspec

from reyna.fit.document import Document, refusal
from reyna.fit.keywords import Object, Path, dialect_of, every, metaschema, pointer

REGISTERED: Final = "reyna:/schemas/"
ALLOWED: Final = f"#… or {REGISTERED}<id>/<version>#…"
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
    return _Flat(json_schema, references).document


class _Flat:
    def __init__(self, json_schema: Object, references: Mapping[str, Any]) -> None:
        self._dialect = dialect_of(json_schema)
        self.document = _copy(json_schema)
        self._registered: dict[str, Document] = {}
        for number, (uri, referenced) in enumerate(sorted(references.items())):
            path = (self._dialect.definitions, f"reyna:{number}")
            self._registered[uri] = Document(uri, _copy(referenced), path, dialect_of(referenced), {})
        self._own = Document("", self.document, (), self._dialect, {})
        tops = (self._own, *self._registered.values())
        self._all = list({id(one): one for top in tops for one in (top, *top.family.values())}.values())
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
        at = document.path + at
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
        if at[-1] != "$ref" and fragment in other.dynamic:
            return self._outermost(other, place, fragment, at)
        return other, place

    def _outermost(self, other: Document, place: Path, anchor: str, at: Path) -> tuple[Document, Path]:
        """A dynamic reference means the outermost schema that has the anchor; that is ours, where ours has it."""
        if anchor in self._own.dynamic:
            return self._own, self._own.anchors.get(anchor, ())
        if sum(anchor in document.dynamic for document in self._all) > 1:
            raise refusal(at, "could lead to several schemas; give the anchor to the whole schema too")
        return other, place


def _copy(json_schema: Any) -> Any:
    """A copy of our own to change, in which no part stands in two places."""
    return msgspec.json.decode(msgspec.json.encode(json_schema))
