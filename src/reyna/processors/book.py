"""The runs of a user as records: found, requested and changed, each with what it tells in the same write."""

from collections.abc import Callable, Sequence
from datetime import UTC, date
from typing import Final

import msgspec

from reyna.bounds import Bounds
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, NotFound
from reyna.domain.event import Message
from reyna.domain.quota import Usage
from reyna.domain.run import DEAD_SUBJECTS, RUN_SUBJECTS, DeadLetter, Run
from reyna.ports import Add, Put, Step, Store, Unmet
from reyna.processors import lifecycle
from reyna.processors.neighbours import PASS, Signs
from reyna.processors.records import RUNS

TRIES: Final = 10  # a run has one worker and one user who change it; more losers in a row than this is no race


class Change(msgspec.Struct, frozen=True):
    """The next run, and what is written and told with it."""

    run: Run
    messages: tuple[Message, ...] = ()
    steps: tuple[Step, ...] = ()


class RunBook:
    def __init__(self, store: Store, signer: Signs, bounds: Bounds) -> None:
        self._store, self._signer, self._bounds = store, signer, bounds

    async def run(self, caller: Caller, id: str) -> Run:
        run = await self._store.get(RUNS, caller.user_id, id)
        if run is None:
            raise NotFound("There is no run of yours under this id.", id=id)
        return run

    async def request(self, caller: Caller, runs: Sequence[Run]) -> None:
        """All of these new runs or none of them. Raises Unmet when one of them is there already, TooMuch over quota."""
        messages = [message for run in runs for message in self.request_of(caller, run)]
        await self._store.write(*(Put(RUNS, run) for run in runs), self.counted(*runs), messages=messages)

    def counted(self, *runs: Run) -> Add:
        """The step by which these requests of one user count for their day (UTC)."""
        day = runs[0].requested_at.astimezone(UTC).date()
        return self._bounds.add(runs[0].user_id, "runs", len(runs), day=day.isoformat())

    async def usage(self, user_id: str, day: date) -> Usage:
        sums = await self._store.sums(user_id)
        return Usage(used={"runs": sums.get(f"runs:{day.isoformat()}", 0)}, allowed=self._bounds.allowed)

    def request_of(self, caller: Caller, run: Run) -> tuple[Message, Message]:
        """What tells the user that the run is requested, and what hands it to a worker, in this order."""
        acting = Caller(user_id=run.user_id, kind="processor", processor_id=run.processor_id, run_id=run.id)
        token = self._signer.sign(acting, int(PASS.total_seconds()))
        return (
            run.event("requested", caller).message(),
            Message(
                # The revision grows with every write, so that the bus does not take a retry for a repeat.
                id=f"{run.id}.{run.revision - 1}",
                subject=f"{RUN_SUBJECTS}.{run.processor_id}.{run.user_id}",
                body=msgspec.json.encode(lifecycle.work(run, token)),
            ),
        )

    async def change(self, caller: Caller, id: str, decide: Callable[[Run], Change | None]) -> Run:
        """The run as decided, or as it is when `decide` gives None; decided anew whenever someone was faster.

        Raises NotFound, and whatever `decide` raises.
        """
        for _ in range(TRIES):
            run = await self.run(caller, id)
            change = decide(run)
            if change is None:
                return run
            put = Put(RUNS, change.run, expects=run.revision)
            try:
                await self._store.write(put, *change.steps, messages=change.messages)
            except Unmet:
                continue
            return change.run
        raise Conflict("Too much happened to this run at once. Try again.", id=id)


def dead_message(letter: DeadLetter, revision: int) -> Message:
    """`revision` is the run's: the same run may be given up again after a replay."""
    return Message(
        id=f"{letter.id}.{revision}",
        subject=f"{DEAD_SUBJECTS}.{letter.processor_id}.{letter.user_id}",
        body=msgspec.json.encode(letter),
    )
