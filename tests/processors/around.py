"""The processor service in memory, with everything around it within reach of a test."""

from dataclasses import dataclass, field

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller, house
from reyna.domain.processor import NewProcessor
from reyna.domain.run import NewRuns, Run
from reyna.ports import Store
from reyna.processors.records import COLLECTIONS
from reyna.processors.service import Processors
from tests.processors.neighbours import (
    Clock,
    Notices,
    OpenSigner,
    SchemasStandIn,
    StateStandIn,
    TurnTakingStore,
    a_blob,
    handed_out,
    pass_of,
)

SETTINGS = {
    "type": "object",
    "properties": {"style": {"type": "string"}, "ratio": {"type": "number", "minimum": 3, "maximum": 5}},
    "additionalProperties": False,
}


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
    """The service and everything around it that a test may want to look at or turn."""

    store: Store = field(default_factory=lambda: TurnTakingStore(COLLECTIONS))
    state: StateStandIn = field(default_factory=StateStandIn)
    schemas: SchemasStandIn = field(default_factory=SchemasStandIn)
    notices: Notices = field(default_factory=Notices)
    clock: Clock = field(default_factory=Clock)
    allowed: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.verbs = Processors(
            self.store,
            self.state,
            self.schemas,
            OpenSigner(),
            self.notices,
            clock=self.clock,
            allowed=self.allowed,
        )

    async def registered(self, id: str = "text-expansion", **other: object) -> None:
        await self.verbs.register(house(), expansion(id, **other))

    async def requested(self, user: Caller, blob: Blob | None = None) -> Run:
        """A run of text expansion on this blob, or on one that is made for it."""
        blob = blob or self.state.keep(a_blob(user.user_id))
        new = NewRuns(processor_id="text-expansion", blob_ids=(blob.id,))
        return (await self.verbs.request_runs(user, new))[0]

    async def handed(self, run: Run) -> Caller:
        """The pass that the run's worker was handed last."""
        return [pass_of(work) for work in await handed_out(self.store) if work.run_id == run.id][-1]

    async def claimed(self, user: Caller, blob: Blob | None = None) -> tuple[Caller, Run]:
        run = await self.requested(user, blob)
        worker = await self.handed(run)
        return worker, await self.verbs.claim(worker, run.id, 1)
