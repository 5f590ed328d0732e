"""Whatever is sent to any address, the studio answers as its description says and never breaks."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

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

from reyna.domain.blob import NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.run import NewRuns
from tests.studio.around import Whole, whole
from tests.studio.conftest import an_account

EXAMPLES = 40  # of each operation, sound ones and others; all of them take a minute or so
SIGNS_OUT = r"/auth/logout$"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass
class Served:
    """A studio on a port of its own, in a thread of its own, and what Ana has there."""

    port: int = 0
    token: str = ""
    there: dict[str, list[Any]] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with whole() as house:
            listening = socket.create_server(("127.0.0.1", 0))
            self.port = listening.getsockname()[1]
            self.token, self.there = await _furnished(house)
            config = uvicorn.Config(house.app, lifespan="off", log_config=None, access_log=False)
            self.server = uvicorn.Server(config)
            self.ready.set()
            await self.server.serve(sockets=[listening])


async def _furnished(house: Whole) -> tuple[str, dict[str, list[Any]]]:
    signed_in = await an_account(house)
    ana = Caller(user_id=signed_in.user.id)
    book = await house.state.create_bucket(ana, NewBucket(name="Book", type="novel"))
    part = await house.state.create_bucket(ana, NewBucket(name="Part", type="part", parent_bucket_id=book.id))
    new = NewBlob(schema_id="text-input-v1", data={"content": "The ship sailed."}, bucket_ids=(book.id, part.id))
    notes = [await house.state.create_blob(ana, new) for _ in range(3)]
    asked = NewRuns(processor_id="text-expansion", blob_ids=tuple(note.id for note in notes))
    runs = await house.processors.request_runs(ana, asked)
    instances = (await house.processors.instances(ana)).items
    return signed_in.token, {
        "bucket": [book.id, part.id],
        "blob": [note.id for note in notes],
        "schema": ["text-input-v1", "book-v1"],
        "processor": ["text-expansion"],
        "run": [run.id for run in runs],
        "instance": [instance.id for instance in instances],
        "type": ["scene", "part"],
        "name": ["recipe", "text-expansion", "poem"],
        "data": [{"content": "A storm."}],
        "revision": [1, 2],
        "metadata": [{}, {"mood": "dark"}],
        "json_schema": [{"type": "object"}, {"type": "object", "properties": {"dish": {"type": "string"}}}],
        "setting": [{}],
        "email": ["cy@example.test", "di@example.test"],
        "password": ["correct horse battery"],
        "version": ["1.0.0"],
    }


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
    operations = [found.ok() for found in description.exclude(path_regex=SIGNS_OUT).get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        with subtests.test(operation.label):
            anything_sent(operation, served)()


def anything_sent(operation: Any, served: Served) -> Callable[[], None]:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def is_answered_as_described(case: Any) -> None:
        lead_to_something_that_is_there(case, served.there)
        answer = case.call(headers={"authorization": f"Bearer {served.token}"})
        case.validate_response(answer, checks=CHECKS)

    return is_answered_as_described


def lead_to_something_that_is_there(case: Any, there: dict[str, list[Any]]) -> None:
    """Every other case names what exists and says what is sound, so that more than a refusal is tried."""
    made_up = len(repr((case.path_parameters, case.query, case.body)))
    if made_up % 2:
        return
    noun = case.path.removeprefix("/api/").split("/")[0].removesuffix("s")
    for places in (case.path_parameters, case.query, case.body):
        if not isinstance(places, dict):
            continue
        for name, value in places.items():
            of = noun if name == "id" else name.removesuffix("s").removesuffix("_id").removeprefix("parent_")
            of = of.removeprefix("base_")
            if of in there:
                chosen = there[of][made_up // 2 % len(there[of])]
                places[name] = [chosen] if isinstance(value, list) else chosen
