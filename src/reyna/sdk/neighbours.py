"""What a worker needs of the services, in their own words, and how it reaches them over the bus."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.processor import NewProcessor, Processor
from reyna.domain.run import Cost, Output, Run
from reyna.domain.schema import Verdict
from reyna.ports import Bus
from reyna.rpc import remote
from reyna.sdk.context import ContentVerbs

Passes = Callable[[Caller], str]
"""The signed pass a caller travels with."""


class ProcessorVerbs(Protocol):
    async def register(self, caller: Caller, new: NewProcessor) -> Processor: ...

    async def claim(self, caller: Caller, run_id: str, attempt: int) -> Run: ...

    async def complete(
        self, caller: Caller, run_id: str, outputs: list[Output], cost: Cost, blob_revision: int | None = None
    ) -> Run: ...

    async def refuse(self, caller: Caller, run_id: str, reason: str) -> Run: ...

    async def fail(self, caller: Caller, run_id: str, reason: str, final: bool) -> Run: ...


class SchemaVerbs(Protocol):
    async def validate(self, caller: Caller, id: str, data: object) -> Verdict: ...


class Neighbours(msgspec.Struct, frozen=True):
    """The services around a worker; each may be the service itself or its `remote`."""

    processors: ProcessorVerbs
    content: ContentVerbs
    schemas: SchemaVerbs


def over(bus: Bus, passes: Passes) -> Neighbours:
    """The services as they are served on this bus."""
    return Neighbours(
        processors=remote(ProcessorVerbs, "processors", bus, passes),
        content=remote(ContentVerbs, "state", bus, passes),
        schemas=remote(SchemaVerbs, "schemas", bus, passes),
    )
