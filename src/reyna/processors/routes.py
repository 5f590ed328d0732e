"""The REST door of the processor service."""

from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec.structs import asdict

from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.processor import Instance, InstanceChange, NewInstance, NewProcessor, Processor
from reyna.domain.run import DeadLetter, NewRuns, Run, Status
from reyna.http import Asking, Cursor, Limit
from reyna.processors.service import Processors

Verbs = NamedDependency[Processors]


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
async def register(processors: Verbs, caller: Asking, data: JSONBody[NewProcessor]) -> Processor:
    """Register a processor, or update it."""
    return await processors.register(caller, data)


@get("/processors")
async def all_processors(
    processors: Verbs, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Processor]:
    """The registered processors."""
    return await processors.processors(caller, limit=limit, cursor=cursor)


@get("/processors/{id:str}")
async def processor(processors: Verbs, caller: Asking, id: FromPath[str]) -> WatchedProcessor:
    """One processor and how it does."""
    found = await processors.processor(caller, id)
    health = await processors.health(caller, id)
    return WatchedProcessor(**asdict(found), **asdict(health))


@post("/instances")
async def create_instance(processors: Verbs, caller: Asking, data: JSONBody[NewInstance]) -> Instance:
    """Switch a processor on, everywhere or for one bucket's subtree."""
    return await processors.create_instance(caller, data)


@get("/instances")
async def instances(
    processors: Verbs, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Instance]:
    """The processors you have switched on, newest first."""
    return await processors.instances(caller, limit=limit, cursor=cursor)


@patch("/instances/{id:str}")
async def change_instance(
    processors: Verbs, caller: Asking, id: FromPath[str], data: JSONBody[InstanceChange]
) -> Instance:
    """Switch it on or off, or give it other settings."""
    return await processors.change_instance(caller, id, data)


@delete("/instances/{id:str}")
async def drop_instance(processors: Verbs, caller: Asking, id: FromPath[str]) -> None:
    """Forget that it was switched on."""
    await processors.drop_instance(caller, id)


@post("/runs")
async def request_runs(processors: Verbs, caller: Asking, data: JSONBody[NewRuns]) -> Page[Run]:
    """Run a processor now, whatever the instances say."""
    return Page(items=tuple(await processors.request_runs(caller, data)))


@get("/runs")
async def runs(
    processors: Verbs,
    caller: Asking,
    status: FromQuery[Status | None] = None,
    processor_id: FromQuery[str | None] = None,
    blob_id: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Run]:
    """Your runs, newest first."""
    return await processors.runs(
        caller, status=status, processor_id=processor_id, blob_id=blob_id, limit=limit, cursor=cursor
    )


@get("/runs/{id:str}")
async def run(processors: Verbs, caller: Asking, id: FromPath[str]) -> Run:
    """One run."""
    return await processors.run(caller, id)


@post("/runs/{id:str}/cancel", status_code=200)
async def cancel_run(processors: Verbs, caller: Asking, id: FromPath[str]) -> Run:
    """Call off a run that has not ended."""
    return await processors.cancel_run(caller, id)


@post("/runs/{id:str}/retry", status_code=200)
async def retry_run(processors: Verbs, caller: Asking, id: FromPath[str]) -> Run:
    """Do a failed, refused or cancelled run again from the start."""
    return await processors.retry_run(caller, id)


@get("/dead")
async def dead(
    processors: Verbs, caller: Asking, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DeadLetter]:
    """Work that was given up, newest first."""
    return await processors.dead(caller, limit=limit, cursor=cursor)


@post("/dead/{id:str}/replay", status_code=200)
async def replay_dead(
    processors: Verbs, caller: Asking, id: FromPath[str], data: JSONBody[Replay | None] = None
) -> Run:
    """Request the run again, with other data if you like."""
    return await processors.replay_dead(caller, id, data.data if data else None)


@delete("/dead/{id:str}")
async def discard_dead(processors: Verbs, caller: Asking, id: FromPath[str]) -> None:
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
