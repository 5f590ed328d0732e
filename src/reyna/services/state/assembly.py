"""The description of the state service: how it is built, and what it does in the background."""

from datetime import timedelta
from functools import partial
from typing import Final

from reyna.domain.caller import system_caller
from reyna.services.composition import ServiceContext, ServiceDescription
from reyna.services.guarded_service import guarded
from reyna.services.rest_app import build_rest_app
from reyna.services.state.files.collection_schedule import FileCollection
from reyna.services.state.key_access.rules import key_rules
from reyna.services.state.quota import COUNTED, COUNTED_FILES
from reyna.services.state.reactions import follow_schemas, follow_upgrades
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.routes import routes
from reyna.services.state.search.building import IndexBuilding
from reyna.services.state.search.passage_embedding import PassageEmbedding
from reyna.services.state.search.reactions import IndexReactions
from reyna.services.state.service import State
from reyna.services.state.transfer.imports.reactions import follow_imports
from reyna.services.state.trash.retention import TrashRetention
from reyna.validation.usage_counts import UsageReporter


def _trash_retention(context: ServiceContext) -> timedelta | None:
    days = context.settings.trash_days
    return None if days is None else timedelta(days=days)


async def _build(context: ServiceContext) -> State:
    quota = context.settings.quota()
    return State(
        context.store,
        context.find_neighbour("schemas"),
        allowed={resource: quota[resource] for resource in (*COUNTED, *COUNTED_FILES)},
        keeps_trash=_trash_retention(context),
        sandbox=context.sandbox,
        file_storage=context.open_files(),
        max_file_bytes=context.settings.max_file_bytes,
        search_index=await context.open_search_index(),
        passages=None if context.embeddings is None else await context.open_passage_index(),
        embeddings=context.embeddings,
        file_grace=timedelta(hours=context.settings.files_grace_hours),
    )


async def _start(context: ServiceContext, state: State) -> None:
    context.stop_at_end((await follow_schemas(context.bus, state.schema_cache)).stop)
    context.stop_at_end((await follow_upgrades(context.bus, state.upgrades)).stop)
    context.stop_at_end((await follow_imports(context.bus, state.import_worker)).stop)
    if state.indexer is not None:
        await context.start(IndexReactions(context.bus, state.indexer))
        await context.start(IndexBuilding(context.store, await context.open_search_index(), state.indexer))
    if context.embeddings is not None and context.embeds_passages:
        passages = await context.open_passage_index()
        if passages is not None:
            await context.start(PassageEmbedding(passages, context.embeddings))
    schemas = context.find_neighbour("schemas")
    await context.start(UsageReporter(state.schema_cache.counts, partial(schemas.usage.count, system_caller())))
    await context.start(FileCollection(context.store, state.file_collector))
    await context.start(TrashRetention(context.store, state.purging, _trash_retention(context)))


SERVICE: Final = ServiceDescription[State](
    name="state",
    title="ReYNa Studio: state",
    port_setting="state_port",
    store_setting="state_url",
    collections=COLLECTIONS,
    neighbours=("schemas", "processors", "studio"),
    routes=routes,
    handler_argument="content",  # Litestar keeps the name `state` for itself
    offered=State,
    build=_build,
    start=_start,
    offer=lambda state: guarded(state, "state", key_rules(state)),
    build_app=build_rest_app,
    probe=lambda state: state.quota.usage(system_caller()),
)
