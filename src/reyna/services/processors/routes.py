"""The REST routes of the processor service."""

from datetime import datetime
from typing import Any, Final

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec.structs import asdict

from reyna.domain.processing.batch import RequestedRuns, RunRequest
from reyna.domain.processing.processor import Instance, InstanceChange, NewInstance, NewProcessor, Processor
from reyna.domain.processing.run import DeadLetter, NewRuns, ReplayReport, RetryOptions, Run, Status
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.processors.costs.routes import cost_routes
from reyna.services.processors.models.routes import model_routes
from reyna.services.processors.pipelines.routes import pipeline_routes
from reyna.services.processors.prompts.routes import prompt_routes
from reyna.services.processors.service import Processors
from reyna.services.processors.work.work_routes import work_routes
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, IfMatchHeader, Limit, parse_if_match

ProcessorsDependency = NamedDependency[Processors]


class WatchedProcessor(Processor, frozen=True, kw_only=True):
    """A processor and how it does."""

    live_workers: int
    last_beat: datetime | None
    queue_length: int
    success_rate: float | None
    p50: float | None
    p95: float | None
    runs_per_minute: int
    failures: dict[str, int]


class Replay(RetryOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`data` replaces the blob's, as a new revision, before the run is requested again; the other fields are those of a
    retry."""

    data: Any = None


class ReplayAll(RetryOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The letters of one processor, or all of them; the other fields are those of a retry."""

    processor_id: str | None = None


@post("/processors")
async def register_processor(
    processors: ProcessorsDependency, caller: CurrentCaller, data: JSONBody[NewProcessor], key: IdempotencyKeyHeader
) -> Processor:
    """Register a processor of your own, which only you can use, or update it."""
    return await processors.registry.register(caller, data, key=key)


@get("/processors")
async def list_processors(
    processors: ProcessorsDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Processor]:
    """The processors of the system and your own, by id."""
    return await processors.registry.list(caller, limit=limit, cursor=cursor)


@get("/processors/{id:str}")
async def get_processor(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> WatchedProcessor:
    """One processor and how it does."""
    registered = await processors.registry.get(caller, id)
    health = await processors.registry.health(caller, id)
    return WatchedProcessor(**asdict(registered), **asdict(health))


@get("/processors/{id:str}/versions")
async def list_processor_versions(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Processor]:
    """Every registered version of a processor, the one registered last first."""
    return await processors.registry.list_versions(caller, id, limit=limit, cursor=cursor)


@delete("/processors/{id:str}")
async def delete_processor(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> None:
    """Remove a processor of your own, with its instances; its open runs are cancelled, and what it made stays."""
    await processors.registry.delete(caller, id, if_match=await parse_if_match(if_match))


@post("/instances")
async def create_instance(
    processors: ProcessorsDependency, caller: CurrentCaller, data: JSONBody[NewInstance], key: IdempotencyKeyHeader
) -> Instance:
    """Switch a processor on, everywhere or for one bucket's subtree."""
    return await processors.instances.create(caller, data, key=key)


@get("/instances")
async def list_instances(
    processors: ProcessorsDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Instance]:
    """The processors you have switched on, newest first."""
    return await processors.instances.list(caller, limit=limit, cursor=cursor)


@patch("/instances/{id:str}")
async def change_instance(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[InstanceChange],
    if_match: IfMatchHeader = None,
) -> Instance:
    """Switch it on or off, or give it other settings."""
    return await processors.instances.change(caller, id, data, if_match=await parse_if_match(if_match))


@delete("/instances/{id:str}")
async def delete_instance(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> None:
    """Delete an instance: the processor is no longer switched on there."""
    await processors.instances.delete(caller, id, if_match=await parse_if_match(if_match))


@post("/runs")
async def request_runs(
    processors: ProcessorsDependency, caller: CurrentCaller, data: JSONBody[RunRequest], key: IdempotencyKeyHeader
) -> RequestedRuns:
    """Run a processor or a pipeline now, whatever the instances say."""
    match data.parse():
        case NewRuns() as new:
            runs = tuple(await processors.runs.request(caller, new, key=key))
            return RequestedRuns(items=runs, batch_id=runs[0].batch_id if runs else None)
        case chain:
            return await processors.batches.request(caller, chain, key=key)


@get("/runs")
async def list_runs(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    status: FromQuery[Status | None] = None,
    processor_id: FromQuery[str | None] = None,
    blob_id: FromQuery[str | None] = None,
    batch_id: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[Run]:
    """Your runs, newest first."""
    return await processors.runs.list(
        caller,
        status=status,
        processor_id=processor_id,
        blob_id=blob_id,
        batch_id=batch_id,
        limit=limit,
        cursor=cursor,
    )


@get("/runs/{id:str}")
async def get_run(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> Run:
    """One run."""
    return await processors.runs.get(caller, id)


@post("/runs/{id:str}/cancel", status_code=200)
async def cancel_run(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> Run:
    """Call off a run that has not ended."""
    return await processors.runs.cancel(caller, id)


@post("/runs/{id:str}/retry", status_code=200)
async def retry_run(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[RetryOptions | None] = None,
) -> Run:
    """Do a failed, refused or cancelled run again, without repeating its finished steps."""
    return await processors.runs.retry(caller, id, data or RetryOptions())


@get("/dead")
async def list_dead_letters(
    processors: ProcessorsDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[DeadLetter]:
    """Work that was given up, newest first."""
    return await processors.dead_letters.list(caller, limit=limit, cursor=cursor)


@post("/dead/{id:str}/replay", status_code=200)
async def replay_dead_letter(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[Replay | None] = None
) -> Run:
    """Request the run again, with other data if you like."""
    options = RetryOptions(from_start=data.from_start, version=data.version) if data else RetryOptions()
    return await processors.dead_letters.replay(caller, id, data.data if data else None, options)


@post("/dead/replay", status_code=200)
async def replay_all_dead_letters(
    processors: ProcessorsDependency, caller: CurrentCaller, data: JSONBody[ReplayAll | None] = None
) -> ReplayReport:
    """Request all runs that were given up again, or those of one processor: at most 1,000 at a time."""
    given = data or ReplayAll()
    options = RetryOptions(from_start=given.from_start, version=given.version)
    return await processors.dead_letters.replay_all(caller, given.processor_id, options)


@delete("/dead/{id:str}")
async def discard_dead_letter(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> None:
    """Discard a dead letter; its blob stays as it is."""
    await processors.dead_letters.discard(caller, id)


routes: Final = [
    register_processor,
    list_processors,
    get_processor,
    list_processor_versions,
    delete_processor,
    create_instance,
    list_instances,
    change_instance,
    delete_instance,
    request_runs,
    list_runs,
    get_run,
    cancel_run,
    retry_run,
    *prompt_routes,
    *work_routes,
    list_dead_letters,
    replay_dead_letter,
    replay_all_dead_letters,
    discard_dead_letter,
    *model_routes,
    *pipeline_routes,
    *cost_routes,
]
