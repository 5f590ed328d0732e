"""Whatever is sent to any address, the studio answers as its description says and never breaks."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import pytest

from reyna.domain.blob import NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.processing.run import NewRuns
from tests.services.studio.conftest import create_account
from tests.services.studio.harness import StudioHarness, studio_harness
from tests.support.served_app import check_operations, operations_of, serve_in_thread

EXAMPLES: Final = 20  # of each operation, sound ones and others; all of them take half a minute or so
PARTS: Final = 4  # tests that the operations are divided among, each well below the limit on one test
SIGNS_OUT: Final = r"/auth/logout$"
Furnished = tuple[str, dict[str, list[Any]]]  # Ana's token, and what she has there


@asynccontextmanager
async def with_something_of_anas() -> AsyncIterator[tuple[Any, Furnished]]:
    async with studio_harness() as harness:
        yield harness.app, await _furnished(harness)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Furnished]]:
    with serve_in_thread(with_something_of_anas) as served:
        yield served


@pytest.fixture(scope="module")
def operations(served: tuple[str, Furnished]) -> list[Any]:
    return operations_of(served[0], at_least=40, except_for=SIGNS_OUT)


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_sent_is_answered_as_described(
    subtests: pytest.Subtests, served: tuple[str, Furnished], operations: list[Any], part: int
) -> None:
    token, there = served[1]
    lead = partial(lead_to_something_that_is_there, there)
    check_operations(operations[part::PARTS], subtests, token=token, lead=lead, examples=EXAMPLES)


async def _furnished(harness: StudioHarness) -> Furnished:
    signed_in = await create_account(harness)
    ana = Caller(user_id=signed_in.user.id)
    book = await harness.state.buckets.create(ana, NewBucket(name="Book", type="novel"))
    part = await harness.state.buckets.create(ana, NewBucket(name="Part", type="part", parent_bucket_id=book.id))
    new = NewBlob(schema_id="text-input-v1", data={"content": "The ship sailed."}, bucket_ids=(book.id, part.id))
    notes = [await harness.state.blobs.create(ana, new) for _ in range(3)]
    asked = NewRuns(processor_id="text-expansion", blob_ids=tuple(note.id for note in notes))
    runs = await harness.processors.runs.request(ana, asked)
    instances = (await harness.processors.instances.list(ana)).items
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


def lead_to_something_that_is_there(there: dict[str, list[Any]], case: Any, number: int) -> None:
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
