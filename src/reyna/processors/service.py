"""The verbs of the processor service: who can transform, where it is switched on, and every run there was."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from reyna.bounds import Bounds
from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden
from reyna.domain.page import DEFAULT_LIMIT, Page
from reyna.domain.processor import Beat, Health, Instance, InstanceChange, NewInstance, NewProcessor, Processor
from reyna.domain.quota import Usage
from reyna.domain.run import Cost, DeadLetter, NewRuns, Output, Run, Status
from reyna.ports import Store
from reyna.processors.book import RunBook
from reyna.processors.health import BEAT_SUBJECTS, Vitals
from reyna.processors.instances import Instances
from reyna.processors.neighbours import SchemaVerbs, Signs, StateVerbs, Tells
from reyna.processors.registry import Registry
from reyna.processors.requests import Requests
from reyna.processors.routing import Router
from reyna.processors.work import Workbench


def now() -> datetime:
    return datetime.now(UTC)


class Processors:
    """Every verb acts behind the wall of its caller's user, and raises NotFound for what lies beyond it.

    A processor that acts for a user may read; what it changes, it changes through its own run.
    """

    def __init__(
        self,
        store: Store,
        state: StateVerbs,
        schemas: SchemaVerbs,
        signer: Signs,
        bus: Tells,
        *,
        vitals: Vitals | None = None,
        clock: Callable[[], datetime] = now,
        allowed: Mapping[str, int | None] = {},
    ) -> None:
        """`allowed`: how many `runs` each user may request on one day (UTC)."""
        bounds = Bounds(store, allowed)
        store = bounds.over(store)
        self.vitals = vitals or Vitals()
        self._bus, self._clock = bus, clock
        self._book = RunBook(store, signer, bounds)
        self._registry = Registry(store, schemas, clock)
        self._instances = Instances(store, self._registry, state, clock)
        self._requests = Requests(store, self._book, self._registry, state, clock)
        self.router = Router(store, self._book, state, clock)
        self._workbench = Workbench(self._book, self._registry, state, clock)

    # --- processors ---

    async def register(self, caller: Caller, new: NewProcessor) -> Processor:
        """Registers a processor for all users, or updates it; saying the same again changes nothing.

        Raises Forbidden for a user, and Invalid, by field, for schemas that are not there.
        """
        registered = await self._registry.register(caller, new)
        self.router.switched.forget()
        return registered

    async def processors(
        self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[Processor]:
        return await self._registry.processors(limit, cursor)

    async def processor(self, caller: Caller, id: str) -> Processor:
        return await self._registry.processor(id)

    async def health(self, caller: Caller, id: str) -> Health:
        """How the processor does for all users together, as this copy of the service has heard."""
        await self._registry.processor(id)
        return self.vitals.health(id, self._clock())

    async def beat(self, caller: Caller, beat: Beat) -> None:
        """A worker is there; every copy of the service is told."""
        if caller.kind not in {"house", "processor"}:
            raise Forbidden("Only a processor's worker says that it is there.")
        self.hear_beat(beat)
        await self._bus.tell(f"{BEAT_SUBJECTS}.{beat.processor_id}", msgspec.json.encode(beat))

    def hear_beat(self, beat: Beat) -> None:
        self.vitals.hear_beat(beat, self._clock())

    # --- instances ---

    async def create_instance(self, caller: Caller, new: NewInstance) -> Instance:
        """Switches a processor on, everywhere or for one bucket's subtree.

        Raises AlreadyThere for the second one in the same place, Invalid, by path, for settings that do not fit.
        """
        _check_person(caller)
        created = await self._instances.create(caller, new)
        self.router.switched.forget(caller.user_id)
        return created

    async def instances(
        self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> Page[Instance]:
        return await self._instances.page(caller, limit, cursor)

    async def change_instance(self, caller: Caller, id: str, change: InstanceChange) -> Instance:
        _check_person(caller)
        changed = await self._instances.change(caller, id, change)
        self.router.switched.forget(caller.user_id)
        return changed

    async def drop_instance(self, caller: Caller, id: str) -> None:
        _check_person(caller)
        await self._instances.drop(caller, id)
        self.router.switched.forget(caller.user_id)

    # --- runs ---

    async def request_runs(self, caller: Caller, new: NewRuns) -> list[Run]:
        """Runs a processor now, on these blobs or on every blob in the bucket that it takes: all of them or none.

        Raises NotFound and Invalid by path, TooMuch above 1,000 runs or over the day's quota.
        """
        _check_person(caller)
        return await self._requests.request(caller, new)

    async def run(self, caller: Caller, id: str) -> Run:
        return await self._book.run(caller, id)

    async def runs(
        self,
        caller: Caller,
        *,
        status: Status | None = None,
        processor_id: str | None = None,
        blob_id: str | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Newest first."""
        return await self._requests.page(
            caller, status=status, processor_id=processor_id, blob_id=blob_id, limit=limit, cursor=cursor
        )

    async def cancel_run(self, caller: Caller, id: str) -> Run:
        """Raises Conflict when it has ended, or when what it made is being stored."""
        _check_person(caller)
        return await self._requests.cancel(caller, id)

    async def retry_run(self, caller: Caller, id: str) -> Run:
        """A failed, refused or cancelled run from the start, with the processor and the blob as they are now."""
        _check_person(caller)
        return await self._requests.retry(caller, id)

    async def usage(self, caller: Caller) -> Usage:
        """How many runs the user requested today (UTC), by hand and by what is switched on; asking again counts too."""
        return await self._book.usage(caller.user_id, self._clock().astimezone(UTC).date())

    # --- a worker's side; the caller is the run's own pass ---

    async def claim(self, caller: Caller, run_id: str, attempt: int) -> Run:
        """The run, now running. Raises Conflict when it has ended: there is nothing left to do then."""
        return await self._workbench.claim(caller, run_id, attempt)

    async def complete(
        self, caller: Caller, run_id: str, outputs: list[Output], cost: Cost, blob_revision: int | None = None
    ) -> Run:
        """Stores what the run made, under ids that follow from the run, so that doing it twice does it once.
        `blob_revision` is the revision of its blob that it worked on, if not the one it was requested for.

        Raises Conflict, with nothing stored, when the run has ended otherwise, Fault when it is worth another attempt,
        and NotFound, Invalid and TooLarge for outputs that cannot be stored.
        """
        return await self._workbench.complete(caller, run_id, outputs, cost, blob_revision)

    async def refuse(self, caller: Caller, run_id: str, reason: str) -> Run:
        """The processor will not do this, however often it is asked: final, and kept as a dead letter."""
        return await self._workbench.refuse(caller, run_id, reason)

    async def fail(self, caller: Caller, run_id: str, reason: str, final: bool) -> Run:
        """An attempt failed. Unless `final`, the run goes on; if it is, it is kept as a dead letter."""
        return await self._workbench.fail(caller, run_id, reason, final)

    # --- dead letters ---

    async def dead(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[DeadLetter]:
        return await self._requests.dead(caller, limit, cursor)

    async def replay_dead(self, caller: Caller, id: str, data: Any = None) -> Run:
        """Requests the run again; with `data`, the blob gets it as a new revision first."""
        _check_person(caller)
        return await self._requests.replay(caller, id, data)

    async def discard_dead(self, caller: Caller, id: str) -> None:
        """The run stays as it ended; only the letter goes."""
        _check_person(caller)
        await self._requests.discard(caller, id)


def _check_person(caller: Caller) -> None:
    if caller.kind == "processor":
        raise Forbidden("A processor may not do this for its user.")
