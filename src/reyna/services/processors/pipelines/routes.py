"""The REST routes of pipelines and batches."""

from typing import Final

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.processing.batch import BatchStatus, SkippedBlob, WatchedBatch
from reyna.domain.processing.pipeline import NewPipeline, Pipeline, PipelineChange
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.processors.service import Processors
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, IfMatchHeader, Limit, parse_if_match

ProcessorsDependency = NamedDependency[Processors]


@post("/pipelines")
async def create_pipeline(
    processors: ProcessorsDependency, caller: CurrentCaller, data: JSONBody[NewPipeline], key: IdempotencyKeyHeader
) -> Pipeline:
    """Save a chain of processors under a name."""
    return await processors.pipelines.create(caller, data, key=key)


@get("/pipelines")
async def list_pipelines(
    processors: ProcessorsDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Pipeline]:
    """Your pipelines, newest first."""
    return await processors.pipelines.list(caller, limit=limit, cursor=cursor)


@get("/pipelines/{id:str}")
async def get_pipeline(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> Pipeline:
    """One pipeline."""
    return await processors.pipelines.get(caller, id)


@patch("/pipelines/{id:str}")
async def change_pipeline(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[PipelineChange],
    if_match: IfMatchHeader = None,
) -> Pipeline:
    """Give it another name or other stages; batches that are under way go on as they began."""
    return await processors.pipelines.change(caller, id, data, if_match=await parse_if_match(if_match))


@delete("/pipelines/{id:str}")
async def delete_pipeline(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> None:
    """Delete a pipeline; its batches stay, and go on."""
    await processors.pipelines.delete(caller, id, if_match=await parse_if_match(if_match))


@get("/batches")
async def list_batches(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    status: FromQuery[BatchStatus | None] = None,
    pipeline_id: FromQuery[str | None] = None,
    bucket_id: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[WatchedBatch]:
    """Your batches with their overall progress, newest first."""
    return await processors.batches.list(
        caller, status=status, pipeline_id=pipeline_id, bucket_id=bucket_id, limit=limit, cursor=cursor
    )


@get("/batches/{id:str}")
async def get_batch(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> WatchedBatch:
    """One batch with its overall progress."""
    return await processors.batches.get(caller, id)


@get("/batches/{id:str}/skipped")
async def list_skipped_blobs(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[SkippedBlob]:
    """The blobs that went no further in a batch, each with the reason, newest first."""
    return await processors.batches.list_skipped(caller, id, limit=limit, cursor=cursor)


@post("/batches/{id:str}/cancel", status_code=200)
async def cancel_batch(processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str]) -> WatchedBatch:
    """Call off a batch with all of its runs that have not ended."""
    return await processors.batches.cancel(caller, id)


pipeline_routes: Final = [
    create_pipeline,
    list_pipelines,
    get_pipeline,
    change_pipeline,
    delete_pipeline,
    list_batches,
    get_batch,
    list_skipped_blobs,
    cancel_batch,
]
