"""The REST routes of the prompts of runs."""

from typing import Final

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reyna.domain.processing.batch import RunRequest
from reyna.domain.processing.prompts.estimate import RunEstimate
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts, RunPrompts
from reyna.domain.requests.page import DEFAULT_LIMIT
from reyna.services.processors.service import Processors
from reyna.transport.http import RUN_TOKEN, CurrentCaller, Cursor, Limit

PromptsDependency = NamedDependency[Processors]


@get("/runs/{id:str}/prompt")
async def get_prompts(
    processors: PromptsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> RunPrompts:
    """Every message that a run sent to a language model, or will send, in parts that say where they are from."""
    return await processors.prompts.get(caller, id, limit=limit, cursor=cursor)


@put("/runs/{id:str}/prompts", opt=RUN_TOKEN)
async def put_prompts(
    processors: PromptsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[NewPrompts]
) -> KeptPrompts:
    """Keep messages that a run has sent to a language model; sent twice, they are stored once."""
    return await processors.prompts.put(caller, id, data)


@post("/runs/estimate", status_code=200)
async def estimate_runs(
    processors: PromptsDependency, caller: CurrentCaller, data: JSONBody[RunRequest]
) -> RunEstimate:
    """Say what runs would use and cost, without requesting them: tokens, money, and what is not known."""
    return await processors.estimates.compute(caller, data)


prompt_routes: Final = [get_prompts, put_prompts, estimate_runs]
