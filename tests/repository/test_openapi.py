"""The OpenAPI document describes everything, in names that a generated client can use."""

import re
from collections import Counter
from typing import Any, Final

import jsonschema_rs
import pytest

from reyna.transport.http.openapi.document import GATEWAY_PREFIX, operations_of
from reyna.transport.http.openapi.examples import EXAMPLES
from reyna.transport.http.openapi.operations import OPERATIONS
from reyna.transport.http.openapi.parameters import PARAMETERS
from reyna.transport.http.openapi.properties import PROPERTIES
from tests.repository.reference import openapi_document

DOCUMENT: Final = openapi_document()
NOUNS: Final[dict[str, Any]] = DOCUMENT["components"]["schemas"]
SENTENCE: Final = re.compile(r"^\S.{3,}[.…`]$", re.DOTALL)


def test_every_property_is_described() -> None:
    silent = [
        f"{name}.{property}"
        for name, noun in NOUNS.items()
        for property, schema in noun.get("properties", {}).items()
        if not SENTENCE.match(schema.get("description", ""))
    ]
    assert silent == []


def test_every_parameter_is_described() -> None:
    silent = [
        f"{method} {path} {parameter['name']}"
        for method, path, operation in operations_of(DOCUMENT)
        for parameter in operation.get("parameters", ())
        if not SENTENCE.match(parameter.get("description", ""))
    ]
    assert silent == []


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag() -> None:
    found = {
        f"{method.upper()} {path.removeprefix(GATEWAY_PREFIX)}": one for method, path, one in operations_of(DOCUMENT)
    }
    assert {key: one["operationId"] for key, one in found.items()} == dict(OPERATIONS)
    assert [name for name, times in Counter(OPERATIONS.values()).items() if times > 1] == []
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for key, one in found.items():
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", one["operationId"]), key
        assert SENTENCE.match(one["description"]), key
        assert set(one["tags"]) <= tags - {"Other"}, key
        assert all(answer["description"] for answer in one["responses"].values()), key


def test_no_two_nouns_share_a_title() -> None:
    titles = Counter(noun["title"] for noun in NOUNS.values())
    assert [title for title, times in titles.items() if times > 1] == []
    assert [name for name in NOUNS if "_" in name] == []


def test_what_is_described_exists() -> None:
    """A word about something that is gone would mislead whoever reads the tables."""
    properties = {(name, property) for name, noun in NOUNS.items() for property in noun.get("properties", {})}
    names = {property for _, property in properties} | {f"{name}.{property}" for name, property in properties}
    assert [name for name in PROPERTIES if name not in names] == []
    parameters = {
        name
        for _, path, operation in operations_of(DOCUMENT)
        for one in operation.get("parameters", ())
        for name in (one["name"], f"{path.removeprefix(GATEWAY_PREFIX)}/{one['name']}")
    }
    assert [name for name in PARAMETERS if name not in parameters] == []
    assert [name for name in EXAMPLES if name not in NOUNS] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_fits_its_schema(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    problems = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(EXAMPLES[name])]
    assert problems == []


def test_every_body_that_is_sent_has_an_example() -> None:
    sent = set()
    for _, _, operation in operations_of(DOCUMENT):
        kind = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        refs = [one["$ref"] for one in kind.get("oneOf", [kind]) if "$ref" in one]
        sent |= {ref.rpartition("/")[2] for ref in refs}
    assert sent - set(EXAMPLES) == set()
