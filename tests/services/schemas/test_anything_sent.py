"""The routes of the schema service answer every request as their description says, and never fail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.services.schemas.records import COLLECTIONS
from reyna.services.schemas.service import Schemas
from reyna.services.schemas.system import install
from reyna.validation.complexity.rate_limiter import RateLimiter
from tests.services.schemas.conftest import build_app
from tests.services.schemas.dry_run.test_dry_run import StoredBlobs
from tests.services.schemas.registry.test_policies import two_majors
from tests.support.served_app import check_operations, operations_of, serve_in_thread

EXAMPLES: Final = 60  # of each operation, sound ones and others
KNOWN: Final = ["recipe-v2", "recipe-v1", "text-input-v1", "book-v1"]
BODIES: Final[dict[str, list[Any]]] = {
    "name": ["recipe", "soup", "text-input"],
    "json_schema": [{"properties": {"b": {"type": "string"}}}, {"type": "object"}, {"$ref": "#/$defs/a"}, True],
    "upgrade": [{"steps": [{"do": "rename", "path": "/a", "to": "b"}]}, {"patch": [{"op": "remove", "path": "/a"}]}],
    "version": ["1.0.0", "2.0.0", "2.1.0"],
    "data": [{"content": "A storm."}, {"a": "x"}, {}],
}


@asynccontextmanager
async def with_a_recipe() -> AsyncIterator[tuple[Any, None]]:
    """The service, with two majors of a recipe of ana's; a token is its owner's id."""
    content = StoredBlobs("user-ana", [{"a": "x"}, {"a": 3}])
    schemas = Schemas(MemoryStore(COLLECTIONS), content, rate_limiter=RateLimiter(burst=100_000))
    await install(schemas)
    await two_majors(schemas, Caller(user_id="user-ana"))
    yield build_app(schemas), None


def test_whatever_is_sent_is_answered_as_described(subtests: pytest.Subtests) -> None:
    lead = lead_to_something_that_is_there
    with serve_in_thread(with_a_recipe) as (url, _):
        operations = operations_of(url, at_least=10)
        check_operations(operations, subtests, token="user-ana", lead=lead, examples=EXAMPLES)


def lead_to_something_that_is_there(case: Any, number: int) -> None:
    """Two of three times the id is one that ana can use, and sound fields take the place of made-up ones."""
    if number % 3 == 0:
        return
    if "id" in case.path_parameters:
        case.path_parameters["id"] = KNOWN[number % len(KNOWN)]
    if isinstance(case.body, dict):
        for name, values in BODIES.items():
            if name in case.body:
                case.body[name] = values[number % len(values)]
