"""Whatever is sent to the door of the schema service, it answers as its description says and never breaks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import Caller
from reyna.schemas.pace import Pace
from reyna.schemas.records import COLLECTIONS
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from tests.schemas.conftest import a_door
from tests.schemas.test_checking import Shelf
from tests.schemas.test_terms import two_majors
from tests.served import check_whatever_is_sent, in_a_thread

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
    content = Shelf("user-ana", [{"a": "x"}, {"a": 3}])
    schemas = Schemas(MemoryStore(COLLECTIONS), content, pace=Pace(at_once=100_000))
    await install(schemas)
    await two_majors(schemas, Caller(user_id="user-ana"))
    yield a_door(schemas), None


def test_whatever_is_sent_is_answered_as_described(subtests: pytest.Subtests) -> None:
    lead = lead_to_something_that_is_there
    with in_a_thread(with_a_recipe) as (url, _):
        check_whatever_is_sent(url, subtests, token="user-ana", lead=lead, examples=EXAMPLES, at_least=10)


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
