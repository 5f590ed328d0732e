"""Which version of a schema counts as the newest."""

import asyncio
from typing import NamedTuple

from reyna.domain.caller import Caller
from reyna.domain.requests.page import Page
from reyna.domain.schema import Kind, Schema
from reyna.services.schemas.service import Schemas
from reyna.services.state.content.schema_cache import SchemaCache, SchemaVersions


class SlowVersions:
    """The versions of a schema service whose answer is still on its way while something else happens."""

    def __init__(self, versions: SchemaVersions) -> None:
        self._versions, self.requests = versions, 0
        self.has_read, self.may_answer = asyncio.Event(), asyncio.Event()

    async def get(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        self.requests += 1
        schema = await self._versions.get(caller, id, version)
        self.has_read.set()
        await self.may_answer.wait()
        return schema

    async def list(
        self,
        caller: Caller,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Schema]:
        return await self._versions.list(caller, kind=kind, name=name, limit=limit, cursor=cursor)


class SlowSchemas(NamedTuple):
    """A schema service with slow versions."""

    versions: SlowVersions


async def test_an_answer_older_than_a_registration_is_not_kept_as_the_newest(schemas: Schemas, ana: Caller) -> None:
    slow = SlowVersions(schemas.versions)
    cache = SchemaCache(SlowSchemas(slow))
    looking_up = asyncio.create_task(cache.latest(ana, "text-input-v1"))
    await slow.has_read.wait()
    cache.forget("house", "text-input")
    slow.may_answer.set()
    await looking_up
    await cache.latest(ana, "text-input-v1")
    await cache.latest(ana, "text-input-v1")
    assert slow.requests == 2
