"""Which version of a schema counts as the newest."""

import asyncio
from typing import Any

from reyna.domain.caller import Caller
from reyna.domain.page import Page
from reyna.domain.schema import Kind, Schema
from reyna.schemas.service import Schemas
from reyna.state.shapes import Shapes


class Slow:
    """A schema service whose answer is still on its way while something else happens."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas, self.asked = schemas, 0
        self.read, self.go_on = asyncio.Event(), asyncio.Event()

    async def schema(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        self.asked += 1
        schema = await self._schemas.schema(caller, id, version)
        self.read.set()
        await self.go_on.wait()
        return schema

    async def schemas(self, caller: Caller, *, kind: Kind | None = None, name: str | None = None, limit: int = 50,
                      cursor: str | None = None) -> Page[Schema]:  # fmt: skip
        return await self._schemas.schemas(caller, kind=kind, name=name, limit=limit, cursor=cursor)


async def test_an_answer_older_than_a_registration_is_not_kept_as_the_newest(schemas: Schemas, ana: Caller) -> None:
    slow: Any = Slow(schemas)
    shapes = Shapes(slow)
    asking = asyncio.create_task(shapes.latest(ana, "text-input-v1"))
    await slow.read.wait()
    shapes.forget("house", "text-input")
    slow.go_on.set()
    await asking
    await shapes.latest(ana, "text-input-v1")
    await shapes.latest(ana, "text-input-v1")
    assert slow.asked == 2
