"""The processor service in memory, with everything around it that a test may look at or change."""

from dataclasses import dataclass, field

from msgspec.structs import asdict

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller, system_caller
from reyna.domain.processing.processor import NewProcessor, Processor
from reyna.domain.processing.run import NewRuns, Run
from reyna.ports.store import Store
from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.models.key_encryption import KeyEncryption
from reyna.services.processors.models.model_access import ModelAccess
from reyna.services.processors.records import COLLECTIONS
from reyna.services.processors.service import Processors
from reyna.services.processors.worker_health import WorkerHealth
from tests.services.processors.models.stand_in import ModelsStandIn
from tests.services.processors.neighbours import (
    Clock,
    ReadableSigner,
    RecordingBus,
    SchemasStandIn,
    StateStandIn,
    TurnTakingStore,
    a_blob,
    caller_of,
    list_work,
)

SETTINGS = {
    "type": "object",
    "properties": {"style": {"type": "string"}, "ratio": {"type": "number", "minimum": 3, "maximum": 5}},
    "additionalProperties": False,
}

KEY_SECRET = b"k" * 32


def expansion(id: str = "text-expansion", **other: object) -> NewProcessor:
    plain: dict[str, object] = {
        "version": "1.0.0",
        "name": "Text expansion",
        "input_schemas": ("text-input-v1",),
        "output_schema": "expanded-text-v1",
        "settings_schema": SETTINGS,
    }
    return NewProcessor(id=id, **plain | other)  # type: ignore[arg-type]


@dataclass
class Service:
    """The service, its neighbours, its clock and its quota."""

    store: Store = field(default_factory=lambda: TurnTakingStore(COLLECTIONS))
    state: StateStandIn = field(default_factory=StateStandIn)
    schemas: SchemasStandIn = field(default_factory=SchemasStandIn)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: Clock = field(default_factory=Clock)
    allowed: dict[str, int | None] = field(default_factory=dict)
    policy: DispatchPolicy = field(default_factory=lambda: DispatchPolicy(spare_runs=1_000))
    models: ModelsStandIn = field(default_factory=ModelsStandIn)

    def __post_init__(self) -> None:
        self.processors = self.new_copy()

    def new_copy(self) -> Processors:
        """Returns another copy of the service on the same store, which has recorded nothing yet."""
        return Processors(
            self.store,
            self.state,
            self.schemas,
            ReadableSigner(),
            self.bus,
            worker_health=WorkerHealth(self.clock, lambda: self.clock.elapsed),
            clock=self.clock,
            allowed=self.allowed,
            policy=self.policy,
            elapsed=lambda: self.clock.elapsed,
            models=ModelAccess(self.models, KeyEncryption(KEY_SECRET), trusted=("text-expansion",)),
        )

    async def register(self, id: str = "text-expansion", **other: object) -> None:
        await self.processors.registry.register(system_caller(), expansion(id, **other))

    async def register_own(self, user: Caller, id: str = "shouting", **other: object) -> Processor:
        """Registers a private processor of this user."""
        return await self.processors.registry.register(user, expansion(id, **other))

    async def request_run(self, user: Caller, blob: Blob | None = None) -> Run:
        """Requests text expansion of this blob, or of a new one."""
        blob = blob or self.state.keep(a_blob(user.user_id))
        new = NewRuns(processor_id="text-expansion", blob_ids=(blob.id,))
        return (await self.processors.runs.request(user, new))[0]

    async def worker_of(self, run: Run) -> Caller:
        """Returns the caller that the run's latest token stands for."""
        return [caller_of(work) for work in await list_work(self.store) if work.run_id == run.id][-1]

    async def claim_run(self, user: Caller, blob: Blob | None = None) -> tuple[Caller, Run]:
        run = await self.request_run(user, blob)
        worker = await self.worker_of(run)
        return worker, await self.claim(worker, run.id)

    async def claim(self, worker: Caller, run_id: str) -> Run:
        """Returns the claimed run as it is stored, without its blob."""
        claimed = await self.processors.execution.claim(worker, run_id)
        return Run(**{name: value for name, value in asdict(claimed).items() if name != "blob"})
