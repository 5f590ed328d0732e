"""A state service on memory, with the schema service beside it."""

from typing import Any

import pytest

from reyna.adapters.memory import MemoryStore
from reyna.domain.blob import Blob, NewBlob
from reyna.domain.bucket import Bucket, NewBucket
from reyna.domain.caller import Caller
from reyna.schemas import records as schema_records
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from reyna.state.records import COLLECTIONS
from reyna.state.service import State


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(COLLECTIONS)


@pytest.fixture
async def schemas() -> Schemas:
    schemas = Schemas(MemoryStore(schema_records.COLLECTIONS))
    await install(schemas)
    return schemas


@pytest.fixture
async def state(store: MemoryStore, schemas: Schemas) -> State:
    return State(store, schemas)


class Made:
    """Makes what a test needs, with a default for everything but what the test is about."""

    def __init__(self, state: State, caller: Caller) -> None:
        self.state, self.caller = state, caller

    async def bucket(self, name: str = "Chapter 1", under: str | None = None, **more: Any) -> Bucket:
        new = NewBucket(name=name, type=more.pop("type", "scene"), parent_bucket_id=under, **more)
        return await self.state.create_bucket(self.caller, new)

    async def note(self, content: str = "The ship sailed.", *buckets: str, **more: Any) -> Blob:
        new = NewBlob(schema_id="text-input-v1", data={"content": content}, bucket_ids=buckets, **more)
        return await self.state.create_blob(self.caller, new)


@pytest.fixture
def anas(state: State, ana: Caller) -> Made:
    return Made(state, ana)


@pytest.fixture
def bos(state: State, bo: Caller) -> Made:
    return Made(state, bo)
