"""The REST routes of language models."""

from typing import Final

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reyna.domain.processing.model import Model, ModelChange, ModelCheck, NewModel
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.processors.service import Processors
from reyna.transport.http import CurrentCaller, Cursor, IdempotencyKeyHeader, IfMatchHeader, Limit, parse_if_match

ModelsDependency = NamedDependency[Processors]


@get("/models")
async def list_models(
    processors: ModelsDependency, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Model]:
    """The language models that you can use, and those that answer on this machine (`found`)."""
    return await processors.models.list(caller, limit=limit, cursor=cursor)


@post("/models")
async def create_model(
    processors: ModelsDependency, caller: CurrentCaller, data: JSONBody[NewModel], key: IdempotencyKeyHeader
) -> Model:
    """Add a model of your own. Its key is stored encrypted, and never returned."""
    return await processors.models.create(caller, data, key=key)


@patch("/models/{id:str}")
async def change_model(
    processors: ModelsDependency,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[ModelChange],
    if_match: IfMatchHeader = None,
) -> Model:
    """Give it another name, address or key; another address needs the key again."""
    return await processors.models.change(caller, id, data, if_match=await parse_if_match(if_match))


@delete("/models/{id:str}")
async def delete_model(
    processors: ModelsDependency, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> None:
    """Remove a model of your own, with its key."""
    await processors.models.delete(caller, id, if_match=await parse_if_match(if_match))


@post("/models/{id:str}/test", status_code=200)
async def try_model(processors: ModelsDependency, caller: CurrentCaller, id: FromPath[str]) -> ModelCheck:
    """Ask it for one word: how long that takes, or what is wrong."""
    return await processors.models.test(caller, id)


model_routes: Final = [list_models, create_model, change_model, delete_model, try_model]
