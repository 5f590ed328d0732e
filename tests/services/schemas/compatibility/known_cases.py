"""Well-known kinds of change, each with its effect on readers of old and of new documents."""

from typing import Any, Final, NamedTuple

OPEN: Final[dict[str, Any]] = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED: Final[dict[str, Any]] = OPEN | {"additionalProperties": False}
PARTLY: Final[dict[str, Any]] = OPEN | {"additionalProperties": {"type": "string"}}
BY_NAME: Final[dict[str, Any]] = CLOSED | {"patternProperties": {"^x-": {"type": "string"}}}
DRAFT_07: Final = "http://json-schema.org/draft-07/schema#"
DRAFT_04: Final = "http://json-schema.org/draft-04/schema#"


class Case(NamedTuple):
    """What changes, from what to what, and whether each direction holds."""

    says: str
    old: Any
    new: Any
    backward: bool
    forward: bool


def with_b(model: dict[str, Any], b: Any, **more: Any) -> dict[str, Any]:
    """The model with a property b."""
    return model | {"properties": model["properties"] | {"b": b}} | more


def text(**said: Any) -> dict[str, Any]:
    return {"type": "string"} | said


def number(**said: Any) -> dict[str, Any]:
    return {"type": "number"} | said


def array(**said: Any) -> dict[str, Any]:
    return {"type": "array"} | said


STRING: Final = text()
INTEGER: Final = {"type": "integer"}
CAT: Final = {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": INTEGER}, "required": ["kind"]}
DOG: Final = {
    "type": "object",
    "properties": {"kind": {"const": "dog"}, "loud": {"type": "boolean"}},
    "required": ["kind"],
}
BIRD: Final = {"type": "object", "properties": {"kind": {"const": "bird"}}, "required": ["kind"]}
TREE: Final[dict[str, Any]] = {"type": "object", "properties": {"name": STRING, "children": {"items": {"$ref": "#"}}}}
SHORT: Final = {"maxLength": 5}
IF: Final = {"if": {"required": ["a"]}, "then": {"required": ["b"]}}

CASES: Final[dict[str, list[Case]]] = {
    "Properties of an open model": [
        Case("an optional property is added", OPEN, with_b(OPEN, INTEGER), False, True),
        Case("an optional property that may be anything is added", OPEN, with_b(OPEN, True), True, True),
        Case("a required property is added", OPEN, with_b(OPEN, INTEGER, required=["b"]), False, True),
        Case("a property with a default is added", OPEN, with_b(OPEN, INTEGER | {"default": 1}), False, True),
        Case("an optional property is removed", with_b(OPEN, INTEGER), OPEN, True, False),
        Case("a required property is removed", with_b(OPEN, INTEGER, required=["b"]), OPEN, True, False),
        Case("the type of a property changes", with_b(OPEN, INTEGER), with_b(OPEN, STRING), False, False),
        Case("the type of a property is widened", with_b(OPEN, INTEGER), with_b(OPEN, number()), True, False),
        Case("an optional property becomes required", OPEN, OPEN | {"required": ["a"]}, False, True),
        Case("a required property becomes optional", OPEN | {"required": ["a"]}, OPEN, True, False),
        Case("a default changes", with_b(OPEN, {"default": 1}), with_b(OPEN, {"default": 2}), True, True),
        Case("the model is closed", OPEN, CLOSED, False, True),
        Case("the model is partly closed", OPEN, PARTLY, False, True),
    ],
    "Properties of a closed model": [
        Case("an optional property is added", CLOSED, with_b(CLOSED, INTEGER), True, False),
        Case("a required property is added", CLOSED, with_b(CLOSED, INTEGER, required=["b"]), False, False),
        Case("an optional property is removed", with_b(CLOSED, INTEGER), CLOSED, False, True),
        Case("a required property is removed", with_b(CLOSED, INTEGER, required=["b"]), CLOSED, False, False),
        Case("a property is renamed", CLOSED, {**CLOSED, "properties": {"c": STRING}}, False, False),
        Case("the model is opened", CLOSED, OPEN, True, False),
        Case("the model is partly opened", CLOSED, PARTLY, True, False),
        Case("a property that nothing fits is added", CLOSED, with_b(CLOSED, False), True, True),
    ],
    "Properties of a partly open model": [
        Case("an added property fits what was allowed", PARTLY, with_b(PARTLY, STRING), True, True),
        Case("an added property does not fit what was allowed", PARTLY, with_b(PARTLY, INTEGER), False, False),
        Case("an added property allows more", PARTLY, with_b(PARTLY, {"type": ["string", "null"]}), True, False),
        Case("an added property is required", PARTLY, with_b(PARTLY, STRING, required=["b"]), False, True),
        Case("a removed property is still allowed", with_b(PARTLY, STRING), PARTLY, True, True),
        Case("a removed property is no longer allowed", with_b(PARTLY, INTEGER), PARTLY, False, False),
        Case("other properties get another type", PARTLY, OPEN | {"additionalProperties": INTEGER}, False, False),
        Case("other properties get a wider type", PARTLY, OPEN | {"additionalProperties": True}, True, False),
    ],
    "Names of properties": [
        Case("a pattern is added to an open model", OPEN, OPEN | {"patternProperties": {"^x-": STRING}}, False, True),
        Case("a pattern is added to a closed model", CLOSED, BY_NAME, True, False),
        Case("a pattern is removed from a closed model", BY_NAME, CLOSED, False, True),
        Case(
            "a property that the pattern covers is added",
            BY_NAME,
            with_b(BY_NAME, STRING) | {"properties": {"a": STRING, "x-b": STRING}},
            True,
            True,
        ),
        Case(
            "what a pattern leads to is narrowed",
            BY_NAME,
            BY_NAME | {"patternProperties": {"^x-": text(maxLength=3)}},
            False,
            True,
        ),
        Case("the pattern itself changes", BY_NAME, BY_NAME | {"patternProperties": {"^y-": STRING}}, False, False),
        Case("names are restricted", OPEN, OPEN | {"propertyNames": {"maxLength": 3}}, False, True),
        Case(
            "the restriction of names is loosened",
            OPEN | {"propertyNames": {"maxLength": 3}},
            OPEN | {"propertyNames": {"maxLength": 4}},
            True,
            False,
        ),
        Case(
            "a closed model gets a restriction that its names meet",
            CLOSED,
            CLOSED | {"propertyNames": {"pattern": "^[a-z]$"}},
            True,
            True,
        ),
        Case(
            "a pattern that every name matches says what additionalProperties said",
            {"type": "object", "additionalProperties": STRING},
            {"type": "object", "patternProperties": {".*": STRING}, "additionalProperties": False},
            True,
            True,
        ),
        Case("names become a list", OPEN, OPEN | {"propertyNames": {"enum": ["a", "b"]}}, False, True),
    ],
    "How many properties, and which together": [
        Case(
            "minProperties is raised",
            {"type": "object", "minProperties": 1},
            {"type": "object", "minProperties": 2},
            False,
            True,
        ),
        Case(
            "maxProperties is raised",
            {"type": "object", "maxProperties": 1},
            {"type": "object", "maxProperties": 2},
            True,
            False,
        ),
        Case("a limit that a closed model keeps is added", CLOSED, CLOSED | {"maxProperties": 1}, True, True),
        Case("dependentRequired is added", OPEN, OPEN | {"dependentRequired": {"a": ["b"]}}, False, True),
        Case("dependentRequired is removed", OPEN | {"dependentRequired": {"a": ["b"]}}, OPEN, True, False),
        Case(
            "dependentRequired asks what is required anyway",
            OPEN | {"required": ["b"]},
            OPEN | {"required": ["b"], "dependentRequired": {"a": ["b"]}},
            True,
            True,
        ),
        Case("dependentSchemas is added", OPEN, OPEN | {"dependentSchemas": {"a": {"required": ["b"]}}}, False, True),
        Case(
            "dependentSchemas is loosened",
            OPEN | {"dependentSchemas": {"a": {"required": ["b", "c"]}}},
            OPEN | {"dependentSchemas": {"a": {"required": ["b"]}}},
            True,
            False,
        ),
        Case("unevaluatedProperties closes the model", OPEN, OPEN | {"unevaluatedProperties": False}, False, True),
        Case(
            "unevaluatedProperties says what additionalProperties said",
            CLOSED,
            OPEN | {"unevaluatedProperties": False},
            True,
            True,
        ),
        Case(
            "a property is added beside unevaluatedProperties",
            {"allOf": [OPEN], "unevaluatedProperties": False},
            {"allOf": [with_b(OPEN, STRING)], "unevaluatedProperties": False},
            True,
            False,
        ),
    ],
    "Types": [
        Case("integer becomes number", INTEGER, number(), True, False),
        Case("number becomes integer", number(), INTEGER, False, True),
        Case("a type is added", STRING, {"type": ["string", "null"]}, True, False),
        Case("a type is removed", {"type": ["string", "null"]}, STRING, False, True),
        Case("types change their order", {"type": ["null", "string"]}, {"type": ["string", "null"]}, True, True),
        Case("the type changes", STRING, INTEGER, False, False),
        Case("a type is asked for where none was", True, STRING, False, True),
        Case("a type is asked for that all values have", {"enum": ["a", "b"]}, text(enum=["a", "b"]), True, True),
        Case(
            "a list of types becomes anyOf", {"type": ["string", "integer"]}, {"anyOf": [STRING, INTEGER]}, True, True
        ),
    ],
    "Values": [
        Case("a value is added", {"enum": ["a"]}, {"enum": ["a", "b"]}, True, False),
        Case("a value is removed", {"enum": ["a", "b"]}, {"enum": ["a"]}, False, True),
        Case("values change their order", {"enum": ["a", "b"]}, {"enum": ["b", "a"]}, True, True),
        Case("a list of values is added", STRING, text(enum=["a"]), False, True),
        Case("const changes", {"const": 1}, {"const": 2}, False, False),
        Case("const becomes enum", {"const": 1}, {"enum": [1, 2]}, True, False),
        Case("const is written as enum", {"const": 1}, {"enum": [1.0]}, True, True),
        Case("true is not 1", {"const": True}, {"const": 1}, False, False),
        Case("booleans become their two values", {"type": "boolean"}, {"enum": [True, False]}, True, True),
        Case("values become limits that hold them", {"enum": [1, 2]}, number(minimum=1, maximum=2), True, False),
    ],
    "Numbers": [
        Case("minimum is raised", number(minimum=1), number(minimum=2), False, True),
        Case("minimum is lowered", number(minimum=2), number(minimum=1), True, False),
        Case("maximum is raised", number(maximum=1), number(maximum=2), True, False),
        Case("maximum is lowered", number(maximum=2), number(maximum=1), False, True),
        Case("maximum becomes exclusive", number(maximum=2), number(exclusiveMaximum=2), False, True),
        Case(
            "an exclusive limit of integers is written as an inclusive one",
            INTEGER | {"exclusiveMinimum": 0},
            INTEGER | {"minimum": 1},
            True,
            True,
        ),
        Case("the same for numbers", number(exclusiveMinimum=0), number(minimum=1), False, True),
        Case("multipleOf is divided", number(multipleOf=4), number(multipleOf=2), True, False),
        Case("multipleOf is multiplied", number(multipleOf=2), number(multipleOf=4), False, True),
        Case("multipleOf changes", number(multipleOf=2), number(multipleOf=3), False, False),
        Case("integer is written as multipleOf 1", INTEGER, number(multipleOf=1), True, True),
        Case("a limit is put on what is no number", STRING, text(minimum=3), True, True),
    ],
    "Text": [
        Case("minLength is raised", text(minLength=1), text(minLength=2), False, True),
        Case("maxLength is raised", text(maxLength=1), text(maxLength=2), True, False),
        Case("maxLength is added", STRING, text(maxLength=100), False, True),
        Case("maxLength is removed", text(maxLength=100), STRING, True, False),
        Case("a pattern is added", STRING, text(pattern="^a"), False, True),
        Case("a pattern is removed", text(pattern="^a"), STRING, True, False),
        Case("a pattern changes", text(pattern="^a"), text(pattern="^b"), False, False),
        Case("a pattern is widened, which is not decided", text(pattern="^ab"), text(pattern="^a"), False, False),
        Case("a pattern is added that every text matches", STRING, text(pattern="[a-z]*"), True, True),
        Case(
            "a pattern is added that all values match",
            {"enum": ["ab", "ac"]},
            {"enum": ["ab", "ac"], "pattern": "^a"},
            True,
            True,
        ),
        Case("a format is added", STRING, text(format="date"), False, True),
        Case("a format is removed", text(format="date"), STRING, True, False),
        Case("a format changes", text(format="date"), text(format="email"), False, False),
        Case("a format that is only an annotation changes", text(format="colour"), text(format="paint"), True, True),
    ],
    "Arrays": [
        Case("minItems is raised", array(minItems=1), array(minItems=2), False, True),
        Case("maxItems is raised", array(maxItems=1), array(maxItems=2), True, False),
        Case("uniqueItems is added", array(), array(uniqueItems=True), False, True),
        Case("uniqueItems is removed", array(uniqueItems=True), array(), True, False),
        Case(
            "uniqueItems is added where there is one item",
            array(maxItems=1),
            array(maxItems=1, uniqueItems=True),
            True,
            True,
        ),
        Case("the items are narrowed", array(items=number()), array(items=INTEGER), False, True),
        Case("the items are widened", array(items=INTEGER), array(items=number()), True, False),
        Case(
            "a place of an open tuple is described",
            array(prefixItems=[STRING]),
            array(prefixItems=[STRING, INTEGER]),
            False,
            True,
        ),
        Case(
            "a place is added to a closed tuple",
            array(prefixItems=[STRING], items=False),
            array(prefixItems=[STRING, INTEGER], items=False),
            True,
            False,
        ),
        Case("a list becomes an open tuple", array(items=INTEGER), array(prefixItems=[INTEGER]), True, False),
        Case("a tuple is closed", array(prefixItems=[STRING]), array(prefixItems=[STRING], items=False), False, True),
        Case("a place of a tuple changes", array(prefixItems=[STRING]), array(prefixItems=[INTEGER]), False, False),
        Case("contains is added", array(), array(contains=STRING), False, True),
        Case("contains is loosened", array(contains=INTEGER), array(contains=number()), True, False),
        Case(
            "contains asks what every item is",
            array(items=STRING, minItems=1),
            array(items=STRING, minItems=1, contains=STRING),
            True,
            True,
        ),
        Case("minContains is raised", array(contains=STRING), array(contains=STRING, minContains=2), False, True),
        Case("maxContains is added", array(contains=STRING), array(contains=STRING, maxContains=2), False, True),
        Case(
            "unevaluatedItems closes a tuple",
            array(prefixItems=[STRING]),
            array(prefixItems=[STRING], unevaluatedItems=False),
            False,
            True,
        ),
        Case(
            "unevaluatedItems says what items said",
            array(prefixItems=[STRING], items=False),
            array(prefixItems=[STRING], unevaluatedItems=False),
            True,
            True,
        ),
    ],
    "Alternatives": [
        Case("anyOf gets an alternative", {"anyOf": [STRING]}, {"anyOf": [STRING, INTEGER]}, True, False),
        Case("anyOf loses an alternative", {"anyOf": [STRING, INTEGER]}, {"anyOf": [STRING]}, False, True),
        Case(
            "an alternative of anyOf is narrowed",
            {"anyOf": [STRING, number()]},
            {"anyOf": [STRING, INTEGER]},
            False,
            True,
        ),
        Case(
            "oneOf gets an alternative that excludes the others",
            {"oneOf": [CAT, DOG]},
            {"oneOf": [CAT, DOG, BIRD]},
            True,
            False,
        ),
        Case("oneOf loses an alternative", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT]}, False, True),
        Case(
            "oneOf gets an alternative that overlaps",
            {"oneOf": [INTEGER]},
            {"oneOf": [INTEGER, number(minimum=0)]},
            False,
            False,
        ),
        Case("oneOf becomes anyOf", {"oneOf": [CAT, DOG]}, {"anyOf": [CAT, DOG]}, True, True),
        Case(
            "anyOf becomes oneOf where both may fit",
            {"anyOf": [INTEGER, number()]},
            {"oneOf": [INTEGER, number()]},
            False,
            True,
        ),
        Case(
            "an alternative of oneOf grows into another",
            {"oneOf": [STRING, SHORT]},
            {"oneOf": [STRING, {}]},
            False,
            True,
        ),
        Case(
            "an alternative of anyOf grows into another",
            {"anyOf": [STRING, SHORT]},
            {"anyOf": [STRING, {}]},
            True,
            True,
        ),
        Case("the alternatives change their order", {"oneOf": [CAT, DOG]}, {"oneOf": [DOG, CAT]}, True, True),
        Case("allOf gets a schema", {"allOf": [STRING]}, {"allOf": [STRING, {"maxLength": 3}]}, False, True),
        Case("allOf loses a schema", {"allOf": [STRING, {"maxLength": 3}]}, {"allOf": [STRING]}, True, False),
        Case("allOf is written out", {"allOf": [STRING, {"maxLength": 3}]}, text(maxLength=3), True, True),
        Case("something is excluded", STRING, text(**{"not": {"const": "a"}}), False, True),
        Case("less is excluded", {"not": number()}, {"not": INTEGER}, True, False),
        Case("more is excluded", {"not": INTEGER}, {"not": number()}, False, True),
        Case("what cannot be is excluded", STRING, text(**{"not": INTEGER}), True, True),
        Case("a condition is added", OPEN, OPEN | IF, False, True),
        Case("a condition is removed", OPEN | IF, OPEN, True, False),
        Case("a consequence is loosened", OPEN | IF, OPEN | IF | {"then": {}}, True, False),
        Case("a consequence is tightened", OPEN | IF, OPEN | IF | {"then": {"required": ["b", "c"]}}, False, True),
        Case("what is asked otherwise is added", OPEN | IF, OPEN | IF | {"else": {"required": ["c"]}}, False, True),
    ],
    "The whole": [
        Case("nothing fits, said in another way", False, {"not": {}}, True, True),
        Case("nothing changes", CLOSED, CLOSED, True, True),
        Case("only words change", OPEN, OPEN | {"title": "A", "description": "B", "examples": [{}]}, True, True),
        Case("an unknown keyword appears", OPEN, OPEN | {"x-colour": "red"}, True, True),
        Case("a definition is moved", OPEN, {"$ref": "#/$defs/a", "$defs": {"a": OPEN}}, True, True),
        Case(
            "a tree gets an optional property where it is closed",
            TREE | {"additionalProperties": False},
            with_b(TREE, STRING) | {"additionalProperties": False},
            True,
            False,
        ),
        Case(
            "a tree is narrowed below",
            TREE,
            TREE | {"properties": TREE["properties"] | {"name": text(maxLength=3)}},
            False,
            True,
        ),
        Case("a later dialect says the same", OPEN | {"$schema": DRAFT_07}, OPEN, True, True),
        Case(
            "a later dialect says it with other keywords",
            {"$schema": DRAFT_07, "type": "array", "items": [STRING], "additionalItems": False},
            array(prefixItems=[STRING], items=False),
            True,
            True,
        ),
        Case("1.0 is no integer before draft-06", {"$schema": DRAFT_04, "type": "integer"}, INTEGER, True, False),
        Case("everything is refused", STRING, False, False, True),
        Case("everything is taken", STRING, True, True, False),
    ],
}
