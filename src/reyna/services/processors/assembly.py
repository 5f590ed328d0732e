"""The description of the processor service: how it is built, and what it does in the background."""

from datetime import timedelta
from functools import partial
from typing import Final

from reyna.domain.caller import SYSTEM_USER_ID, Caller, system_caller
from reyna.services.composition import ServiceContext, ServiceDescription
from reyna.services.guarded_service import guarded
from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.key_rules import key_rules
from reyna.services.processors.metrics import build_processors_app
from reyna.services.processors.models.key_encryption import KeyEncryption
from reyna.services.processors.models.model_access import ModelAccess
from reyna.services.processors.pipelines.batch_reactions import BatchReactions
from reyna.services.processors.reactions import Reactions
from reyna.services.processors.records import COLLECTIONS
from reyna.services.processors.routes import routes
from reyna.services.processors.service import Processors
from reyna.transport.rpc import retry_until_served


async def _build(context: ServiceContext) -> Processors:
    return Processors(
        context.store,
        context.find_neighbour("state"),
        context.find_neighbour("schemas"),
        context.signer,
        context.bus,
        allowed={"runs": context.settings.quota()["runs"]},
        sandbox=context.sandbox,
        policy=DispatchPolicy(
            max_concurrency=context.settings.runs_at_once,
            max_runs_per_minute=context.settings.runs_per_minute,
            weights=context.settings.weights_of_users(),
            retry_delays=context.settings.retry_delays(),
        ),
        models=ModelAccess(
            source=context.models,
            encryption=KeyEncryption(context.signer.derive_key("the keys of models")),
            trusted=frozenset(registration.id for registration in context.registrations()),
            prices=context.prices,
        ),
    )


async def _start(context: ServiceContext, processors: Processors) -> None:
    await _register_shipped_processors(context, processors)
    await context.start(Reactions(processors, context.bus))
    await context.start(processors.step_retention)
    await context.start(processors.prompt_retention(timedelta(days=context.settings.prompt_days)))
    await context.start(processors.recovery(context.bus))
    await context.start(processors.lease_sweep)
    await context.start(BatchReactions(processors.batch_advance, processors.batches, context.bus))
    await context.start(processors.batch_recovery())


async def _register_shipped_processors(context: ServiceContext, processors: Processors) -> None:
    """Registers them before their workers start, so that the first user finds them switched on."""
    for registration in context.registrations():
        caller = Caller(user_id=SYSTEM_USER_ID, kind="processor", processor_id=registration.id)
        await retry_until_served(partial(processors.registry.register, caller, registration))


SERVICE: Final = ServiceDescription[Processors](
    name="processors",
    title="ReYNa Studio: processors",
    port_setting="processors_port",
    collections=COLLECTIONS,
    neighbours=("schemas", "state", "studio"),
    routes=routes,
    handler_argument="processors",
    offered=Processors,
    build=_build,
    start=_start,
    offer=lambda processors: guarded(processors, "processors", key_rules(processors)),
    build_app=build_processors_app,
    probe=lambda processors: processors.runs.usage(system_caller()),
)
