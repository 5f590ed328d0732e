"""The stored runs of a user: read, created and updated, each with its messages in the same write."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound, Refusal
from reyna.domain.event import Message
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import RUN_SUBJECTS, DeadLetter, Run
from reyna.domain.quota import Usage
from reyna.ports.store import Increment, Put, RequirementNotMet, Step, Store
from reyna.services.processors.dispatch.queues import DispatchQueues
from reyna.services.processors.neighbours import RUN_TOKEN_LIFETIME, TokenSigner
from reyna.services.processors.records import DEAD_LETTERS, RUNS
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.latest_runs import LatestRuns
from reyna.services.processors.runs.progress_cache import ProgressCache
from reyna.services.processors.work.lease_watch import LeaseWatch
from reyna.storage.quota_limits import QuotaLimits

MAX_WRITE_ATTEMPTS: Final = 10  # one worker and one user change a run; more losses in a row are no race


class RunUpdate(msgspec.Struct, frozen=True):
    """The next state of a run, with the messages and further steps of the same write."""

    run: Run
    messages: tuple[Message, ...] = ()
    steps: tuple[Step, ...] = ()


class RunStore:
    """Reads and writes runs, counts them against the quota, and issues their tokens."""

    def __init__(
        self,
        store: Store,
        signer: TokenSigner,
        limits: QuotaLimits,
        progress: ProgressCache,
        queues: DispatchQueues,
        leases: LeaseWatch,
    ) -> None:
        self._store, self._signer, self._limits, self._progress = store, signer, limits, progress
        self._queues, self._leases, self._latest = queues, leases, LatestRuns()

    async def get(self, caller: Caller, id: str) -> Run:
        """Raises NotFound."""
        run = await self._store.get(RUNS, caller.user_id, id)
        if run is None:
            raise NotFound("There is no run of yours under this id.", id=id)
        return run

    def find_known(self, caller: Caller, id: str) -> Run | None:
        """Returns the run as this copy has written it last, if it has; another copy may have changed it since."""
        return self._latest.get(caller.user_id, id)

    def apply_limits(self, processor: Processor) -> None:
        """Applies the limits that the processor was registered with, before a run of it is reserved."""
        if processor.scope == "system" and not self._queues.knows_limits(processor.id):
            self._queues.set_limits(processor.id, processor)

    def reserve(self, run: Run) -> Run:
        """Returns a new run as it is to be written: handed out at once where there is room, else held."""
        return run if self._queues.reserve(run) else replace(run, held=True)

    async def create(
        self, caller: Caller, runs: Sequence[Run], *further: Step, messages: Sequence[Message] = ()
    ) -> None:
        """Writes all of these reserved runs or none of them, with further steps and messages.

        Raises RequirementNotMet when one of them is there already, TooMuch over quota.
        """
        messages = [*messages, *(message for run in runs for message in self.request_messages(caller, run))]
        steps = (*(Put(RUNS, run) for run in runs), self.quota_step(*runs), *further)
        try:
            await self._store.write(*steps, messages=messages)
        except BaseException:
            for run in runs:
                self._queues.remove(run.processor_id, run.user_id, run.id)
            raise
        for run in runs:
            self._record(run)

    async def create_refused(self, caller: Caller, run: Run) -> None:
        """Writes a new run that is refused; it does not count against the quota.

        Raises RequirementNotMet when it is there already.
        """
        await self._store.write(Put(RUNS, run), messages=[run.event("refused", caller).message()])

    async def update(self, caller: Caller, id: str, decide: Callable[[Run], RunUpdate | None]) -> Run:
        """Writes the update that `decide` returns, and decides again whenever another write came first.

        Returns the run after it, or as it is when `decide` returns None. Raises NotFound, Conflict after too many
        attempts, and whatever `decide` raises.
        """
        known = self._latest.get(caller.user_id, id)
        if known is not None and (updated := await self._update_known(known, decide)) is not None:
            return updated
        for _ in range(MAX_WRITE_ATTEMPTS):
            run = self._progress.with_progress(await self.get(caller, id))  # stored along with every update
            update = decide(run)
            if update is None:
                return run
            put = Put(RUNS, update.run, expects=run.revision)
            try:
                await self._store.write(put, *update.steps, messages=update.messages)
            except RequirementNotMet:
                continue
            self._record(update.run)
            return update.run
        raise Conflict("Too much happened to this run at once. Try again.", id=id)

    async def update_all(self, updates: Sequence[RunUpdate]) -> None:
        """Writes all of these updates or none. Raises RequirementNotMet when another write came first."""
        await self._store.write(
            *(Put(RUNS, update.run, expects=update.run.revision - 1) for update in updates),
            *(step for update in updates for step in update.steps),
            messages=[message for update in updates for message in update.messages],
        )
        for update in updates:
            self._record(update.run)

    async def _update_known(self, known: Run, decide: Callable[[Run], RunUpdate | None]) -> Run | None:
        """Updates the run as this copy knows it, which spares reading it; None when it is to be read.

        The write is on condition that nothing has changed. Only a decision to write is taken from what may be old.
        """
        try:
            update = decide(self._progress.with_progress(known))
            if update is None:
                return None
            put = Put(RUNS, update.run, expects=known.revision)
            await self._store.write(put, *update.steps, messages=update.messages)
        except (RequirementNotMet, Refusal):
            self._latest.remove(known)
            return None
        self._record(update.run)
        return update.run

    def _record(self, run: Run) -> None:
        self._latest.record(run)
        self._queues.record(run)
        self._leases.record(run)

    async def usage(self, user_id: str, day: date) -> Usage:
        sums = await self._store.sums(user_id)
        allowed = {what: limit for what, limit in self._limits.allowed.items() if what == "runs"}
        return Usage(used={"runs": sums.get(f"runs:{day.isoformat()}", 0)}, allowed=allowed)

    def quota_step(self, *runs: Run) -> Increment:
        """Returns the step that counts these requests of one user for their day (UTC)."""
        day = runs[0].requested_at.astimezone(UTC).date()
        return self._limits.increment(runs[0].user_id, "runs", len(runs), day=day.isoformat())

    def request_messages(self, caller: Caller, run: Run) -> tuple[Message, ...]:
        """Returns the event that the run is requested, and the message that hands it to a worker, if any, in this
        order."""
        requested = run.event("requested", caller).message()
        is_handed_out = is_handed_out_by_bus(run) and not run.held
        return (requested, self.work_message(run)) if is_handed_out else (requested,)

    def work_message(self, run: Run) -> Message:
        """Returns the message that hands the run to a worker."""
        return work_message(run, self._signer)

    def issue_token(self, run: Run) -> str:
        """Returns a new run token, with which a worker acts for the user in this run."""
        return issue_run_token(run, self._signer)


def work_message(run: Run, signer: TokenSigner) -> Message:
    """Returns the message that hands the run to a worker."""
    return Message(
        # The revision grows with every write, so that the bus does not take a retry for a duplicate.
        id=f"{run.id}.{run.revision - 1}",
        subject=f"{RUN_SUBJECTS}.{run.processor_id}.{run.user_id}",
        body=msgspec.json.encode(lifecycle.work_of(run, issue_run_token(run, signer))),
    )


def issue_run_token(run: Run, signer: TokenSigner) -> str:
    return signer.sign(run.worker, int(RUN_TOKEN_LIFETIME.total_seconds()))


def is_handed_out_by_bus(run: Run) -> bool:
    """Returns whether a worker receives this run from the stream RUNS, as for every processor of the system.

    Workers on the bus belong to the installation. A run of a user's own processor waits in the store, as `requested`,
    until a worker of that user claims it.
    """
    return run.processor_scope == "system"


def failed_update(caller: Caller, run: Run, reason: str, now: datetime) -> RunUpdate:
    """Returns the update for a run that has failed for good, with its dead letter."""
    letter = lifecycle.dead_letter_of(run, reason, now)
    return RunUpdate(
        run,
        messages=(run.event("failed", caller).message(), dead_letter_message(letter)),
        steps=(Put(DEAD_LETTERS, letter, expects=None),),
    )


def dead_letter_message(letter: DeadLetter) -> Message:
    return Message(id=letter.message_id, subject=letter.message_subject, body=msgspec.json.encode(letter))
