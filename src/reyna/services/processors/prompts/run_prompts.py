"""The prompts of runs: stored by their workers as they are sent, and shown to their user."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, TooLarge
from reyna.domain.processing.prompts.prompt import (
    MAX_ANSWER_CHARACTERS,
    MAX_PARTS,
    MAX_PROMPT_CHARACTERS,
    MAX_PROMPTS_PER_BATCH,
    MAX_PROMPTS_PER_RUN,
    MAX_RUN_CHARACTERS,
    KeptPrompts,
    NewPrompts,
    RunPrompt,
    RunPrompts,
    StoredPrompt,
    prompt_id,
)
from reyna.domain.processing.run import ENDED, Run
from reyna.domain.requests.page import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Put, Require, RequirementNotMet, Store
from reyna.services.processors.authorization import check_run_token
from reyna.services.processors.prompts.planned_prompts import PlannedPrompts
from reyna.services.processors.records import PROMPTS, RUNS
from reyna.services.processors.runs.run_store import RunStore

MAX_CLOCK_SKEW: Final = timedelta(hours=1)  # that the clock of a worker may be ahead
MAX_WRITE_ATTEMPTS: Final = 5  # two deliveries of the same prompts may meet
MAX_KEPT_CHARACTERS: Final = MAX_PROMPT_CHARACTERS + MAX_ANSWER_CHARACTERS
NOTHING_SENT_YET: Final = "This run has sent nothing to a language model so far."
NOTHING_SENT: Final = "This run sent nothing to a language model, or so long ago that it is not kept any more."
IS_FULL: Final = f"Only the first {MAX_PROMPTS_PER_RUN:,} prompts of a run are kept."
IS_LONG: Final = f"Only the first {MAX_RUN_CHARACTERS:,} characters of the prompts of a run are kept."


class Prompts:
    """The prompts of each run. A worker stores them with the token of its run; their user may read them."""

    def __init__(self, store: Store, runs: RunStore, planned: PlannedPrompts, clock: Callable[[], datetime]) -> None:
        self._store, self._runs, self._planned, self._clock = store, runs, planned, clock

    async def put(self, caller: Caller, run_id: str, new: NewPrompts) -> KeptPrompts:
        """Stores prompts that the run has sent, also when it has ended meanwhile: each number of an attempt once.

        One that was answered stays as it is. When the run has as many as are kept, those that fit are stored, and
        `is_full` says so; nothing is stored once the blob of the run was purged. Raises NotFound, Forbidden for all but
        the run's own token, and TooLarge for texts that are longer than is kept of one prompt.
        """
        check_run_token(caller, run_id)
        _check_sizes(new)
        given = {prompt_id(run_id, new.attempt_id, prompt.number): prompt for prompt in new.prompts}
        for _ in range(MAX_WRITE_ATTEMPTS):
            run = await self._runs.get(caller, run_id)
            if run.content_purged:
                return KeptPrompts(kept=0, is_full=True)
            known = await self._find_known(run, given)
            room = await self._room_of(run)
            puts = [put for id in given if (put := self._put_of(run, id, given[id], known.get(id), room))]
            try:
                if puts:
                    await self._store.write(Require(RUNS, run.user_id, run.id, {"revision": run.revision}), *puts)
            except RequirementNotMet:
                continue
            stored = {put.record.id for put in puts} | known.keys()
            return KeptPrompts(kept=len(stored), is_full=len(stored) < len(given))
        raise Fault("Too many prompts of this run were stored at once.")

    async def get(
        self, caller: Caller, run_id: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> RunPrompts:
        """Returns one page of the prompts that the run has sent, oldest first. Raises NotFound.

        Of a run that has not begun, a worker says what they will be, as far as that is known before the answers.
        """
        if caller.kind == "processor":
            check_run_token(caller, run_id)
        run = await self._runs.get(caller, run_id)
        found = await self._store.find(
            PROMPTS,
            run.user_id,
            {"run_id": run.id},
            order=("sent_at",),
            after=decode_cursor(cursor, datetime, str),
            limit=check_limit(limit) + 1,
        )
        if not found and cursor is None:
            return await self._planned.find(caller, run) if _has_not_begun(run) else _without_prompts(run)
        last = found[limit - 1] if len(found) > limit else None
        return RunPrompts(
            run_id=run.id,
            state="sent",
            items=tuple(stored.prompt for stored in found[:limit]),
            next_cursor=encode_cursor(last.sent_at, last.id) if last else None,
            complete=run.status in ENDED,
            detail=(await self._room_of(run)).detail,
        )

    async def _room_of(self, run: Run) -> "Room":
        rows = await self._store.select(PROMPTS, run.user_id, ("characters",), {"run_id": run.id})
        kept = sum(characters or 0 for (characters,) in rows)  # null: kept before they were counted
        return Room(MAX_PROMPTS_PER_RUN - len(rows), MAX_RUN_CHARACTERS - kept)

    async def _find_known(self, run: Run, given: Mapping[str, RunPrompt]) -> dict[str, StoredPrompt]:
        found = await self._store.find(PROMPTS, run.user_id, {"id": tuple(given)}) if given else []
        return {stored.id: stored for stored in found}

    def _put_of(self, run: Run, id: str, prompt: RunPrompt, before: StoredPrompt | None, room: "Room") -> Put | None:
        """Returns the write of a new prompt, or of one that has been answered since.

        None for one that is there, and for a new one without room. Where only the answer has no room, its text is left
        out.
        """
        if before is None:
            if not room.take(prompt.kept_characters):
                return None
            sent_at = _sent_before(self._clock(), prompt.sent_at)
            kept = replace(prompt, attempt=run.attempt, requested_at=run.requested_at, sent_at=sent_at)
            return Put(PROMPTS, _stored(id, run, kept, sent_at))
        if before.prompt.state != "sent" or prompt.state == "sent":
            return None
        known = before.prompt
        if not room.grow(prompt.kept_characters - known.kept_characters):
            prompt = replace(prompt, parts=known.parts, answer=None, error=None)
        ended = replace(prompt, attempt=known.attempt, requested_at=known.requested_at, sent_at=known.sent_at)
        after = replace(before, prompt=ended, characters=ended.kept_characters, revision=before.revision + 1)
        return Put(PROMPTS, after, expects=before.revision)


def _stored(id: str, run: Run, prompt: RunPrompt, sent_at: datetime) -> StoredPrompt:
    return StoredPrompt(
        id=id,
        user_id=run.user_id,
        run_id=run.id,
        prompt=prompt,
        sent_at=sent_at,
        characters=prompt.kept_characters,
    )


class Room:
    """The room that is left for the prompts of one run."""

    def __init__(self, prompts: int, characters: int) -> None:
        self._prompts, self._characters = prompts, characters

    @property
    def detail(self) -> str | None:
        """Returns what the user is told when there is none left."""
        if self._characters <= MAX_KEPT_CHARACTERS:
            return IS_LONG
        return IS_FULL if self._prompts <= 0 else None

    def take(self, characters: int) -> bool:
        """Takes the room of one more prompt with this length; returns False when there is none."""
        if self._prompts <= 0 or characters > self._characters:
            return False
        self._prompts -= 1
        self._characters -= characters
        return True

    def grow(self, characters: int) -> bool:
        """Takes the room by which a prompt grows; returns False when there is none."""
        if characters > max(self._characters, 0):
            return False
        self._characters -= characters
        return True


def _has_not_begun(run: Run) -> bool:
    return run.status == "requested" and run.started_at is None


def _without_prompts(run: Run) -> RunPrompts:
    if run.status in ENDED:
        return RunPrompts(run_id=run.id, state="sent", complete=True, detail=NOTHING_SENT)
    return RunPrompts(run_id=run.id, state="sent", detail=NOTHING_SENT_YET)


def _sent_before(now: datetime, sent_at: datetime | None) -> datetime:
    """Returns the time that the worker says, unless it has no time zone or is still to come: retention goes by it."""
    is_usable = sent_at is not None and sent_at.tzinfo is not None and sent_at <= now + MAX_CLOCK_SKEW
    return sent_at if sent_at is not None and is_usable else now


def _check_sizes(new: NewPrompts) -> None:
    if len(new.prompts) > MAX_PROMPTS_PER_BATCH:
        raise TooLarge(f"At most {MAX_PROMPTS_PER_BATCH:,} prompts are stored at once.")
    for prompt in new.prompts:
        if prompt.kept_characters > MAX_KEPT_CHARACTERS or len(prompt.parts) > MAX_PARTS:
            message = f"A prompt is kept with {MAX_KEPT_CHARACTERS:,} characters in {MAX_PARTS:,} parts at most."
            raise TooLarge(message, number=prompt.number)
