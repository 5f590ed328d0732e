"""Protocols: the verbs of the services that a worker needs, and how it calls them over the bus."""

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport
from reyna.domain.costs.spending import CallReservation
from reyna.domain.processing.lease import RunWithBlob
from reyna.domain.processing.model import RunModel
from reyna.domain.processing.processor import NewProcessor, Processor
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts
from reyna.domain.processing.run import Cost, Output, Run
from reyna.domain.processing.step import RunStep
from reyna.domain.schema import Verdict
from reyna.ports.bus import Bus
from reyna.sdk.context import StateService
from reyna.sdk.files.file_access import FileParts
from reyna.sdk.run_tokens import SignToken
from reyna.transport.rpc import parts_of, remote, verbs_of


class RegistrationVerbs(Protocol):
    """The verb of the part `registry` that a worker calls."""

    async def register(self, caller: Caller, new: NewProcessor) -> Processor: ...


class ExecutionVerbs(Protocol):
    """The verbs of the part `execution`."""

    async def renew_token(self, caller: Caller, user_id: str, run_id: str) -> str: ...

    async def claim(
        self, caller: Caller, run_id: str, worker_id: str | None = None, version: str | None = None
    ) -> RunWithBlob: ...

    async def release(self, caller: Caller, run_id: str, worker_id: str, reason: str | None = None) -> Run: ...

    async def complete(
        self,
        caller: Caller,
        run_id: str,
        outputs: list[Output],
        cost: Cost,
        blob_revision: int | None = None,
        worker_id: str | None = None,
    ) -> Run: ...

    async def refuse(self, caller: Caller, run_id: str, reason: str, worker_id: str | None = None) -> Run: ...

    async def fail(
        self, caller: Caller, run_id: str, reason: str, final: bool, worker_id: str | None = None
    ) -> Run: ...


class StepVerbs(Protocol):
    """The verbs of the part `steps` that a worker calls."""

    async def get(self, caller: Caller, run_id: str, name: str, blob_revision: int | None = None) -> RunStep: ...

    async def put(
        self,
        caller: Caller,
        run_id: str,
        name: str,
        result: Any,
        cost: Cost = Cost(),
        blob_revision: int | None = None,
    ) -> RunStep: ...


class PromptVerbs(Protocol):
    """The verb of the part `prompts` that a worker calls."""

    async def put(self, caller: Caller, run_id: str, new: NewPrompts) -> KeptPrompts: ...


class CostVerbs(Protocol):
    """The verb of the part `costs` that a worker calls."""

    async def report(self, caller: Caller, run_id: str, report: CostReport) -> Run: ...


class SpendingVerbs(Protocol):
    """The verb of the part `spending` that a worker calls."""

    async def reserve(self, caller: Caller, run_id: str, call: CallReservation) -> None: ...


class RunModelVerbs(Protocol):
    """The verb of the part `run_models`."""

    async def get(self, caller: Caller, run_id: str) -> RunModel: ...


class ProcessorService(Protocol):
    """The parts of the processor service that a worker calls."""

    registry: RegistrationVerbs
    execution: ExecutionVerbs
    steps: StepVerbs
    run_models: RunModelVerbs
    prompts: PromptVerbs
    costs: CostVerbs
    spending: SpendingVerbs


class ValidationVerbs(Protocol):
    """The verb of the part `validation` that a worker calls."""

    async def validate(self, caller: Caller, id: str, data: object) -> Verdict: ...


class SchemaService(Protocol):
    """The part of the schema service that a worker calls."""

    validation: ValidationVerbs


class ContentService(StateService, FileParts, Protocol):
    """The parts of the state service that a worker calls."""


class WorkerServices(msgspec.Struct, frozen=True):
    """The services that a worker calls; each is the service itself or its `remote`."""

    processors: ProcessorService
    state: ContentService
    schemas: SchemaService


def called_verbs() -> Iterator[str]:
    """Yields the verbs that a worker calls over the bus, as `service.part.verb`."""
    protocols = {"processors": ProcessorService, "state": ContentService, "schemas": SchemaService}
    for service, protocol in protocols.items():
        for part, verbs in parts_of(protocol).items():
            yield from (f"{service}.{part}.{verb}" for verb in verbs_of(verbs))


def connect_services(bus: Bus, sign: SignToken) -> WorkerServices:
    """Returns the services as they are served on this bus."""
    return WorkerServices(
        processors=remote(ProcessorService, "processors", bus, sign),
        state=remote(ContentService, "state", bus, sign),
        schemas=remote(SchemaService, "schemas", bus, sign),
    )
