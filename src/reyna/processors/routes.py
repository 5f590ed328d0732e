"""The REST door of the processor service."""

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post
from msgspec.structs import asdict

from reyna.domain.caller import Caller
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.processor import Instance, InstanceChange, NewInstance, NewProcessor, Processor
from reyna.domain.run import DeadLetter, NewRuns, Run, Status
from reyna.processors.service import Processors


class WatchedProcessor(Processor, frozen=True, kw_only=True):
    """A processor and how it does."""

    live_workers: int
    last_beat: datetime | None
    queue_length: int
    success_rate: float | None
    p50: float | None
    p95: float | None


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`data` replaces the blob's, as a new revision, before the run is requested again."""

    data: Any = None


@post("/processors")
async def register(processors: Processors, caller: Caller, data: NewProcessor) -> Processor:
    """Register a processor, or update it."""
    return await processors.register(caller, data)


@get("/processors")
async def all_processors(
    processors: Processors, caller: Caller, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Processor]:
    """The registered processors."""
    return await processors.processors(caller, limit=limit, cursor=cursor)


@get("/processors/{id:str}")
async def processor(processors: Processors, caller: Caller, id: str) -> WatchedProcessor:
    """One processor and how it does."""
    found = await processors.processor(caller, id)
    health = await processors.health(caller, id)
    return WatchedProcessor(**asdict(found), **asdict(health))


@post("/instances")
async def create_instance(processors: Processors, caller: Caller, data: NewInstance) -> Instance:
    """Switch a processor on, everywhere or for one bucket's subtree."""
    return await processors.create_instance(caller, data)


@get("/instances")
async def instances(
    processors: Processors, caller: Caller, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Instance]:
    """The processors you have switched on, newest first."""
    return await processors.instances(caller, limit=limit, cursor=cursor)


@patch("/instances/{id:str}")
async def change_instance(processors: Processors, caller: Caller, id: str, data: InstanceChange) -> Instance:
    """Switch it on or off, or give it other settings."""
    return await processors.change_instance(caller, id, data)


@delete("/instances/{id:str}")
async def drop_instance(processors: Processors, caller: Caller, id: str) -> None:
    """Forget that it was switched on."""
    await processors.drop_instance(caller, id)


@post("/runs")
async def request_runs(processors: Processors, caller: Caller, data: NewRuns) -> Page[Run]:
    """Run a processor now, whatever the instances say."""
    return Page(items=tuple(await processors.request_runs(caller, data)))


@get("/runs")
async def runs(
    processors: Processors,
    caller: Caller,
    status: Status | None = None,
    processor_id: str | None = None,
    blob_id: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Run]:
    """Your runs, newest first."""
    return await processors.runs(
        caller, status=status, processor_id=processor_id, blob_id=blob_id, limit=limit, cursor=cursor
    )


@get("/runs/{id:str}")
async def run(processors: Processors, caller: Caller, id: str) -> Run:
    """One run."""
    return await processors.run(caller, id)


@post("/runs/{id:str}/cancel", status_code=200)
async def cancel_run(processors: Processors, caller: Caller, id: str) -> Run:
    """Call off a run that has not ended."""
    return await processors.cancel_run(caller, id)


@post("/runs/{id:str}/retry", status_code=200)
async def retry_run(processors: Processors, caller: Caller, id: str) -> Run:
    """Do a failed, refused or cancelled run again from the start."""
    return await processors.retry_run(caller, id)


@get("/dead")
async def dead(
    processors: Processors, caller: Caller, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[DeadLetter]:
    """Work that was given up, newest first."""
    return await processors.dead(caller, limit=limit, cursor=cursor)


@post("/dead/{id:str}/replay", status_code=200)
async def replay_dead(processors: Processors, caller: Caller, id: str, data: Replay | None = None) -> Run:
    """Request the run again, with other data if you like."""
    return await processors.replay_dead(caller, id, data.data if data else None)


@delete("/dead/{id:str}")
async def discard_dead(processors: Processors, caller: Caller, id: str) -> None:
    """Let go of work that was given up."""
    await processors.discard_dead(caller, id)


routes: Final = [
    register,
    all_processors,
    processor,
    create_instance,
    instances,
    change_instance,
    drop_instance,
    request_runs,
    runs,
    run,
    cancel_run,
    retry_run,
    dead,
    replay_dead,
    discard_dead,
]
