"""Whatever is sent to the door of the schema service, it answers as its description says and never breaks."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import Caller
from reyna.http import door
from reyna.schemas.pace import Pace
from reyna.schemas.records import COLLECTIONS
from reyna.schemas.routes import routes
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from tests.schemas.test_checking import Shelf
from tests.schemas.test_terms import two_majors

EXAMPLES: Final = 60  # of each operation, sound ones and others
CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KNOWN: Final = ["recipe-v2", "recipe-v1", "text-input-v1", "book-v1"]
BODIES: Final[dict[str, list[Any]]] = {
    "name": ["recipe", "soup", "text-input"],
    "json_schema": [{"properties": {"b": {"type": "string"}}}, {"type": "object"}, {"$ref": "#/$defs/a"}, True],
    "upgrade": [{"steps": [{"do": "rename", "path": "/a", "to": "b"}]}, {"patch": [{"op": "remove", "path": "/a"}]}],
    "version": ["1.0.0", "2.0.0", "2.1.0"],
    "data": [{"content": "A storm."}, {"a": "x"}, {}],
}


@dataclass
class Served:
    """The service on a port of its own, in a thread of its own, with two majors of a recipe of ana's."""

    port: int = 0
    ready: threading.Event = field(default_factory=threading.Event)
    server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async def identify(token: str) -> Caller:
            return Caller(user_id=token)

        content = Shelf("user-ana", [{"a": "x"}, {"a": 3}])
        schemas = Schemas(MemoryStore(COLLECTIONS), content, pace=Pace(at_once=100_000))
        await install(schemas)
        await two_majors(schemas, Caller(user_id="user-ana"))
        app = door(title="S", version="1", routes=routes, identify=identify, verbs={"schemas": schemas}, checks={})
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            self.server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
            self.ready.set()
            await self.server.serve(sockets=[listening])


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    thread = threading.Thread(target=served.run)
    thread.start()
    assert served.ready.wait(60)
    yield served
    if served.server is not None:
        served.server.should_exit = True
    thread.join(60)
    assert not thread.is_alive()


def test_whatever_is_sent_is_answered_as_described(served: Served, subtests: pytest.Subtests) -> None:
    description: Any = schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json", wait_for_schema=10)
    operations = [found.ok() for found in description.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:
        with subtests.test(operation.label):
            anything_sent(operation, served)()


def anything_sent(operation: Any, served: Served) -> Callable[[], None]:
    numbers = iter(range(1_000_000))

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def is_answered_as_described(case: Any) -> None:
        lead_to_something_that_is_there(case, next(numbers))
        answer = case.call(headers={"authorization": "Bearer user-ana"})
        case.validate_response(answer, checks=CHECKS)

    return is_answered_as_described


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
