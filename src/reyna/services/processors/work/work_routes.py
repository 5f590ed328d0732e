"""The REST routes of workers: they claim runs of their user's processors, hold them, and say how they ended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from reyna.domain.processing.lease import (
    Claim,
    ClaimedRun,
    LeaseBeat,
    LeaseState,
    WorkFailure,
    WorkOutcome,
    WorkProgress,
    WorkRefusal,
)
from reyna.domain.processing.run import Run
from reyna.domain.processing.step import NewStep, RunStep
from reyna.services.processors.service import Processors
from reyna.transport.http import RUN_TOKEN, CurrentCaller

WAIT_PER_CALL_SECONDS: Final = 8.0  # of a neighbour, whose answers are awaited for ten
ProcessorsDependency = NamedDependency[Processors]
NOTHING_TO_DO: Final = ResponseSpec(None, generate_examples=False, description="There is no run to do.")


@post("/work/{processor_id:str}/claim", status_code=200, responses={204: NOTHING_TO_DO})
async def claim_run(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    processor_id: FromPath[str],
    data: JSONBody[Claim],
    request: Request[Any, Any, Any],
) -> ClaimedRun:
    """Take a run of a processor of your own, and wait for one if there is none."""
    gone = asyncio.create_task(_wait_for_disconnect(request.receive))
    until = asyncio.get_running_loop().time() + data.wait_seconds
    try:
        while True:
            if claimed := await processors.leases.claim(caller, processor_id, data):
                return claimed
            left = until - asyncio.get_running_loop().time()
            if left <= 0 or gone.done():
                return Response(None, status_code=204)  # type: ignore[return-value]  # the description has both
            seconds = min(left, WAIT_PER_CALL_SECONDS)
            waiting = asyncio.create_task(processors.leases.wait(caller, processor_id, data.version, seconds))
            await asyncio.wait([gone, waiting], return_when=asyncio.FIRST_COMPLETED)
            if not waiting.cancel():
                await waiting
    finally:
        gone.cancel()


@post("/runs/{id:str}/beat", status_code=200, opt=RUN_TOKEN)
async def beat_run(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[LeaseBeat | None] = None,
) -> LeaseState:
    """Keep a run that you work on, and learn if it was cancelled."""
    return await processors.leases.beat(caller, id, data or LeaseBeat())


@post("/runs/{id:str}/progress", status_code=200, opt=RUN_TOKEN)
async def report_progress(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[WorkProgress]
) -> LeaseState:
    """Show on every device how far a run is, and the text so far."""
    return await processors.leases.progress(caller, id, data)


@get("/runs/{id:str}/steps/{name:str}", opt=RUN_TOKEN)
async def get_step(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], name: FromPath[str]
) -> RunStep:
    """The result of a finished step."""
    return await processors.steps.get(caller, id, name)


@put("/runs/{id:str}/steps/{name:str}", opt=RUN_TOKEN)
async def put_step(
    processors: ProcessorsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    name: FromPath[str],
    data: JSONBody[NewStep],
) -> RunStep:
    """Store the result of a finished step; of two results, the first counts."""
    return await processors.steps.put(caller, id, name, data.result, data.cost)


@post("/runs/{id:str}/complete", status_code=200, opt=RUN_TOKEN)
async def complete_run(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[WorkOutcome]
) -> Run:
    """Store the outputs of a run; sent twice, they are stored once."""
    return await processors.execution.complete(caller, id, data.outputs, data.cost, data.blob_revision, data.worker)


@post("/runs/{id:str}/refuse", status_code=200, opt=RUN_TOKEN)
async def refuse_run(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[WorkRefusal]
) -> Run:
    """End a run because its blob is not for the processor."""
    return await processors.execution.refuse(caller, id, data.reason, data.worker)


@post("/runs/{id:str}/fail", status_code=200, opt=RUN_TOKEN)
async def fail_run(
    processors: ProcessorsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[WorkFailure]
) -> Run:
    """Give a run back for its next attempt, or for good."""
    return await processors.leases.fail(caller, id, data)


async def _wait_for_disconnect(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


work_routes: Final = [
    claim_run,
    beat_run,
    report_progress,
    get_step,
    put_step,
    complete_run,
    refuse_run,
    fail_run,
]
